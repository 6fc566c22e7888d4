// Weights that make the mean of the largest values a sum over all.

import { LosskitError } from "../errors.js";
import { largest } from "./descending-order.js";

/**
 * 1/k for the k largest values and 0 for the others, k = max(1, ⌊fraction × number of values⌋): a small list still has one that
 * counts. Of equal values at the limit the first ones count.
 *
 * @param values without NaN; an empty list has no weights
 * @param fraction above 0, at most 1
 * @throws LosskitError PARAMETER for another fraction
 */
export function topMeanWeights(values: Float64Array, fraction: number): Float64Array {
  const weights = new Float64Array(values.length);
  const count = topMeanCount(values.length, fraction);
  for (const index of largest(values, count)) weights[index] = 1 / count;
  return weights;
}

/**
 * How many of some values count: k; 0 only where there are none.
 *
 * @param routine the name that an error gives to the one who asked
 * @throws LosskitError PARAMETER for a fraction that is not above 0, at most 1
 */
export function topMeanCount(values: number, fraction: number, routine = "top_mean"): number {
  if (!(fraction > 0 && fraction <= 1)) {
    throw new LosskitError(
      "PARAMETER",
      `${routine} got the fraction ${fraction}; it takes a number above 0, at most 1`,
    );
  }
  // The fraction and the product are rounded by at most 2^-53 each: 0.29 × 100 is 28.999999999999996, and 29 is meant.
  const product = fraction * values * (1 + 2 * Number.EPSILON);
  return Math.min(values, Math.max(1, Math.floor(product)));
}
