// The metrics that evaluate knows: their names, what is better, and what an empty mask means for them.

import { nearest } from "losskit";
import type { OverlapScores } from "losskit/metrics";
import { LabError } from "../errors.js";

/**
 * How a metric is read: a score is best at 1, a rate at 0 and worst at 1, a distance is best at 0 without a worst value, a difference is best at 0
 * and has a sign. A count is best at 0 without a worst value too, but has a value where a mask is empty; a quantity is neither good nor bad.
 */
export type MetricKind = "score" | "rate" | "distance" | "difference" | "count" | "quantity";

export type SurfaceMetric = "hd" | "hd95" | "asd" | "assd" | "masd" | "nsd";
export type PartMetric = "boundaryIou" | "clDice";
export type ObjectMetric =
  | "detectionPrecision"
  | "detectionRecall"
  | "detectionF1"
  | "panopticQuality"
  | "segmentationQuality"
  | "recognitionQuality"
  | "lesionWiseDice"
  | "falsePositiveObjects"
  | "missedObjects"
  | "referenceObjects"
  | "predictedObjects";
/** Of probabilities, not of label maps. */
export type ProbabilityMetric = "brier" | "ece" | "ap" | "bestDice" | "bestThreshold";
export type MetricKey = keyof OverlapScores | SurfaceMetric | PartMetric | ObjectMetric | ProbabilityMetric;

export interface Metric {
  readonly key: MetricKey;
  /** Head of its column. */
  readonly title: string;
  readonly kind: MetricKind;
  /** Other names it goes by, beside its key; capitals, hyphens and underscores aside. */
  readonly aliases?: readonly string[];
  /** Of the spacing's unit, or of a volume in it; absent for plain numbers. */
  readonly unit?: "length" | "volume";
}

/** Overlap is counted always; what takes most of the time, surfaces, skeletons and objects, is measured where it is asked for. */
type Listed = Metric & { readonly measured: "always" | "asked" };

const OVERLAP: readonly Metric[] = [
  { key: "dice", title: "Dice", kind: "score", aliases: ["f1", "dsc"] },
  { key: "iou", title: "IoU", kind: "score", aliases: ["jaccard"] },
  { key: "sensitivity", title: "sensitivity", kind: "score", aliases: ["recall", "tpr"] },
  { key: "specificity", title: "specificity", kind: "score", aliases: ["tnr"] },
  { key: "precision", title: "precision", kind: "score", aliases: ["ppv"] },
  { key: "negativePredictiveValue", title: "NPV", kind: "score", aliases: ["npv"] },
  { key: "missRate", title: "miss rate", kind: "rate", aliases: ["fnr"] },
  { key: "fallOut", title: "fall-out", kind: "rate", aliases: ["fpr"] },
  { key: "falseDiscoveryRate", title: "FDR", kind: "rate", aliases: ["fdr"] },
  { key: "falseOmissionRate", title: "FOR", kind: "rate", aliases: ["for"] },
  { key: "f2", title: "F2", kind: "score" },
  { key: "f05", title: "F0.5", kind: "score", aliases: ["f0.5"] },
  { key: "accuracy", title: "accuracy", kind: "score" },
  { key: "balancedAccuracy", title: "balanced accuracy", kind: "score" },
  { key: "informedness", title: "informedness", kind: "score", aliases: ["youden"] },
  { key: "markedness", title: "markedness", kind: "score" },
  { key: "fowlkesMallowsIndex", title: "Fowlkes-Mallows", kind: "score", aliases: ["fm"] },
  { key: "prevalenceThreshold", title: "prevalence threshold", kind: "rate", aliases: ["pt"] },
  { key: "matthewsCorrelation", title: "MCC", kind: "score", aliases: ["mcc"] },
  { key: "cohensKappa", title: "kappa", kind: "score", aliases: ["kappa"] },
  { key: "volumeDifference", title: "volume difference", kind: "difference", unit: "volume" },
  { key: "relativeVolumeDifference", title: "relative volume difference", kind: "difference", aliases: ["rvd"] },
  { key: "volumetricSimilarity", title: "volumetric similarity", kind: "score", aliases: ["vs"] },
];

const SURFACE: readonly Metric[] = [
  { key: "hd", title: "HD", kind: "distance", unit: "length", aliases: ["hausdorff"] },
  { key: "hd95", title: "HD95", kind: "distance", unit: "length" },
  { key: "asd", title: "ASD", kind: "distance", unit: "length" },
  { key: "assd", title: "ASSD", kind: "distance", unit: "length" },
  { key: "masd", title: "MASD", kind: "distance", unit: "length" },
  { key: "nsd", title: "NSD", kind: "score", aliases: ["surfacedice", "surfaceoverlap"] },
];

const PARTS: readonly Metric[] = [
  { key: "boundaryIou", title: "boundary IoU", kind: "score", aliases: ["biou"] },
  { key: "clDice", title: "clDice", kind: "score", aliases: ["centrelinedice", "centerlinedice"] },
];

const OBJECTS: readonly Metric[] = [
  { key: "detectionPrecision", title: "detection precision", kind: "score" },
  {
    key: "detectionRecall",
    title: "detection recall",
    kind: "score",
    aliases: ["detectionsensitivity", "lesionsensitivity", "lesionwisesensitivity"],
  },
  { key: "detectionF1", title: "detection F1", kind: "score", aliases: ["objectf1", "lesionf1"] },
  { key: "panopticQuality", title: "PQ", kind: "score", aliases: ["pq"] },
  { key: "segmentationQuality", title: "SQ", kind: "score", aliases: ["sq"] },
  { key: "recognitionQuality", title: "RQ", kind: "score", aliases: ["rq"] },
  { key: "lesionWiseDice", title: "lesion-wise Dice", kind: "score", aliases: ["lesiondice"] },
  { key: "falsePositiveObjects", title: "false positive objects", kind: "count", aliases: ["falsepositivespercase"] },
  { key: "missedObjects", title: "missed objects", kind: "count", aliases: ["falsenegativeobjects"] },
  { key: "referenceObjects", title: "objects of the reference", kind: "quantity" },
  { key: "predictedObjects", title: "objects of the prediction", kind: "quantity" },
];

const PROBABILITIES: readonly Metric[] = [
  { key: "brier", title: "Brier", kind: "rate", aliases: ["brierscore"] },
  { key: "ece", title: "ECE", kind: "rate", aliases: ["expectedcalibrationerror"] },
  { key: "ap", title: "AP", kind: "score", aliases: ["averageprecision"] },
  { key: "bestDice", title: "best Dice", kind: "score" },
  { key: "bestThreshold", title: "best threshold", kind: "quantity" },
];

export const METRICS: readonly Listed[] = [
  ...OVERLAP.map((metric) => ({ ...metric, measured: "always" as const })),
  ...[...SURFACE, ...PARTS, ...OBJECTS, ...PROBABILITIES].map((metric) => ({ ...metric, measured: "asked" as const })),
];

const isOneOf = (metrics: readonly Metric[], key: MetricKey): boolean => metrics.some((metric) => metric.key === key);

/** Shown where --metrics is not given. */
export const DEFAULT_METRICS: readonly MetricKey[] = ["dice", "iou", "sensitivity", "precision", "hd95", "assd", "nsd"];

/** Shown besides with --probabilities. */
export const PROBABILITY_METRICS: readonly MetricKey[] = PROBABILITIES.map(({ key }) => key);

export const isSurfaceMetric = (key: MetricKey): key is SurfaceMetric => isOneOf(SURFACE, key);
export const isPartMetric = (key: MetricKey): key is PartMetric => isOneOf(PARTS, key);
export const isObjectMetric = (key: MetricKey): key is ObjectMetric => isOneOf(OBJECTS, key);
export const isProbabilityMetric = (key: MetricKey): key is ProbabilityMetric => isOneOf(PROBABILITIES, key);

export const metricOf = (key: MetricKey): Metric => METRICS.find((metric) => metric.key === key)!;

/** Whether more of a metric is better; of a difference and a quantity neither more nor less is. */
export const higherIsBetter = ({ kind }: Metric): boolean | undefined =>
  kind === "difference" || kind === "quantity" ? undefined : kind === "score";

const comparable = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]+/gu, "");

/**
 * The metric with a name, as on the command line.
 *
 * @throws LabError USAGE with the nearest name
 */
export function findMetric(name: string, option: string): Metric {
  const found = METRICS.find(({ key, aliases = [] }) =>
    [key, ...aliases].some((one) => comparable(one) === comparable(name)),
  );
  if (found !== undefined) return found;
  const names = METRICS.flatMap(({ key, aliases = [] }) => [key, ...aliases]);
  const near = nearest(name, names);
  throw new LabError(
    "USAGE",
    `${option} names no metric "${name}"; ${near ? `did you mean ${near}?` : `there are ${METRICS.map(({ key }) => key).join(", ")}`}`,
  );
}
