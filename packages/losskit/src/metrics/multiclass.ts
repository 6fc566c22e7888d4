// Scores of all classes together: means that leave out absent classes, accuracy, weighted IoU, kappa, the generalised Dice score.

import { LosskitError, nearest } from "../errors.js";
import { type ConfusionCounts, countsOfMatrix } from "./confusion-counts.js";
import type { ConfusionMatrix } from "./confusion-matrix.js";
import { iouScore, ratio, type Score } from "./overlap.js";

export interface ClassMean {
  /** Mean of the classes that have the score; null where none has. */
  readonly mean: Score;
  /** How many classes the mean is of. */
  readonly classes: number;
}

/**
 * Mean of a score over the classes that have it: a class whose score is null, as Dice is where a class is in neither map, is left out.
 *
 * `meanOverClasses(counts, iouScore)` is mean IoU, `meanOverClasses(counts, sensitivity)` mean accuracy;
 * `meanOverClasses(counts.slice(1), diceScore)` leaves out the background.
 */
export function meanOverClasses(
  counts: readonly ConfusionCounts[],
  score: (counts: ConfusionCounts) => Score,
): ClassMean {
  let sum = 0;
  let classes = 0;
  for (const one of counts) {
    const value = score(one);
    if (value === null) continue;
    sum += value;
    classes++;
  }
  return { mean: ratio(sum, classes), classes };
}

/** Voxels with the right label over all voxels, in [0, 1]; null where no voxel counts. */
export function pixelAccuracy({ classes, cells }: ConfusionMatrix): Score {
  let right = 0;
  for (let label = 0; label < classes; label++) right += cells[label * (classes + 1)];
  return ratio(right, sumOf(cells));
}

/** Mean IoU of the classes weighted by their voxels in the reference, in [0, 1]; null where no voxel counts. */
export function frequencyWeightedIou(matrix: ConfusionMatrix): Score {
  let sum = 0;
  for (const counts of countsOfMatrix(matrix)) {
    // A class that is not in the reference has weight 0, with a score or without.
    sum += (counts.truePositives + counts.falseNegatives) * (iouScore(counts) ?? 0);
  }
  return ratio(sum, sumOf(matrix.cells));
}

/**
 * Cohen's kappa (1960) of label maps, (po - pe) / (1 - pe), in [-1, 1]: po is the pixel accuracy, pe what it would be by chance, Σ of
 * the products of a label's shares in both maps. Null where no voxel counts, or all have one label in both maps.
 *
 * Written as 1 - n × wrong / Σ row × (n - column), which is the same and loses no digits where agreement is almost perfect.
 */
export function multiclassKappa(matrix: ConfusionMatrix): Score {
  const { classes, cells } = matrix;
  const rows = new Float64Array(classes);
  const columns = new Float64Array(classes);
  let wrong = 0;
  for (let r = 0, at = 0; r < classes; r++) {
    for (let p = 0; p < classes; p++, at++) {
      rows[r] += cells[at];
      columns[p] += cells[at];
      if (r !== p) wrong += cells[at];
    }
  }
  const voxels = sumOf(cells);
  // n² - Σ row × column is Σ row × (n - column), in which nothing large cancels.
  let wrongByChance = 0;
  for (let label = 0; label < classes; label++) wrongByChance += rows[label] * (voxels - columns[label]);
  return wrongByChance === 0 ? null : 1 - (voxels * wrong) / wrongByChance;
}

/** How a class weighs in the generalised Dice score, by its volume v in the reference: 1 / v², 1 / v or 1. */
export type GeneralisedWeights = "square" | "simple" | "uniform";
const WEIGHTS: Readonly<Record<GeneralisedWeights, (volume: number) => number>> = {
  square: (volume) => 1 / (volume * volume),
  simple: (volume) => 1 / volume,
  uniform: () => 1,
};

/**
 * Generalised Dice score in [0, 1]: 2 Σ w TP / Σ w (reference + prediction) over the classes (Crum, Camara and Hill, IEEE TMI 2006; with
 * weights 1 / v², Sudre et al., DLMIA 2017), as MONAI's GeneralizedDiceScore counts it: a class that is not in the reference, whose
 * weight would be infinite, gets the largest weight of those that are.
 *
 * Null where no class is in the reference or the prediction (MONAI gives 1 there); 0 where only the prediction has any.
 *
 * @param counts one entry per class; leave out the background with `counts.slice(1)`
 * @param options `weights`: "square" where absent
 * @throws LosskitError OPTION for an unknown kind of weights
 */
export function generalisedDiceScore(
  counts: readonly ConfusionCounts[],
  { weights = "square" }: { readonly weights?: GeneralisedWeights } = {},
): Score {
  if (!Object.hasOwn(WEIGHTS, weights)) {
    const names = Object.keys(WEIGHTS);
    const guess = nearest(String(weights), names);
    throw new LosskitError(
      "OPTION",
      `weights is ${JSON.stringify(weights)}; it is one of ${names.join(", ")}${guess ? `; did you mean ${guess}?` : ""}`,
    );
  }
  const present = counts.filter(({ truePositives, falseNegatives }) => truePositives + falseNegatives > 0);
  if (present.length === 0) return counts.some(({ falsePositives }) => falsePositives > 0) ? 0 : null;
  const weightOf = (one: ConfusionCounts) => WEIGHTS[weights](one.truePositives + one.falseNegatives);
  const largest = present.reduce((weight, one) => Math.max(weight, weightOf(one)), 0);
  let numerator = 0;
  let denominator = 0;
  for (const one of counts) {
    const { truePositives, falsePositives, falseNegatives } = one;
    const weight = truePositives + falseNegatives > 0 ? weightOf(one) : largest;
    numerator += weight * 2 * truePositives;
    denominator += weight * (2 * truePositives + falsePositives + falseNegatives);
  }
  return ratio(numerator, denominator);
}

const sumOf = (cells: Float64Array) => cells.reduce((sum, cell) => sum + cell, 0);
