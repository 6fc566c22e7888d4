// What the probabilities of a structure are worth: calibration, average precision, and the threshold that would have been best.

import {
  averagePrecision,
  type BestThreshold,
  bestThreshold,
  foregroundCalibration,
  type ThresholdSweep,
  thresholdSweep,
} from "losskit/metrics";
import { metricOf, type ProbabilityMetric } from "./metric-catalogue.js";
import { DEFAULT_THRESHOLD, type ProbabilitySettings, structureProbabilities } from "./probability-map.js";
import type { LabelPair } from "./read-pair.js";
import type { Structure } from "./structures.js";

/** Marks in a map of what counts. */
const [OUTSIDE, INSIDE, IGNORED] = [0, 1, 2];
const LABEL_VALUES = 65_536;
/** Guo et al., "On calibration of modern neural networks", ICML 2017, take as many. */
const BINS = 15;

/**
 * Scores of the probabilities of a structure; null where a metric has no value. Every voxel that is not ignored counts.
 *
 * @throws LabError UNDECLARED_LABEL for a label that has no channel
 */
export function probabilityScores(
  { reference, probabilities: map }: LabelPair,
  structure: Structure,
  metrics: readonly ProbabilityMetric[],
  ignore: number | undefined,
): Partial<Record<ProbabilityMetric, number | null>> {
  if (map === undefined || metrics.length === 0) return {};
  const probabilities = structureProbabilities(map, structure);
  const markOf = new Uint8Array(LABEL_VALUES).fill(OUTSIDE);
  for (const label of structure.labels) markOf[label] = INSIDE;
  if (ignore !== undefined) markOf[ignore] = IGNORED;
  const truth = new Uint8Array(reference.length);
  for (let i = 0; i < truth.length; i++) truth[i] = markOf[reference[i]!]!;
  const options = { label: INSIDE, ignore: IGNORED };
  const asked = (...keys: ProbabilityMetric[]) => keys.some((key) => metrics.includes(key));
  const calibration = asked("brier", "ece")
    ? foregroundCalibration(truth, probabilities, { ...options, bins: BINS })
    : undefined;
  const sweep = asked("ap", "bestDice", "bestThreshold") ? thresholdSweep(truth, probabilities, options) : undefined;
  const best = sweep && bestOf(sweep);
  const values: Record<ProbabilityMetric, number | null | undefined> = {
    brier: calibration?.brierScore,
    ece: calibration?.expectedCalibrationError,
    ap: sweep && averagePrecision(sweep).value,
    bestDice: best?.score,
    bestThreshold: best?.threshold,
  };
  return Object.fromEntries(metrics.map((metric) => [metric, values[metric] ?? null]));
}

/** Without the structure in the reference every threshold is as bad as the other. */
const bestOf = (sweep: ThresholdSweep): BestThreshold | null => (sweep.positives === 0 ? null : bestThreshold(sweep));

const WORDS: Readonly<Record<ProbabilityMetric, string>> = {
  brier: "the mean of (p - y)² over the voxels, y being 1 in the structure and 0 outside, 0 at best",
  ece: `the mean over the voxels of the gap between how probable and how frequent the structure is in ${BINS} bins of equal width, 0 at best`,
  ap: "average precision, the area under the precision-recall curve over the voxels in steps, as scikit-learn's; left out where the reference lacks the structure",
  bestDice: "the largest Dice that any one threshold gives for the case",
  bestThreshold:
    "the threshold that gives the case its largest Dice; choose one on validation cases, on those that are scored it flatters",
};

/** How label maps were made of probabilities, and what the metrics asked for mean, in words. */
export function describeProbabilities(
  metrics: readonly ProbabilityMetric[],
  settings: ProbabilitySettings | undefined,
): string[] {
  if (settings === undefined) return [];
  const threshold = settings.threshold ?? DEFAULT_THRESHOLD;
  return [
    `Label maps were made of probabilities: label 1 where a map of one channel is at least ${threshold}, the most probable label of several channels.`,
    ...metrics.map((metric) => `${metricOf(metric).title}: ${WORDS[metric]}.`),
    ...(metrics.length > 0
      ? ["Voxels that are surely background count too; in large images they make Brier and ECE small."]
      : []),
  ];
}
