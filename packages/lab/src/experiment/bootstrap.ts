// Bootstrap over cases: how much a mean would move with other cases of the same kind.

import { quickselect } from "d3-array";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

export interface BootstrapResult {
  /** Infinite where too many resamples hold one value only. */
  readonly interval: readonly [number, number];
  /** Two-sided, at least 1 / (resamples + 1). */
  readonly pValue: number;
}

/** With 28 pairs of losses the smallest corrected level is 0.05 / 28, of which this many resamples see 18 beyond. */
export const RESAMPLES = 10_000;

/** The same resamples for every difference: losses are compared on the same draws of cases. */
const SEED = 20_241_103;

/** Scores lie in 0 … 1: a spread below this is rounding. */
const ROUNDING = 1e-12;

let drawn: { readonly cases: number; readonly resamples: number; readonly indices: Uint32Array } | undefined;

/** `[resample][case]`: which case stands in its place; drawn once for a number of cases. */
function resampleIndices(cases: number, resamples: number): Uint32Array {
  if (drawn?.cases !== cases || drawn.resamples !== resamples) {
    const generator = xoroshiro128plus(SEED);
    const indices = new Uint32Array(resamples * cases).map(() => uniformInt(generator, 0, cases - 1));
    drawn = { cases, resamples, indices };
  }
  return drawn.indices;
}

/**
 * Symmetric studentised bootstrap of the mean of some values, one per case (Hall, Annals of Statistics 1988): the distance of a resample's
 * mean is counted in standard errors of that resample.
 *
 * The percentile bootstrap will not do here: its limits never leave the range of the values, so six cases that happen to point the same way
 * (one time in 32) exclude 0 at every level, however strict the correction for many pairs is.
 *
 * @param values scores or differences of scores: finite, at least 2
 * @param level of the interval, for example 0.95
 */
export function bootstrapMean(values: readonly number[], level: number, resamples = RESAMPLES): BootstrapResult {
  const n = values.length;
  const center = values.reduce((sum, value) => sum + value, 0) / n;
  const deviations = Float64Array.from(values, (value) => value - center);
  const variance = deviations.reduce((sum, d) => sum + d * d, 0) / (n - 1);
  if (variance <= ROUNDING ** 2) {
    return { interval: [center, center], pValue: Math.abs(center) <= ROUNDING ? 1 : 1 / (resamples + 1) };
  }
  const error = Math.sqrt(variance / n);
  const observed = Math.abs(center) / error;
  const indices = resampleIndices(n, resamples);
  const distances = new Float64Array(resamples);
  let beyond = 0;
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    let squares = 0;
    for (let i = r * n; i < (r + 1) * n; i++) {
      const d = deviations[indices[i]];
      sum += d;
      squares += d * d;
    }
    const mean = sum / n;
    const resampled = (squares - n * mean * mean) / (n - 1);
    // A resample of one value only has no spread to count in; it is taken to lie as far out as can be.
    const alike = resampled <= ROUNDING * variance;
    distances[r] = alike ? Number.POSITIVE_INFINITY : Math.abs(mean) / Math.sqrt(resampled / n);
    if (distances[r] >= observed) beyond++;
  }
  const rank = Math.min(resamples - 1, Math.ceil(level * (resamples + 1)) - 1);
  const half = quickselect(distances, rank)[rank] * error;
  return { interval: [center - half, center + half], pValue: (beyond + 1) / (resamples + 1) };
}
