// Bootstrap over cases: how much a mean would move with other cases of the same kind.

import { quantileSorted } from "d3-array";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

export interface BootstrapResult {
  readonly interval: readonly [number, number];
  /** Two-sided: twice the share of resamples on the other side of 0, at least 2 / (resamples + 1). */
  readonly pValue: number;
}

/** With 28 pairs of losses the smallest corrected level is 0.05 / 28, of which this many resamples see 18 beyond. */
const RESAMPLES = 10_000;

/** The same resamples for every difference: losses are compared on the same draws of cases. */
const SEED = 20_241_103;

let drawn: { readonly cases: number; readonly indices: Uint32Array } | undefined;

/** `[resample][case]`: which case stands in its place; drawn once for a number of cases. */
function resampleIndices(cases: number): Uint32Array {
  if (drawn?.cases !== cases) {
    const generator = xoroshiro128plus(SEED);
    const indices = new Uint32Array(RESAMPLES * cases).map(() => uniformInt(generator, 0, cases - 1));
    drawn = { cases, indices };
  }
  return drawn.indices;
}

/**
 * Percentile bootstrap of the mean of some values, one per case.
 *
 * A resample of n values varies by (n - 1) / n less than a new sample of them would; deviations are stretched by the root of its inverse,
 * which matters where cases are few.
 *
 * @param values finite, at least 2
 * @param level of the interval, for example 0.95
 */
export function bootstrapMean(values: readonly number[], level: number): BootstrapResult {
  const n = values.length;
  const indices = resampleIndices(n);
  const center = values.reduce((sum, value) => sum + value, 0) / n;
  const stretch = Math.sqrt(n / (n - 1));
  const means = new Float64Array(RESAMPLES);
  for (let r = 0; r < RESAMPLES; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[indices[r * n + i]];
    means[r] = center + (sum / n - center) * stretch;
  }
  means.sort();
  const tail = (1 - level) / 2;
  const sorted = Array.from(means);
  const quantile = (p: number) => quantileSorted(sorted, p) as number;
  const below = means.filter((mean) => mean <= 0).length;
  const above = means.filter((mean) => mean >= 0).length;
  return {
    interval: [quantile(tail), quantile(1 - tail)],
    pValue: Math.min(1, (2 * (Math.min(below, above) + 1)) / (RESAMPLES + 1)),
  };
}
