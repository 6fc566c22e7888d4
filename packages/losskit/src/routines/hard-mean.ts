// Weights that make the mean of the hard voxels, those of a large value, a sum over all.

import { LosskitError } from "../errors.js";
import { largest } from "./descending-order.js";
import { topMeanCount } from "./top-mean.js";

/**
 * 1/k for the k largest values and 0 for the others: online hard example mining (Shrivastava et al., CVPR 2016) with a threshold. k is
 * the number of values of at least `threshold`, but no fewer than top_mean takes for `fraction`: max(1, ⌊fraction × number of values⌋).
 * Of equal values at the limit the first ones count.
 *
 * @param values without NaN; an empty list has no weights
 * @param threshold in the unit of the values, not NaN
 * @param fraction above 0, at most 1
 * @throws LosskitError PARAMETER for another threshold or fraction
 */
export function hardMeanWeights(values: Float64Array, threshold: number, fraction: number): Float64Array {
  if (Number.isNaN(threshold)) {
    throw new LosskitError("PARAMETER", "hard_mean got the threshold NaN; it takes a number in the unit of its values");
  }
  let hard = 0;
  for (let i = 0; i < values.length; i++) if (values[i] >= threshold) hard++;
  const count = Math.max(hard, topMeanCount(values.length, fraction, "hard_mean"));
  const weights = new Float64Array(values.length);
  for (const index of largest(values, count)) weights[index] = 1 / count;
  return weights;
}
