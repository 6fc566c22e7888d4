// The weights of the Lovász extension, computed in the library's memory.

import { lovaszWeights as reference } from "../../../routines/lovasz.js";
import { release, reserve, views } from "../memory.js";
import ranksBytes from "./lovasz-ranks.generated.js";
import voxelsBytes from "./lovasz-voxels.generated.js";
import { routineModule } from "./routine-module.js";

const voxelsModule = routineModule(voxelsBytes);
const ranksModule = routineModule(ranksBytes);

/** Most voxels whose counts, and the products of two of them, are exact. */
export const MOST_VOXELS = 2 ** 26;

/**
 * Writes the weights of `lovaszWeights` in routines/lovasz.ts, rounded to float32, and returns Σ error × weight in float64. Voxels whose
 * error is 0 have weight 0 in place of theirs: they add nothing to the sum, and errors cut off at 0 have slope 0 there.
 * Linear time, whatever the errors are. Where an error is below 0 the reference computes it all, more slowly.
 *
 * @param errors address of float32, without NaN
 * @param targets address of float32; above 0.5 belongs to the class
 * @param weights address of float32; not that of another argument
 * @param voxels 0 to MOST_VOXELS
 * @throws LosskitError MEMORY where there is no memory for the scratch: 4 bytes per voxel and 3 MB
 */
export function lovaszWeights(errors: number, targets: number, weights: number, voxels: number): number {
  const overVoxels = voxelsModule().functions;
  const ranks = ranksModule().functions;
  const scratch = reserve(overVoxels.scratchBytes(voxels));
  try {
    // The steps are those of assembly/lovasz-layout.ts.
    const count = overVoxels.collectKeys(errors, targets, weights, voxels, scratch);
    if (count < 0) return byReference(errors, targets, weights, voxels);
    if (overVoxels.positives(scratch) === 0) return overVoxels.weighLargest(errors, weights, voxels);
    const buckets = overVoxels.fillBuckets(weights, count, scratch);
    const value = buckets > 0 ? ranks.rankBuckets(buckets, scratch) : ranks.rank(weights, count, scratch);
    overVoxels.giveWeights(errors, weights, voxels, count, buckets, scratch);
    return value;
  } finally {
    release(scratch);
  }
}

/** Whether float32 at an address are all 0 or 1. */
export const areHard = (targets: number, length: number): boolean =>
  voxelsModule().functions.areHard(targets, length) !== 0;

function byReference(errors: number, targets: number, weights: number, voxels: number): number {
  const { f32 } = views();
  const list = (address: number) => f32.subarray(address / 4, address / 4 + voxels);
  const values = Float64Array.from(list(errors));
  const result = reference(values, list(targets));
  list(weights).set(result);
  return result.reduce((sum, weight, i) => sum + weight * values[i], 0);
}
