// Golden values of MONAI, smp, nnU-Net and SegLoss; and what is said of the cases that are not compared, checked against plain code.

import { describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { type GoldenCase, readGoldenFile } from "../src/cases.js";
import { type Backend, compareCase } from "../src/compare.js";
import { DISAGREEMENTS } from "../src/disagreements.js";
import { peerLossCall } from "../src/loss-call.js";
import { PEERS } from "../src/peers/index.js";
import { runGoldenFile } from "../src/run.js";
import { monaiWasserstein } from "./monai-wasserstein.js";

const peers = sharedPath("golden/peers.json");
const cases = peers ? readGoldenFile(peers).cases : [];
const casesOf = (loss: string) => cases.filter((golden) => golden.loss === loss);

/** Fewest cases compared of each library; more are welcome, fewer are not. */
const FEWEST: Readonly<Record<string, number>> = { monai: 120, smp: 81, nnunet: 43, segloss: 116 };

describe.skipIf(!peers)("golden values of other libraries", () => {
  it.each<Backend>(["reference", "wasm"])("are met within the bounds: %s", (backend) => {
    const summary = runGoldenFile(readGoldenFile(peers as string), backend);
    expect(summary.failures).toEqual([]);
    expect(summary.libraries.map(({ library }) => library).sort()).toEqual(Object.keys(FEWEST).sort());
    for (const { library, cases, compared, within, disagreements, rules } of summary.libraries) {
      expect(compared, library).toBeGreaterThanOrEqual(FEWEST[library]);
      expect(within, library).toBe(compared);
      expect(compared + disagreements + rules, library).toBe(cases);
    }
    // Every loss and every formula of theirs has kernels.
    expect(summary.byReference).toBe(0);
  });

  it("have a case for each documented disagreement", () => {
    const { disagreements } = runGoldenFile(readGoldenFile(peers as string));
    expect(disagreements.map(({ source, when }) => [when, source]).sort()).toEqual(
      DISAGREEMENTS.map(({ source, when }) => [when, source]).sort(),
    );
  });
});

const oursOn = (golden: GoldenCase) => {
  const { loss, input, target, options } = peerLossCall(PEERS[golden.loss], golden);
  return loss.value(input, target, options);
};

describe.skipIf(!peers)("documented disagreements with MONAI are what they are said to be", () => {
  it("generalised Wasserstein Dice: the plain code is ours, and theirs with weights broadcast over the batch", () => {
    const compared = casesOf("monai.GeneralizedWassersteinDiceLoss").filter(({ error }) => error === undefined);
    expect(compared.length).toBeGreaterThan(3);
    for (const golden of compared) {
      expect(monaiWasserstein(golden, "broadcast"), golden.case).toBeCloseTo(golden.value as number, 12);
      expect(monaiWasserstein(golden, "each image"), golden.case).toBeCloseTo(oursOn(golden), 12);
    }
  });

  it("softmax focal loss without background: theirs is ours on logits that never had the channel", () => {
    const [golden] = casesOf("monai.FocalLoss").filter(
      ({ params }) => params.use_softmax && !params.include_background,
    );
    const [images, channels, ...space] = golden.shape;
    const voxels = space.reduce((product, extent) => product * extent, 1);
    const kept = (_: number, i: number) => Math.floor(i / voxels) % channels > 0;
    const sliced: GoldenCase = {
      ...golden,
      shape: [images, channels - 1, ...space],
      params: { ...golden.params, include_background: true },
      input: golden.input.filter(kept),
      targets: golden.targets.filter(kept),
      gradient: null,
    };
    expect(compareCase(sliced)).toMatchObject({ kind: "compared", within: true });
    expect(compareCase(golden)).toMatchObject({ kind: "disagreement", agrees: false });
  });

  it("Dice and focal with softmax: theirs is the softmax Dice plus a focal loss of sigmoids", () => {
    const [golden] = casesOf("monai.DiceFocalLoss").filter(({ params }) => params.softmax && params.include_background);
    const {
      lambda_dice: diceWeight,
      lambda_focal: focalWeight,
      gamma,
      alpha,
      to_onehot_y,
      include_background,
      weight,
      reduction,
      ...dice
    } = golden.params;
    const shared = { to_onehot_y, include_background, weight, reduction };
    const parts = [
      { loss: "monai.DiceLoss", factor: diceWeight, params: { ...dice, ...shared } },
      { loss: "monai.FocalLoss", factor: focalWeight, params: { gamma, alpha, ...shared, use_softmax: false } },
    ];
    const sum = parts.reduce(
      (s, { loss, factor, params }) => s + (factor as number) * oursOn({ ...golden, loss, params }),
      0,
    );
    expect(sum).toBeCloseTo(golden.value as number, 12);
    expect(compareCase(golden)).toMatchObject({ kind: "disagreement", agrees: false });
  });
});

describe("a case of another library", () => {
  // Two voxels of probability 1/2, one of them foreground: Tversky index (1/2 + s) / (1/2 + 0.3/2 + 0.7/2 + s).
  const tversky: GoldenCase = {
    loss: "monai.TverskyLoss",
    case: "half",
    shape: [1, 1, 1, 2],
    params: {
      include_background: true,
      to_onehot_y: false,
      sigmoid: true,
      softmax: false,
      alpha: 0.3,
      beta: 0.7,
      reduction: "mean",
      smooth_nr: 0.5,
      smooth_dr: 1,
      batch: false,
      soft_label: false,
    },
    inputKind: "logits",
    input: [0, 0],
    targetKind: "binary",
    targets: [1, 0],
    value: 0.5,
    gradient: null,
    fd: "ok",
    stableValue: undefined,
    stableGradient: undefined,
    error: undefined,
  };

  it("is compared through its mapping, and says what it is with us", () => {
    expect(compareCase(tversky)).toMatchObject({ within: true, ours: "tversky (monai)", single: "tversky" });
    expect(compareCase({ ...tversky, value: 0.5 + 2e-9 })).toMatchObject({ kind: "compared", within: false });
  });

  it("fails where a parameter is not read, of the wrong kind, or the class is not mapped", () => {
    const withParams = (params: GoldenCase["params"]) => compareCase({ ...tversky, params });
    expect(withParams({ ...tversky.params, extra: 1 })).toMatchObject({
      kind: "failed",
      reason: "ours threw parameters extra of monai.TverskyLoss are not mapped",
    });
    expect(withParams({ ...tversky.params, alpha: "0.3" })).toMatchObject({ kind: "failed" });
    expect(compareCase({ ...tversky, loss: "monai.NobodyLoss" })).toMatchObject({ kind: "failed" });
  });

  it("is a disagreement by what it is, not by its name, and ours must be finite", () => {
    const focal: GoldenCase = {
      ...tversky,
      loss: "monai.FocalLoss",
      shape: [1, 2, 1, 1],
      params: {
        include_background: false,
        to_onehot_y: false,
        gamma: 2,
        alpha: null,
        weight: null,
        reduction: "mean",
        use_softmax: true,
      },
      targetKind: "onehot",
      value: 123,
    };
    expect(compareCase(focal)).toMatchObject({ kind: "disagreement", agrees: false });
    // Of one channel left over, the softmax is 1: theirs is 0 whatever the logit.
    expect(compareCase({ ...focal, value: Number.NaN })).toMatchObject({ kind: "rule", rule: "no number" });
    expect(compareCase({ ...focal, input: [0, Number.NaN] })).toMatchObject({ kind: "disagreement", agrees: false });
    expect(compareCase({ ...focal, params: { ...focal.params, extra: 1 } })).toMatchObject({ kind: "failed" });
  });
});
