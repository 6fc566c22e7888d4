// Weights that make the Lovász extension of the Jaccard loss a sum of errors.

import { descendingOrder } from "./descending-order.js";
import { inMask } from "./grid.js";

/**
 * Weights w such that Σ w × errors is the Lovász extension of the Jaccard loss (Berman et al., CVPR 2018, algorithm 1).
 * The weight of a voxel is what the Jaccard loss grows by when the voxel is marked wrong after all voxels of larger error. The
 * weights are constant while the order of the errors is, so they are also the gradient.
 *
 * Equal errors are taken in the order of their indices; the value does not depend on it, the gradient does. Without a voxel of
 * the class the first wrong one makes the loss 1: the largest error has weight 1 and the others 0. No voxels: no
 * weights, and the loss is 0.
 *
 * @param errors one per voxel of one class, without NaN, in any order
 * @param targets 0 or 1 per voxel
 */
export function lovaszWeights(errors: Float64Array, targets: ArrayLike<number>): Float64Array {
  const weights = new Float64Array(errors.length);
  const order = descendingOrder(errors);
  let positives = 0;
  for (let i = 0; i < errors.length; i++) if (inMask(targets[i])) positives++;
  /** Voxels of the class not yet marked wrong, and voxels of the class or wrongly marked as it. */
  let kept = positives;
  let union = positives;
  for (const index of order) {
    // The growth of 1 - kept / union, in closed form: differences of neighbouring losses would lose the digits.
    if (inMask(targets[index])) {
      kept--;
      weights[index] = 1 / union;
    } else {
      weights[index] = union === 0 ? 1 : kept / (union * (union + 1));
      union++;
    }
  }
  return weights;
}
