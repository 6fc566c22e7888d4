// Overlap scores of one class, from its counts.

import type { ConfusionCounts } from "./confusion-counts.js";

/** A score in [0, 1], or null where its denominator is 0: nothing was there to be scored, and the caller's policy decides. */
export type Score = number | null;

const ratio = (numerator: number, denominator: number): Score => (denominator === 0 ? null : numerator / denominator);

/** 2 TP / (2 TP + FP + FN), also called F1; null where the class is in neither map. */
export const diceScore = ({ truePositives, falsePositives, falseNegatives }: ConfusionCounts): Score =>
  ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);

/** TP / (TP + FP + FN), also called Jaccard index; null where the class is in neither map. */
export const iouScore = ({ truePositives, falsePositives, falseNegatives }: ConfusionCounts): Score =>
  ratio(truePositives, truePositives + falsePositives + falseNegatives);

/** TP / (TP + FN), also called recall; null where the class is not in the reference. */
export const sensitivity = ({ truePositives, falseNegatives }: ConfusionCounts): Score =>
  ratio(truePositives, truePositives + falseNegatives);

/** TP / (TP + FP), also called positive predictive value; null where the class was not predicted. */
export const precision = ({ truePositives, falsePositives }: ConfusionCounts): Score =>
  ratio(truePositives, truePositives + falsePositives);
