// What each threshold on the probability of the foreground gives: counts, precision-recall curve, average precision, best threshold.

import { LosskitError } from "../errors.js";
import { descendingOrder } from "../routines/descending-order.js";
import type { ConfusionCounts } from "./confusion-counts.js";
import { type ForegroundOptions, foregroundProbabilities } from "./foreground-probabilities.js";
import { diceScore, ratio, type Score } from "./overlap.js";

/** Counts at every threshold that changes them. A voxel is predicted as foreground where its probability is at least the threshold. */
export interface ThresholdSweep {
  /** The different probabilities, falling. */
  readonly thresholds: Float64Array;
  /** At each threshold. */
  readonly truePositives: Float64Array;
  readonly falsePositives: Float64Array;
  /** Foreground voxels of the reference, at any threshold. */
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Counts at every threshold, from one sort of the probabilities in linear time. Of 16 million float32 probabilities there may be as many
 * thresholds: `countsAtThresholds` takes a few only, and less memory.
 *
 * @param reference label of each voxel
 * @param probabilities probability of the foreground of each voxel, in the same order
 * @throws LosskitError OPTION, ARRAY, LABEL or PROBABILITY_RANGE
 */
export function thresholdSweep(
  reference: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: ForegroundOptions = {},
): ThresholdSweep {
  const counted = foregroundProbabilities(reference, probabilities, options);
  const order = descendingOrder(counted.probabilities);
  const thresholds = new Float64Array(order.length);
  const truePositives = new Float64Array(order.length);
  const falsePositives = new Float64Array(order.length);
  let [last, positives] = [-1, 0];
  for (let i = 0; i < order.length; i++) {
    const probability = counted.probabilities[order[i]];
    if (last < 0 || probability !== thresholds[last]) thresholds[++last] = probability;
    positives += counted.foreground[order[i]];
    // The last voxel of a probability leaves what counts at that threshold.
    truePositives[last] = positives;
    falsePositives[last] = i + 1 - positives;
  }
  return {
    thresholds: thresholds.slice(0, last + 1),
    truePositives: truePositives.slice(0, last + 1),
    falsePositives: falsePositives.slice(0, last + 1),
    positives,
    negatives: order.length - positives,
  };
}

/** The four counts of one threshold of a sweep, by its place. */
export function countsOfSweep(
  { truePositives, falsePositives, positives, negatives }: ThresholdSweep,
  at: number,
): ConfusionCounts {
  return {
    truePositives: truePositives[at],
    falsePositives: falsePositives[at],
    falseNegatives: positives - truePositives[at],
    trueNegatives: negatives - falsePositives[at],
  };
}

/**
 * Counts at given thresholds, in one pass: entry k belongs to thresholds[k]. A voxel is predicted as foreground where its probability is
 * at least the threshold.
 *
 * @param thresholds in any order
 * @throws LosskitError as `thresholdSweep`; OPTION for a threshold that is not a finite number
 */
export function countsAtThresholds(
  reference: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  thresholds: readonly number[],
  options: ForegroundOptions = {},
): ConfusionCounts[] {
  for (const threshold of thresholds) {
    if (Number.isFinite(threshold)) continue;
    throw new LosskitError("OPTION", `a threshold is ${threshold}; thresholds are probabilities, such as 0.5`);
  }
  const counted = foregroundProbabilities(reference, probabilities, options);
  const rising = Float64Array.from(new Set(thresholds)).sort();
  /** Voxels by the number of thresholds that they reach. */
  const foreground = new Float64Array(rising.length + 1);
  const background = new Float64Array(rising.length + 1);
  for (let i = 0; i < counted.probabilities.length; i++) {
    const reached = countUpTo(rising, counted.probabilities[i]);
    if (counted.foreground[i]) foreground[reached]++;
    else background[reached]++;
  }
  const positives = foreground.reduce((sum, count) => sum + count, 0);
  const negatives = background.reduce((sum, count) => sum + count, 0);
  const byThreshold = new Map<number, ConfusionCounts>();
  let [truePositives, falsePositives] = [0, 0];
  for (let k = rising.length - 1; k >= 0; k--) {
    truePositives += foreground[k + 1];
    falsePositives += background[k + 1];
    byThreshold.set(rising[k], {
      truePositives,
      falsePositives,
      falseNegatives: positives - truePositives,
      trueNegatives: negatives - falsePositives,
    });
  }
  return thresholds.map((threshold) => byThreshold.get(threshold) as ConfusionCounts);
}

/** How many of rising numbers are at most a value. */
function countUpTo(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Precision and recall at falling thresholds: recall never falls. */
export interface PrecisionRecallCurve {
  readonly thresholds: Float64Array;
  readonly precision: Float64Array;
  readonly recall: Float64Array;
}

/**
 * The precision-recall curve of a sweep: one point per threshold, from the highest threshold down. Null where the reference has no
 * foreground, which has no recall. scikit-learn's curve has the same points in the opposite order, and one more, (precision 1, recall 0).
 */
export function precisionRecallCurve(sweep: ThresholdSweep): PrecisionRecallCurve | null {
  const { thresholds, truePositives, falsePositives, positives } = sweep;
  if (positives === 0) return null;
  return {
    thresholds,
    precision: truePositives.map((found, k) => found / (found + falsePositives[k])),
    recall: truePositives.map((found) => found / positives),
  };
}

export interface AveragePrecision {
  /** In [0, 1]; null where the reference has no foreground. */
  readonly value: Score;
  /** Σ (recall - recall before) × precision over falling thresholds, as scikit-learn's: no line is drawn between the points. */
  readonly definition: "step-wise";
}

/** Average precision of a sweep, the area under its precision-recall curve taken in steps. */
export function averagePrecision({ truePositives, falsePositives, positives }: ThresholdSweep): AveragePrecision {
  let sum = 0;
  for (let k = 0, before = 0; k < truePositives.length; k++) {
    const found = truePositives[k];
    sum += (found - before) * (found / (found + falsePositives[k]));
    before = found;
  }
  return { value: ratio(sum, positives), definition: "step-wise" };
}

export interface BestThreshold {
  readonly threshold: number;
  readonly score: number;
}

/**
 * The threshold with the highest score, of equal ones the highest threshold; null where no threshold has a score. Choose it on validation
 * cases: on the cases that are then scored it flatters.
 *
 * @param score of the counts at a threshold; Dice where absent
 */
export function bestThreshold(
  sweep: ThresholdSweep,
  score: (counts: ConfusionCounts) => Score = diceScore,
): BestThreshold | null {
  let best: BestThreshold | null = null;
  for (let k = 0; k < sweep.thresholds.length; k++) {
    const value = score(countsOfSweep(sweep, k));
    if (value !== null && (best === null || value > best.score)) {
      best = { threshold: sweep.thresholds[k], score: value };
    }
  }
  return best;
}
