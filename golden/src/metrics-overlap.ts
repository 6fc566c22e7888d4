// Runs the golden counts and overlap scores of masks and label maps through losskit/metrics and says what differs.

import { readFileSync } from "node:fs";
import {
  accuracy,
  applyEmptyPolicy,
  balancedAccuracy,
  type ConfusionCounts,
  cohensKappa,
  confusionCounts,
  confusionMatrix,
  countsOfMatrix,
  diceScore,
  type EmptyPolicy,
  fallOut,
  falseDiscoveryRate,
  falseOmissionRate,
  fBetaScore,
  fowlkesMallowsIndex,
  frequencyWeightedIou,
  generalisedDiceScore,
  informedness,
  iouScore,
  markedness,
  matthewsCorrelation,
  meanOverClasses,
  missRate,
  multiclassKappa,
  negativePredictiveValue,
  pixelAccuracy,
  precision,
  prevalenceThreshold,
  type Score,
  sensitivity,
  specificity,
  volumetricSimilarity,
  whichEmpty,
} from "losskit/metrics";
import { SCHEMA } from "./cases.js";

const BOUND = 1e-9;

export interface MetricComparison {
  /** Values that were compared. */
  readonly compared: number;
  /** One line for each value that differs by more than the bound, or that nothing of ours answers to. */
  readonly failures: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;
type ScoreOf = (counts: ConfusionCounts) => Score;

/** The plain formulas: NaN, which is null here, where a denominator is 0. */
const CONFUSION: Readonly<Record<string, ScoreOf>> = {
  tp: (counts) => counts.truePositives,
  fp: (counts) => counts.falsePositives,
  fn: (counts) => counts.falseNegatives,
  tn: (counts) => counts.trueNegatives,
  accuracy,
  precision,
  recall: sensitivity,
  specificity,
  npv: negativePredictiveValue,
  fpr: fallOut,
  fnr: missRate,
  dice: diceScore,
  iou: iouScore,
  f2: (counts) => fBetaScore(counts, 2),
  f05: (counts) => fBetaScore(counts, 0.5),
  mcc: matthewsCorrelation,
  kappa: cohensKappa,
  balanced_accuracy: balancedAccuracy,
  volumetric_similarity: volumetricSimilarity,
};

const MONAI_CONFUSION: Readonly<Record<string, ScoreOf>> = {
  sensitivity,
  specificity,
  precision,
  "negative predictive value": negativePredictiveValue,
  "miss rate": missRate,
  "fall out": fallOut,
  "false discovery rate": falseDiscoveryRate,
  "false omission rate": falseOmissionRate,
  // At chance its form is 0 / 0; ours has the limit.
  "prevalence threshold": (counts) => (informedness(counts) === 0 ? null : prevalenceThreshold(counts)),
  "threat score": iouScore,
  accuracy,
  "balanced accuracy": balancedAccuracy,
  "f1 score": diceScore,
  "matthews correlation coefficient": matthewsCorrelation,
  "fowlkes mallows index": fowlkesMallowsIndex,
  informedness,
  markedness,
};

const underPolicy =
  (score: ScoreOf, policy: EmptyPolicy): ScoreOf =>
  (counts) => {
    const { truePositives, falsePositives, falseNegatives } = counts;
    const empty = whichEmpty(truePositives + falseNegatives, truePositives + falsePositives);
    return applyEmptyPolicy({ value: score(counts), empty }, { policy, kind: "score" });
  };

/** MONAI's ignore_empty is our policy "skip"; without it, and in its generalised Dice score, two empty masks give 1. */
const MONAI: Readonly<Record<string, ScoreOf>> = {
  dice: underPolicy(diceScore, "skip"),
  dice_keep_empty: underPolicy(diceScore, "one"),
  iou: underPolicy(iouScore, "skip"),
  iou_keep_empty: underPolicy(iouScore, "one"),
  generalized_dice: underPolicy((counts) => generalisedDiceScore([counts]), "one"),
};

const PER_CLASS: Readonly<Record<string, ScoreOf>> = {
  recall_per_class: sensitivity,
  precision_per_class: precision,
  iou_per_class: iouScore,
  dice_per_class: diceScore,
};

const MEANS: Readonly<Record<string, ScoreOf>> = {
  mean_iou_nan_skipped: iouScore,
  mean_dice_nan_skipped: diceScore,
  mean_accuracy_nan_skipped: sensitivity,
};

/**
 * Compares every count and overlap score of a file of golden metrics within 1e-9.
 *
 * @throws Error for a file that is not of the schema
 */
export function compareOverlapMetrics(path: string): MetricComparison {
  const file = JSON.parse(readFileSync(path, "utf8")) as Json;
  if (file.schema !== SCHEMA || !Array.isArray(file.cases)) throw new Error(`${path} is not a file of ${SCHEMA}`);
  const failures: string[] = [];
  let compared = 0;
  const check = (where: string, ours: Score | undefined, theirs: unknown) => {
    compared++;
    if (!agrees(ours, theirs)) failures.push(`${where}: theirs is ${theirs}, ours ${ours}`);
  };
  for (const golden of file.cases as Json[]) compareMasks(golden, check);
  for (const golden of (file.multiclass ?? []) as Json[]) compareLabelMaps(golden, check);
  return { compared, failures };
}

type Check = (where: string, ours: Score | undefined, theirs: unknown) => void;

function agrees(ours: Score | undefined, theirs: unknown): boolean {
  if (theirs === "NaN") return ours === null;
  return typeof ours === "number" && typeof theirs === "number" && Math.abs(ours - theirs) <= BOUND;
}

function compareMasks(golden: Json, check: Check): void {
  const counts = confusionCounts(golden.gt as number[], golden.pred as number[], { classes: 2 })[1];
  const checkAll = (family: string, ours: Readonly<Record<string, ScoreOf>>, theirs: Json) => {
    for (const [name, value] of Object.entries(theirs))
      check(`${golden.case} ${family}.${name}`, ours[name]?.(counts), value);
  };
  checkAll("confusion", CONFUSION, golden.confusion as Json);
  const monai = golden.monai as Json;
  checkAll("monai", MONAI, Object.fromEntries(Object.keys(MONAI).map((name) => [name, monai[name]])));
  checkAll("monai.confusion_metrics", MONAI_CONFUSION, monai.confusion_metrics as Json);
  const inTheirOrder = [counts.truePositives, counts.falsePositives, counts.trueNegatives, counts.falseNegatives];
  checkList(`${golden.case} monai.confusion_tp_fp_tn_fn`, inTheirOrder, monai.confusion_tp_fp_tn_fn, check);
  const { volumetric_dice } = golden.surface_distance as Json;
  check(`${golden.case} surface_distance.volumetric_dice`, diceScore(counts), volumetric_dice);
}

function compareLabelMaps(golden: Json, check: Check): void {
  const matrix = confusionMatrix(golden.gt as number[], golden.pred as number[], { classes: golden.classes as number });
  const counts = countsOfMatrix(matrix);
  const at = (name: string) => `${golden.case} ${name}`;
  checkList(at("confusion_rows_gt"), Array.from(matrix.cells), golden.confusion_rows_gt, check);
  check(at("pixel_accuracy"), pixelAccuracy(matrix), golden.pixel_accuracy);
  check(at("frequency_weighted_iou"), frequencyWeightedIou(matrix), golden.frequency_weighted_iou);
  check(at("kappa"), multiclassKappa(matrix), golden.kappa);
  for (const [name, score] of Object.entries(PER_CLASS)) checkList(at(name), counts.map(score), golden[name], check);
  for (const [name, score] of Object.entries(MEANS)) check(at(name), meanOverClasses(counts, score).mean, golden[name]);
}

function checkList(where: string, ours: readonly Score[], theirs: unknown, check: Check): void {
  const list = Array.isArray(theirs) ? theirs : [theirs];
  check(`${where}, how many`, ours.length, list.length);
  for (const [i, value] of list.entries()) check(`${where}[${i}]`, ours[i], value);
}
