// The weights of the mean of the largest values, computed in the library's memory.

import { topMeanCount } from "../../../routines/top-mean.js";
import { release, reserve } from "../memory.js";
import { routineModule } from "./routine-module.js";
import bytes from "./top-mean.generated.js";

const topMean = routineModule(bytes);

/**
 * Writes the weights of `topMeanWeights` in routines/top-mean.ts, rounded to float32: 1/k for the k largest values, of equal ones the
 * first. Linear time.
 *
 * @param values address of float32, without NaN
 * @param weights address of float32; may be that of the values
 * @param voxels from 0
 * @param fraction above 0, at most 1
 * @throws LosskitError PARAMETER for another fraction, MEMORY where there is no memory for 32 KB of scratch
 */
export function topMeanWeights(values: number, weights: number, voxels: number, fraction: number): void {
  const count = topMeanCount(voxels, fraction);
  if (count === 0) return;
  const { functions } = topMean();
  const scratch = reserve(functions.scratchBytes());
  try {
    functions.topMean(values, weights, voxels, count, scratch);
  } finally {
    release(scratch);
  }
}
