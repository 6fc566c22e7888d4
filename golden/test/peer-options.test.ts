// Options of other libraries that the golden files do not hold, against plain code of their definitions.

import { boundary } from "losskit";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { type GoldenCase, readGoldenFile } from "../src/cases.js";
import { compareCase } from "../src/compare.js";

const LOGITS = [0.3, -1.2, 2.1, -0.4, 0.9, 1.7, -2.2, 0.6, -0.8, 1.1, 0.2, -1.5];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** A case whose value plain code gives; without a gradient. */
const caseOf = (
  loss: string,
  params: GoldenCase["params"],
  given: Pick<GoldenCase, "shape" | "targetKind" | "targets"> & { readonly value: number | readonly number[] },
): GoldenCase => ({
  loss,
  case: "plain code",
  params,
  inputKind: "logits",
  input: LOGITS,
  gradient: null,
  fd: "",
  stableValue: undefined,
  stableGradient: undefined,
  error: undefined,
  ...given,
});

const AGREES = { kind: "compared", within: true };

describe("segmentation_models.pytorch", () => {
  const score = {
    classes: null,
    log_loss: false,
    from_logits: true,
    ignore_index: null,
    eps: 1e-7,
    class_weights: null,
  };

  it.each([
    ["DiceLoss", 0.5, 0.5, {}],
    ["JaccardLoss", 1, 1, {}],
    ["TverskyLoss", 0.3, 0.7, { alpha: 0.3, beta: 0.7, gamma: 1 }],
  ])("%s takes min(p, y) of soft targets, and 0 for an absent class", (name, alpha, beta, own) => {
    const targets = [0.2, 0.9, 1, 0, 0.4, 0.7, 0, 0, 0, 0, 0, 0];
    const overlap = sum(targets.map((y, i) => Math.min(sigmoid(LOGITS[i]), y)).slice(0, 6));
    const marked = sum(LOGITS.slice(0, 6).map(sigmoid));
    const tversky = (overlap + 0.1) / (overlap + alpha * (marked - overlap) + beta * (sum(targets) - overlap) + 0.1);
    const value = (1 - tversky + 0) / 2;
    const golden = { shape: [1, 2, 2, 3], targetKind: "soft", targets, value } as const;
    const params = { ...score, ...own, mode: "multilabel", smooth: 0.1 };
    expect(compareCase(caseOf(`smp.${name}`, params, golden))).toMatchObject(AGREES);
  });

  it.each(["mean", "sum"])("FocalLoss joins balance, threshold and normalisation, reduction %s", (reduction) => {
    const targets = [1, 0, 1, 1, 0, 255, 0, 1, 0, 255, 1, 0];
    const valid = targets.flatMap((y, i) =>
      y === 255 ? [] : [{ y, right: sigmoid(y === 1 ? LOGITS[i] : -LOGITS[i]) }],
    );
    const factors = valid.map(({ right }) => (right < 0.6 ? 1 : ((1 - right) / 0.6) ** 1.5));
    const errors = valid.map(({ y, right }, i) => factors[i] * -Math.log(right) * (y === 1 ? 0.3 : 0.7));
    const value = sum(errors) / sum(factors) / (reduction === "mean" ? valid.length : 1);
    const params = {
      mode: "binary",
      alpha: 0.3,
      gamma: 1.5,
      ignore_index: 255,
      from_logits: true,
      eps: 1e-7,
      reduction,
      normalized: true,
      reduced_threshold: 0.6,
      class_weights: null,
    };
    const golden = { shape: [1, 1, 3, 4], targetKind: "binary", targets, value } as const;
    expect(compareCase(caseOf("smp.FocalLoss", params, golden))).toMatchObject(AGREES);
  });

  it("SoftBCEWithLogitsLoss counts ignored voxels in the mean, which channels have in different number", () => {
    const targets = [1, 0, 255, 255, 255, 1, 0, 1, 1, 0, 255, 0];
    const errors = targets.map((y, i) => {
      if (y === 255) return 0;
      const t = 0.9 * y + 0.05;
      return -(3 * t * Math.log(sigmoid(LOGITS[i])) + (1 - t) * Math.log(sigmoid(-LOGITS[i])));
    });
    const params = { weight: null, ignore_index: 255, smooth_factor: 0.05, pos_weight: [3] };
    const golden = { shape: [1, 2, 2, 3], targetKind: "binary", targets } as const;
    for (const [reduction, value] of [
      ["mean", sum(errors) / 12],
      ["sum", sum(errors)],
      ["none", errors],
    ] as const) {
      const given = { ...golden, value };
      const outcome = compareCase(caseOf("smp.SoftBCEWithLogitsLoss", { ...params, reduction }, given));
      expect(outcome, reduction).toMatchObject(AGREES);
    }
  });

  it("TverskyLoss takes the weighted mean over classes before the power", () => {
    const targets = [1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1];
    const [first, second] = [0, 6].map((start) => {
      const pairs = LOGITS.slice(start, start + 6).map((x, i) => [sigmoid(x), targets[start + i]]);
      const hit = sum(pairs.map(([p, y]) => p * y));
      const false_ = 0.3 * sum(pairs.map(([p, y]) => p * (1 - y))) + 0.7 * sum(pairs.map(([p, y]) => (1 - p) * y));
      return 1 - (hit + 0.5) / (hit + false_ + 0.5);
    });
    const value = ((3 * first + second) / 4) ** 1.25;
    const params = {
      ...score,
      mode: "multilabel",
      smooth: 0.5,
      class_weights: [3, 1],
      alpha: 0.3,
      beta: 0.7,
      gamma: 1.25,
    };
    const golden = { shape: [1, 2, 2, 3], targetKind: "binary", targets, value } as const;
    expect(compareCase(caseOf("smp.TverskyLoss", params, golden))).toMatchObject(AGREES);
  });
});

/** Cross entropy of each voxel of one image of 3 channels and 4 voxels; 0 where the label is 9. */
const crossEntropies = (labels: readonly number[]) =>
  labels.map((label, v) => {
    const logits = [0, 1, 2].map((c) => LOGITS[4 * c + v]);
    return label === 9 ? 0 : Math.log(sum(logits.map(Math.exp))) - logits[label];
  });

describe("nnU-Net and SegLossOdyssey", () => {
  const shape = [1, 3, 2, 2];

  it.each([
    ["fewer voxels than are left", 50, 2],
    ["more voxels than are left", 100, 4],
  ])("TopK counts ignored voxels, where it keeps %s", (_, k, kept) => {
    const targets = [0, 9, 2, 1];
    const errors = crossEntropies(targets).sort((a, b) => b - a);
    const value = sum(errors.slice(0, kept)) / kept;
    const golden = { shape, targetKind: "labels", targets, value } as const;
    const params = { weight: null, ignore_index: 9, k };
    expect(compareCase(caseOf("segloss.TopKLoss", params, golden))).toMatchObject(AGREES);
    expect(compareCase(caseOf("nnunet.TopKLoss", { ...params, label_smoothing: 0 }, golden))).toMatchObject(AGREES);
  });

  it("a keyword argument of a class within that nobody has read is an error", () => {
    const golden = { shape, targetKind: "labels", targets: [0, 1, 2, 1], value: 0 } as const;
    const params = { soft_dice_kwargs: { smooth: 1 }, ce_kwargs: { reduction: "sum" } };
    expect(compareCase(caseOf("segloss.DC_and_CE_loss", params, golden))).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("reduction in ce_kwargs"),
    });
  });

  it("the power of FocalTversky_loss comes after the mean, and square is of each voxel", () => {
    const targets = [0, 1, 2, 1];
    const losses = [0, 1, 2].map((c) => {
      const pairs = targets.map((label, v) => {
        const exponentials = [0, 1, 2].map((other) => Math.exp(LOGITS[4 * other + v]));
        return [exponentials[c] / sum(exponentials), label === c ? 1 : 0];
      });
      const hit = sum(pairs.map(([p, y]) => (p * y) ** 2));
      const marked = sum(pairs.map(([p, y]) => (p * (1 - y)) ** 2));
      const missed = sum(pairs.map(([p, y]) => ((1 - p) * y) ** 2));
      return 1 - (hit + 1) / (hit + 0.3 * marked + 0.7 * missed + 1);
    });
    const value = (sum(losses) / 3) ** 0.75;
    const params = { tversky_kwargs: { apply_nonlin: "softmax", square: true }, gamma: 0.75 };
    const golden = { shape, targetKind: "labels", targets, value } as const;
    expect(compareCase(caseOf("segloss.FocalTversky_loss", params, golden))).toMatchObject(AGREES);
  });
});

const peers = sharedPath("golden/peers.json");

describe.skipIf(!peers)("our boundary loss", () => {
  const cases = peers ? readGoldenFile(peers).cases.filter(({ loss }) => loss === "segloss.BDLoss") : [];

  it("makes the distance map itself that SegLossOdyssey's takes as an argument", () => {
    expect(cases.length).toBeGreaterThan(0);
    for (const { shape, input, targets, value, gradient } of cases) {
      const options = { shape, backend: "reference" } as const;
      const ours = boundary().valueAndGradient(Float64Array.from(input), Int32Array.from(targets), options);
      expect(ours.value).toBeCloseTo(value as number, 9);
      ours.gradient.forEach((slope, i) => {
        expect(slope).toBeCloseTo((gradient as number[])[i], 11);
      });
    }
  });
});
