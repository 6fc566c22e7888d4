// Tells a prediction that looks like probabilities where logits are expected: the mistake that trains badly and says nothing.

import type { Layout } from "../../formula/options.js";

/** Float32 sums of a softmax are nearer to 1 than this. */
const SUM_TOLERANCE = 1e-3;
/** Voxels whose sums are looked at. */
const MOST_VOXELS = 1000;

/**
 * Whether every value lies in [0, 1], and with several classes those of a voxel add up to 1. Values that are all the same say nothing: a new head
 * may give 0 everywhere. Of real logits the first few values tell.
 */
export function looksLikeProbabilities(values: ArrayLike<number>, shape: readonly number[], layout: Layout): boolean {
  let varies = false;
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= 0 && values[i] <= 1)) return false;
    varies ||= values[i] !== values[0];
  }
  if (!varies) return false;
  const classes = layout === "channels-last" ? shape[shape.length - 1] : shape[1];
  if (classes === 1) return true;
  const voxels = values.length / shape[0] / classes;
  // The first image is enough.
  for (let voxel = 0; voxel < Math.min(voxels, MOST_VOXELS); voxel++) {
    let sum = 0;
    for (let c = 0; c < classes; c++)
      sum += values[layout === "channels-last" ? voxel * classes + c : c * voxels + voxel];
    if (Math.abs(sum - 1) > SUM_TOLERANCE) return false;
  }
  return true;
}
