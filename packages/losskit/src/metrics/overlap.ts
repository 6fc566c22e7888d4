// Overlap scores of one class, from its counts.

import { LosskitError } from "../errors.js";
import type { ConfusionCounts } from "./confusion-counts.js";

/** A score, or null where its denominator is 0: nothing was there to be scored, and the caller's policy decides. */
export type Score = number | null;

/** Its square times a count is still finite. */
const MAX_BETA = 1e100;

export const ratio = (numerator: number, denominator: number): Score =>
  denominator === 0 ? null : numerator / denominator;

/** 2 TP / (2 TP + FP + FN) in [0, 1], also called F1 (Dice 1945); null where the class is in neither map. */
export const diceScore = ({ truePositives, falsePositives, falseNegatives }: ConfusionCounts): Score =>
  ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);

/** TP / (TP + FP + FN) in [0, 1], also called Jaccard index or threat score; null where the class is in neither map. */
export const iouScore = ({ truePositives, falsePositives, falseNegatives }: ConfusionCounts): Score =>
  ratio(truePositives, truePositives + falsePositives + falseNegatives);

/** TP / (TP + FN) in [0, 1], also called recall; null where the class is not in the reference. */
export const sensitivity = ({ truePositives, falseNegatives }: ConfusionCounts): Score =>
  ratio(truePositives, truePositives + falseNegatives);

/** TN / (TN + FP) in [0, 1], also called true negative rate; null where the class fills the reference. */
export const specificity = ({ trueNegatives, falsePositives }: ConfusionCounts): Score =>
  ratio(trueNegatives, trueNegatives + falsePositives);

/** TP / (TP + FP) in [0, 1], also called positive predictive value; null where the class was not predicted. */
export const precision = ({ truePositives, falsePositives }: ConfusionCounts): Score =>
  ratio(truePositives, truePositives + falsePositives);

/** TN / (TN + FN) in [0, 1]; null where the class fills the prediction. */
export const negativePredictiveValue = ({ trueNegatives, falseNegatives }: ConfusionCounts): Score =>
  ratio(trueNegatives, trueNegatives + falseNegatives);

/** FN / (TP + FN) in [0, 1], 1 - sensitivity: lower is better; null where the class is not in the reference. */
export const missRate = ({ truePositives, falseNegatives }: ConfusionCounts): Score =>
  ratio(falseNegatives, truePositives + falseNegatives);

/** FP / (FP + TN) in [0, 1], 1 - specificity: lower is better; null where the class fills the reference. */
export const fallOut = ({ trueNegatives, falsePositives }: ConfusionCounts): Score =>
  ratio(falsePositives, trueNegatives + falsePositives);

/** FP / (TP + FP) in [0, 1], 1 - precision: lower is better; null where the class was not predicted. */
export const falseDiscoveryRate = ({ truePositives, falsePositives }: ConfusionCounts): Score =>
  ratio(falsePositives, truePositives + falsePositives);

/** FN / (TN + FN) in [0, 1]: lower is better; null where the class fills the prediction. */
export const falseOmissionRate = ({ trueNegatives, falseNegatives }: ConfusionCounts): Score =>
  ratio(falseNegatives, trueNegatives + falseNegatives);

/**
 * Fβ = (1 + β²) TP / ((1 + β²) TP + β² FN + FP) in [0, 1]: sensitivity counts β times as much as precision (van Rijsbergen 1979).
 * β = 1 is Dice, 0 precision. Null where the denominator is 0.
 *
 * @param beta from 0 to 1e100; 1 where absent
 * @throws LosskitError OPTION for another beta
 */
export function fBetaScore(counts: ConfusionCounts, beta = 1): Score {
  if (!(beta >= 0 && beta <= MAX_BETA)) {
    throw new LosskitError(
      "OPTION",
      `beta is ${beta}; it is a number from 0 to ${MAX_BETA}, the weight of sensitivity`,
    );
  }
  const { truePositives, falsePositives, falseNegatives } = counts;
  const squared = beta * beta;
  return ratio(
    (1 + squared) * truePositives,
    (1 + squared) * truePositives + squared * falseNegatives + falsePositives,
  );
}

/** (TP + TN) / all in [0, 1]; null where no voxel counts. Mostly background, mostly near 1: compare it with the others. */
export const accuracy = (counts: ConfusionCounts): Score =>
  ratio(counts.truePositives + counts.trueNegatives, total(counts));

/** (sensitivity + specificity) / 2 in [0, 1]; null where either is. */
export const balancedAccuracy = (counts: ConfusionCounts): Score =>
  both(sensitivity(counts), specificity(counts), (recalled, spared) => (recalled + spared) / 2);

/** sensitivity + specificity - 1 in [-1, 1], Youden's J (1950); 0 for chance; null where either is. */
export const informedness = (counts: ConfusionCounts): Score =>
  both(sensitivity(counts), specificity(counts), (recalled, spared) => recalled + spared - 1);

/** precision + negative predictive value - 1 in [-1, 1] (Powers 2011); 0 for chance; null where either is. */
export const markedness = (counts: ConfusionCounts): Score =>
  both(precision(counts), negativePredictiveValue(counts), (positive, negative) => positive + negative - 1);

/** √(precision × sensitivity) in [0, 1] (Fowlkes and Mallows 1983); null where either is. */
export const fowlkesMallowsIndex = (counts: ConfusionCounts): Score =>
  both(precision(counts), sensitivity(counts), (precise, recalled) => Math.sqrt(precise * recalled));

/**
 * √(fall-out) / (√(sensitivity) + √(fall-out)) in [0, 1]: the prevalence below which a positive is more often false than the
 * prevalence suggests (Balayla 2020). Lower is better; null where either is, or both are 0.
 *
 * Usually printed as (√(TPR FPR) - FPR) / (TPR - FPR), which is the same but 0 / 0 at chance, where this form gives 1/2.
 */
export const prevalenceThreshold = (counts: ConfusionCounts): Score =>
  both(sensitivity(counts), fallOut(counts), (recalled, alarms) =>
    ratio(Math.sqrt(alarms), Math.sqrt(recalled) + Math.sqrt(alarms)),
  );

/**
 * Matthews correlation coefficient (1975), the correlation of the two masks, in [-1, 1]; 0 for chance. Null where one of the masks is
 * empty or full: it has no variance then.
 */
export function matthewsCorrelation(counts: ConfusionCounts): Score {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts;
  const spread =
    Math.sqrt(truePositives + falsePositives) *
    Math.sqrt(truePositives + falseNegatives) *
    Math.sqrt(trueNegatives + falsePositives) *
    Math.sqrt(trueNegatives + falseNegatives);
  const score = ratio(truePositives * trueNegatives - falsePositives * falseNegatives, spread);
  // Roots round; the correlation of a mask with itself is 1 all the same.
  return score === null ? null : Math.max(-1, Math.min(1, score));
}

/**
 * Cohen's kappa (1960), (po - pe) / (1 - pe), the agreement beyond chance, in [-1, 1]. Null where chance agreement is certain: both
 * masks are empty, or both full.
 *
 * Written as 2 (TP TN - FP FN) / ((TP + FP)(FP + TN) + (TP + FN)(FN + TN)), which is the same and does not subtract from 1.
 */
export function cohensKappa(counts: ConfusionCounts): Score {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts;
  return ratio(
    2 * (truePositives * trueNegatives - falsePositives * falseNegatives),
    (truePositives + falsePositives) * (falsePositives + trueNegatives) +
      (truePositives + falseNegatives) * (falseNegatives + trueNegatives),
  );
}

/**
 * Volume of the prediction minus that of the reference: positive where too much was predicted.
 *
 * @param voxelVolume volume of a voxel, the product of its spacings; 1, for a difference in voxels, where absent
 * @throws LosskitError OPTION for a voxel volume that is not positive
 */
export function volumeDifference(counts: ConfusionCounts, voxelVolume = 1): number {
  if (!(voxelVolume > 0 && Number.isFinite(voxelVolume))) {
    throw new LosskitError("OPTION", `voxelVolume is ${voxelVolume}; it is the product of the spacings, above 0`);
  }
  return (counts.falsePositives - counts.falseNegatives) * voxelVolume;
}

/** (prediction - reference) / reference of the volumes, from -1 up; 0 is best. Null where the class is not in the reference. */
export const relativeVolumeDifference = (counts: ConfusionCounts): Score =>
  ratio(counts.falsePositives - counts.falseNegatives, counts.truePositives + counts.falseNegatives);

/**
 * 1 - |FN - FP| / (2 TP + FP + FN) in [0, 1] (Taha and Hanbury 2015): how alike the volumes are, wherever they lie. Null where the
 * class is in neither map.
 */
export function volumetricSimilarity(counts: ConfusionCounts): Score {
  const { truePositives, falsePositives, falseNegatives } = counts;
  const sizes = 2 * truePositives + falsePositives + falseNegatives;
  return ratio(sizes - Math.abs(falseNegatives - falsePositives), sizes);
}

/** Every score of this file, by name. */
export interface OverlapScores {
  readonly dice: Score;
  readonly iou: Score;
  readonly sensitivity: Score;
  readonly specificity: Score;
  readonly precision: Score;
  readonly negativePredictiveValue: Score;
  readonly missRate: Score;
  readonly fallOut: Score;
  readonly falseDiscoveryRate: Score;
  readonly falseOmissionRate: Score;
  /** Sensitivity counts twice. */
  readonly f2: Score;
  /** Sensitivity counts half. */
  readonly f05: Score;
  readonly accuracy: Score;
  readonly balancedAccuracy: Score;
  readonly informedness: Score;
  readonly markedness: Score;
  readonly fowlkesMallowsIndex: Score;
  readonly prevalenceThreshold: Score;
  readonly matthewsCorrelation: Score;
  readonly cohensKappa: Score;
  /** In the unit of the voxel volume. */
  readonly volumeDifference: number;
  readonly relativeVolumeDifference: Score;
  readonly volumetricSimilarity: Score;
}

/**
 * All scores of one class at once.
 *
 * @param options `voxelVolume`: unit of the volume difference, as in `volumeDifference`
 */
export function overlapScores(
  counts: ConfusionCounts,
  { voxelVolume = 1 }: { readonly voxelVolume?: number } = {},
): OverlapScores {
  return {
    dice: diceScore(counts),
    iou: iouScore(counts),
    sensitivity: sensitivity(counts),
    specificity: specificity(counts),
    precision: precision(counts),
    negativePredictiveValue: negativePredictiveValue(counts),
    missRate: missRate(counts),
    fallOut: fallOut(counts),
    falseDiscoveryRate: falseDiscoveryRate(counts),
    falseOmissionRate: falseOmissionRate(counts),
    f2: fBetaScore(counts, 2),
    f05: fBetaScore(counts, 0.5),
    accuracy: accuracy(counts),
    balancedAccuracy: balancedAccuracy(counts),
    informedness: informedness(counts),
    markedness: markedness(counts),
    fowlkesMallowsIndex: fowlkesMallowsIndex(counts),
    prevalenceThreshold: prevalenceThreshold(counts),
    matthewsCorrelation: matthewsCorrelation(counts),
    cohensKappa: cohensKappa(counts),
    volumeDifference: volumeDifference(counts, voxelVolume),
    relativeVolumeDifference: relativeVolumeDifference(counts),
    volumetricSimilarity: volumetricSimilarity(counts),
  };
}

const total = ({ truePositives, falsePositives, falseNegatives, trueNegatives }: ConfusionCounts) =>
  truePositives + falsePositives + falseNegatives + trueNegatives;

const both = (first: Score, second: Score, combine: (first: number, second: number) => Score): Score =>
  first === null || second === null ? null : combine(first, second);

/** Harmonic mean of a precision and a sensitivity, 0 where either is 0 or null; null where both are null. */
export function harmonicMean(precise: Score, recalled: Score): Score {
  if (precise === null && recalled === null) return null;
  return precise && recalled ? (2 * precise * recalled) / (precise + recalled) : 0;
}
