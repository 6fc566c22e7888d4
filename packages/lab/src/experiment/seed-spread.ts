// How much a loss's mean moves from seed to seed, pooled over losses: with three seeds, one loss alone says too little.

import cdf from "@stdlib/stats-base-dists-t-cdf";
import quantile from "@stdlib/stats-base-dists-t-quantile";
import { mean } from "d3-array";

/** A spread with the degrees of freedom of its estimate. */
export interface Spread {
  readonly deviation: number;
  readonly degrees: number;
}

/**
 * Standard deviation of a trial's mean around the mean of its loss.
 *
 * @param means one list per loss, one number per seed; losses with one seed add nothing
 */
export function pooledSpread(means: readonly (readonly number[])[]): Spread {
  let squares = 0;
  let degrees = 0;
  for (const list of means) {
    const center = mean(list) ?? 0;
    for (const value of list) squares += (value - center) ** 2;
    degrees += Math.max(0, list.length - 1);
  }
  return { deviation: degrees > 0 ? Math.sqrt(squares / degrees) : Number.NaN, degrees };
}

/**
 * Student's interval and two-sided p-value for a mean of known standard error.
 *
 * @param error standard error with `degrees` degrees of freedom; 0 (identical trials) gives p 0, or 1 for no difference
 */
export function studentInterval(
  center: number,
  error: number,
  degrees: number,
  level: number,
): { readonly interval: readonly [number, number]; readonly pValue: number } {
  const half = quantile(1 - (1 - level) / 2, degrees) * error;
  const pValue = error > 0 ? 2 * (1 - cdf(Math.abs(center) / error, degrees)) : center === 0 ? 1 : 0;
  return { interval: [center - half, center + half], pValue };
}
