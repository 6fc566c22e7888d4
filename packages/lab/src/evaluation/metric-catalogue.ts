// The metrics that evaluate knows: their names, what is better, and what an empty mask means for them.

import { nearest } from "losskit";
import type { OverlapScores } from "losskit/metrics";
import { LabError } from "../errors.js";

/**
 * How a metric is read: a score is best at 1, a rate at 0 and worst at 1, a distance is best at 0 without a worst value, a difference is best at 0
 * and has a sign.
 */
export type MetricKind = "score" | "rate" | "distance" | "difference";

export type SurfaceMetric = "hd" | "hd95" | "asd" | "assd" | "masd" | "nsd";
export type MetricKey = keyof OverlapScores | SurfaceMetric;

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

/** Overlap is counted always; surfaces, which take most of the time, are measured where they are asked for. */
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

export const METRICS: readonly Listed[] = [
  ...OVERLAP.map((metric) => ({ ...metric, measured: "always" as const })),
  ...SURFACE.map((metric) => ({ ...metric, measured: "asked" as const })),
];

const SURFACE_KEYS: ReadonlySet<string> = new Set(SURFACE.map(({ key }) => key));

/** Shown where --metrics is not given. */
export const DEFAULT_METRICS: readonly MetricKey[] = ["dice", "iou", "sensitivity", "precision", "hd95", "assd", "nsd"];

export const isSurfaceMetric = (key: MetricKey): key is SurfaceMetric => SURFACE_KEYS.has(key);

export const metricOf = (key: MetricKey): Metric => METRICS.find((metric) => metric.key === key)!;

/** Whether more of a metric is better; a difference is neither. */
export const higherIsBetter = ({ kind }: Metric): boolean | undefined =>
  kind === "difference" ? undefined : kind === "score";

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
