// The evaluation in the form of nnU-Net's summary.json, under its keys, for tools that read that.

import type { EmptyPolicy } from "losskit/metrics";
import type { MeasuredCase } from "./results.js";
import type { Structure } from "./structures.js";
import { countedValue, meanOf, scoresOf } from "./summary.js";

type Scores = Record<string, number | null>;

/**
 * `foreground_mean`, `mean` and `metric_per_case` with Dice, IoU, TP, FP, FN, TN, n_pred and n_ref. A label's key is its number; a region's is
 * Python's tuple, "(1, 2)". Where nnU-Net writes NaN, which is no JSON, this is null; its foreground mean over labels is then null
 * too, as it does not leave labels out.
 */
export function nnunetSummary(cases: readonly MeasuredCase[], structures: readonly Structure[], policy: EmptyPolicy) {
  const perCase = cases.map((one) => ({
    metrics: Object.fromEntries(structures.map((structure) => [keyOf(structure), caseScores(one, structure, policy)])),
    prediction_file: one.prediction,
    reference_file: one.reference,
  }));
  const names = ["Dice", "FN", "FP", "IoU", "TN", "TP", "n_pred", "n_ref"];
  const mean = Object.fromEntries(
    structures.map((structure): [string, Scores] => {
      const own: readonly Scores[] = perCase.map(({ metrics }) => metrics[keyOf(structure)]!);
      return [
        keyOf(structure),
        Object.fromEntries(names.map((name) => [name, meanOf(own.flatMap((m) => m[name] ?? []))])),
      ];
    }),
  );
  const foreground = names.map((name): [string, number | null] => {
    const means = Object.values(mean).map((scores) => scores[name] ?? null);
    return [name, means.some((value) => value === null) ? null : meanOf(means as number[])];
  });
  return { foreground_mean: Object.fromEntries(foreground) as Scores, mean, metric_per_case: perCase };
}

const keyOf = ({ labels }: Structure): string => (labels.length === 1 ? String(labels[0]) : `(${labels.join(", ")})`);

function caseScores(one: MeasuredCase, structure: Structure, policy: EmptyPolicy): Scores {
  const scores = scoresOf(one, structure);
  const { truePositives: TP, falsePositives: FP, falseNegatives: FN, trueNegatives: TN } = scores;
  return {
    Dice: countedValue(one, scores, "dice", policy),
    FN,
    FP,
    IoU: countedValue(one, scores, "iou", policy),
    TN,
    TP,
    n_pred: TP + FP,
    n_ref: TP + FN,
  };
}
