// How numbers are written in table, page and terminal.

import type { PooledInstanceScores } from "losskit/metrics";
import type { Metric } from "../evaluation/metric-catalogue.js";
import type { MetricSummary } from "../evaluation/results.js";

export const NOTHING = "–";

export const score = (value: number | null | undefined): string =>
  value === null || value === undefined || Number.isNaN(value) ? NOTHING : value.toFixed(3);

export const interval = (bounds: readonly [number, number] | undefined): string =>
  bounds ? `${score(bounds[0])} to ${score(bounds[1])}` : NOTHING;

/** With its sign, and a minus that is as wide as the plus. */
export const difference = (value: number): string =>
  Number.isFinite(value) ? `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}` : NOTHING;

export const pValue = (value: number | undefined): string =>
  value === undefined ? NOTHING : value < 0.001 ? "< 0.001" : value.toFixed(3);

/** 75 seconds as "1 min 15 s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** A number of any size: three digits behind the point, fewer where it is large. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0).replace(/^-/u, "−");
}

export const figureInterval = (bounds: readonly [number, number] | null | undefined): string =>
  bounds ? `${figure(bounds[0])} to ${figure(bounds[1])}` : NOTHING;

/** Of a mean over cases; without one, why. */
export const meanIntervalFigure = ({ interval, noInterval }: Pick<MetricSummary, "interval" | "noInterval">): string =>
  noInterval === undefined ? figureInterval(interval) : `${NOTHING} (${noInterval})`;

/** A value of one case: objects are counted in whole numbers. */
export const caseFigure = (value: number | null, { kind }: Metric): string =>
  (kind === "count" || kind === "quantity") && Number.isInteger(value) ? String(value) : figure(value);

/** What the objects of all cases together give, in a sentence without its subject. */
export const objectsSentence = ({
  referenceObjects,
  predictedObjects,
  found,
  falsePositives,
  sensitivity,
  precision,
  f1,
  falsePositivesPerImage,
}: PooledInstanceScores): string =>
  `${found} of ${counted(referenceObjects, "object")} found (recall ${figure(sensitivity)}), ` +
  `${predictedObjects - falsePositives} of ${predictedObjects} predicted match (precision ${figure(precision)}), ` +
  `F1 ${figure(f1)}, ${figure(falsePositivesPerImage)} false positives per case`;

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
