// Options of MONAI that the golden files do not hold, against plain code of its definitions.

import { describe, expect, it } from "vitest";
import type { GoldenCase } from "../src/cases.js";
import { compareCase } from "../src/compare.js";
import { monaiWasserstein } from "./monai-wasserstein.js";

/** One image of two channels, six voxels each. */
const LOGITS = [0.3, -1.2, 2.1, -0.4, 0.9, 1.7, -2.2, 0.6, -0.8, 1.1, 0.2, -1.5];
const SOFT = [0.2, 0.9, 1, 0, 0.4, 0.7, 0.1, 0, 0.3, 0, 0.5, 1];
const LABELS = [0, 1, 0, 1, 1, 0];
const ONE_HOT = [0, 1].flatMap((c) => LABELS.map((label) => Number(label === c)));
const VOXELS = 6;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const channel = (values: readonly number[], c: number) => values.slice(c * VOXELS, (c + 1) * VOXELS);
const softmax = (c: number, n: number) => sigmoid(LOGITS[c * VOXELS + n] - LOGITS[(1 - c) * VOXELS + n]);

const caseOf = (
  loss: string,
  params: GoldenCase["params"],
  targetKind: GoldenCase["targetKind"],
  targets: readonly number[],
  value: number,
): GoldenCase => ({
  loss: `monai.${loss}`,
  case: "plain code",
  shape: [1, 2, 2, 3],
  params: { include_background: true, to_onehot_y: false, reduction: "mean", ...params },
  inputKind: "logits",
  input: LOGITS,
  targetKind,
  targets,
  value,
  gradient: null,
  fd: "",
  stableValue: undefined,
  stableGradient: undefined,
  error: undefined,
});

const smoothing = { smooth_nr: 1e-5, smooth_dr: 1e-5, batch: false };
const overlap = { ...smoothing, squared_pred: false, jaccard: false, weight: null, soft_label: false };
const bySigmoid = { sigmoid: true, softmax: false };
const bySoftmax = { sigmoid: false, softmax: true };

/** Sums of a channel of soft targets: (|p| + |y| - |p - y|) / 2, and both masks. */
function softSums(c: number) {
  const [p, y] = [channel(LOGITS, c).map(sigmoid), channel(SOFT, c)];
  const total = sum(p) + sum(y);
  return { overlap: (total - sum(p.map((value, n) => Math.abs(value - y[n])))) / 2, total, labelled: sum(y) };
}

/** Dice loss of a channel of the softmax. */
function dice(c: number) {
  const p = LABELS.map((_, n) => softmax(c, n));
  const y = channel(ONE_HOT, c);
  return 1 - (2 * sum(p.map((value, n) => value * y[n])) + 1e-5) / (sum(p) + sum(y) + 1e-5);
}

const AGREES = { kind: "compared", within: true };

describe("MONAI", () => {
  it("Jaccard of soft labels smooths twice the numerator and denominator", () => {
    const [first, second] = [0, 1].map(softSums);
    const jaccard = ({ overlap: I, total }: typeof first) => 1 - (2 * I + 1e-5) / (2 * (total - I) + 1e-5);
    const params = { ...overlap, ...bySigmoid, jaccard: true, soft_label: true };
    const value = (jaccard(first) + jaccard(second)) / 2;
    const golden = caseOf("DiceLoss", params, "soft", SOFT, value);
    expect(compareCase(golden)).toMatchObject({ ...AGREES, single: "jaccard-metric" });
    expect(compareCase({ ...golden, value: value + 1e-8 })).toMatchObject({ within: false });
  });

  it.each([
    ["square", 2],
    ["simple", 1],
  ])("generalised Dice of soft labels, weights %s", (w_type, power) => {
    const classes = [0, 1].map(softSums).map((sums) => ({ ...sums, weight: 1 / sums.labelled ** power }));
    const above = 2 * sum(classes.map(({ weight, overlap: I }) => weight * I)) + 1e-5;
    const value = 1 - above / (sum(classes.map(({ weight, total }) => weight * total)) + 1e-5);
    const params = { ...smoothing, ...bySigmoid, w_type, soft_label: true };
    expect(compareCase(caseOf("GeneralizedDiceLoss", params, "soft", SOFT, value))).toMatchObject(AGREES);
  });

  it.each(["default", "GDL"])("generalised Wasserstein Dice of one image agrees, weights %s", (weighting_mode) => {
    const params = { weighting_mode, smooth_nr: 0.1, smooth_dr: 0.2 };
    const matrix = [
      [0, 2],
      [3, 0],
    ];
    const golden = caseOf("GeneralizedWassersteinDiceLoss", { ...params, dist_matrix: matrix }, "labels", LABELS, 0);
    const { include_background, to_onehot_y, ...own } = golden.params;
    const value = monaiWasserstein(golden, "broadcast");
    expect(value).toBe(monaiWasserstein(golden, "each image"));
    expect(compareCase({ ...golden, params: own, value })).toMatchObject(AGREES);
  });

  it("one number as the class weight is that of every class", () => {
    const golden = caseOf(
      "DiceLoss",
      { ...overlap, ...bySoftmax, weight: 3 },
      "onehot",
      ONE_HOT,
      (3 * (dice(0) + dice(1))) / 2,
    );
    expect(compareCase(golden)).toMatchObject(AGREES);
  });

  it.each([
    // torch.nn.CrossEntropyLoss: a weighted mean where the targets are labels, a sum over the voxels' number where they are probabilities.
    ["labels", LABELS, (weight: readonly number[]) => sum(LABELS.map((label) => weight[label]))],
    ["onehot", ONE_HOT, () => VOXELS],
  ] as const)("class weights of Dice and cross entropy with targets %s", (targetKind, targets, divisor) => {
    const weight = [0.4, 1.7];
    const entropies = LABELS.map((label, n) => -weight[label] * Math.log(softmax(label, n)));
    const value = (weight[0] * dice(0) + weight[1] * dice(1)) / 2 + sum(entropies) / divisor(weight);
    const { soft_label, ...region } = overlap;
    const params = { ...region, ...bySoftmax, weight, lambda_dice: 1, lambda_ce: 1, label_smoothing: 0 };
    expect(compareCase(caseOf("DiceCELoss", params, targetKind, targets, value))).toMatchObject(AGREES);
  });
});
