// Sums an evaluation up over its cases: mean, median, quartiles and interval of every metric and structure, under the policy for empty masks.

import { quantileSorted } from "d3-array";
import { applyEmptyPolicy, type EmptyPolicy, overlapScores } from "losskit/metrics";
import { bootstrapMean, RESAMPLES } from "../experiment/bootstrap.js";
import { isProbabilityMetric, type Metric, type MetricKey, metricOf } from "./metric-catalogue.js";
import { pooledObjects } from "./object-scores.js";
import type { MeasuredCase, MetricSummary, StructureScores, StructureSummary } from "./results.js";
import type { Structure } from "./structures.js";

/** Fewest cases for an interval: with less the bootstrap knows next to nothing of the spread. */
export const MIN_CASES = 6;
const LEVEL = 0.95;
/** Numbers that the bootstrap draws at most for one interval; thousands of cases need fewer resamples for a steady one. */
const MOST_DRAWS = 2e7;

type Interval = readonly [low: number, high: number];

/** Every structure that is asked for, or found in any case, in the order of the labels. */
export function allStructures(cases: readonly MeasuredCase[], asked?: readonly Structure[]): Structure[] {
  if (asked !== undefined) return [...asked];
  const found = new Map<string, Structure>();
  for (const { scores } of cases) for (const { structure: name, labels } of scores) found.set(name, { name, labels });
  return [...found.values()].sort((a, b) => a.labels[0]! - b.labels[0]!);
}

/** The scores of a structure in a case; where labels are taken as found, one that the case lacks is empty in both masks. */
export function scoresOf(one: MeasuredCase, structure: Structure): StructureScores {
  return one.scores.find(({ structure: name }) => name === structure.name) ?? emptyScores(one, structure);
}

function emptyScores({ voxels }: MeasuredCase, { name, labels }: Structure): StructureScores {
  const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: voxels };
  const objects = { falsePositiveObjects: 0, missedObjects: 0, referenceObjects: 0, predictedObjects: 0 };
  return { structure: name, labels, ...counts, empty: "both", values: { ...overlapScores(counts), ...objects } };
}

/** The value of a metric that counts for a case under the policy; null where it has none. */
export function countedValue(
  one: MeasuredCase,
  { empty, values }: Pick<StructureScores, "empty" | "values">,
  key: MetricKey,
  policy: EmptyPolicy,
): number | null {
  const value = values[key] ?? null;
  const { kind } = metricOf(key);
  // These have a value where a mask is empty, and none that would be the worst.
  if (kind === "difference" || kind === "count" || kind === "quantity" || isProbabilityMetric(key))
    return policy === "skip" && (empty === "both" || empty === "reference") ? null : value;
  if (kind === "rate") {
    const score = applyEmptyPolicy({ value: value === null ? null : 1 - value, empty }, { policy, kind: "score" });
    // 1 - (1 - v) is not quite v.
    return score === null ? null : value !== null && score === 1 - value ? value : 1 - score;
  }
  return applyEmptyPolicy({ value, empty }, { policy, kind, ...(kind === "distance" && { penalty: diagonal(one) }) });
}

/** What the policy "penalty" counts for a distance to an empty mask: the longest distance there is in the image. */
export const diagonal = ({ shape, spacing }: Pick<MeasuredCase, "shape" | "spacing">): number =>
  Math.hypot(...shape.map((extent, axis) => extent * spacing[axis]!));

/** Summary of every structure and metric. */
export function summarise(
  cases: readonly MeasuredCase[],
  structures: readonly Structure[],
  metrics: readonly MetricKey[],
  policy: EmptyPolicy,
): StructureSummary[] {
  return structures.map((structure) => {
    const objects = pooledObjects(cases, structure, metrics);
    return {
      structure: structure.name,
      labels: structure.labels,
      metrics: metrics.map((key) => {
        const scored = cases.map((one) => ({ one, scores: scoresOf(one, structure) }));
        const values = scored.flatMap(({ one, scores }) => countedValue(one, scores, key, policy) ?? []);
        return summaryOf(
          metricOf(key),
          values,
          scored.filter(({ scores }) => scores.empty !== "neither").length,
          cases.length - values.length,
        );
      }),
      ...(objects && { objects }),
    };
  });
}

function summaryOf(metric: Metric, values: readonly number[], empty: number, leftOut: number): MetricSummary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number) => quantileSorted(sorted, p) ?? null;
  const [first, third] = [at(0.25), at(0.75)];
  return {
    metric: metric.key,
    mean: meanOf(values),
    median: at(0.5),
    quartiles: first === null || third === null ? null : [first, third],
    ...meanInterval(values, metric),
    cases: values.length,
    empty,
    leftOut,
  };
}

export const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * 95 % interval of a mean over cases, within the range of the metric, or why there is none.
 *
 * The bootstrap takes the spread of other cases from the cases there are. Where all have one value it would be sure of the mean, of six as of six
 * hundred; where all but one or two have it, so many resamples hold that value alone that the interval has no end. Both say the same: the spread is not known.
 */
export function meanInterval(
  values: readonly number[],
  metric: Metric,
): Pick<MetricSummary, "interval" | "noInterval"> {
  if (values.length < MIN_CASES) return { interval: null, noInterval: "few cases" };
  const bounds = bootstrapInterval(values);
  if (bounds === null || bounds[0] === bounds[1]) return { interval: null, noInterval: "alike" };
  return { interval: within(bounds, rangeOf(metric)) };
}

/** 95 % interval of the mean of differences of a metric, within what they can be; null as that of `bootstrapInterval`. */
export function differenceInterval(differences: readonly number[], metric: Metric): Interval | null {
  const bounds = bootstrapInterval(differences);
  const [least, most] = rangeOf(metric);
  return bounds && within(bounds, [least - most, most - least]);
}

const within = ([low, high]: Interval, [least, most]: Interval): Interval => [
  Math.max(least, low),
  Math.min(most, high),
];

/** 95 % bootstrap interval of the mean of any values; null with too few, or where nearly all are the same; without width where all are. */
export function bootstrapInterval(values: readonly number[]): Interval | null {
  if (values.length < MIN_CASES) return null;
  const resamples = Math.max(1000, Math.min(RESAMPLES, Math.floor(MOST_DRAWS / values.length)));
  const { interval } = bootstrapMean(values, LEVEL, resamples);
  return interval.every(Number.isFinite) ? interval : null;
}

const CORRELATIONS: ReadonlySet<MetricKey> = new Set([
  "informedness",
  "markedness",
  "matthewsCorrelation",
  "cohensKappa",
]);

function rangeOf({ kind, key }: Metric): Interval {
  if (kind === "difference") return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (kind === "distance" || kind === "count" || kind === "quantity") return [0, Number.POSITIVE_INFINITY];
  return [CORRELATIONS.has(key) ? -1 : 0, 1];
}
