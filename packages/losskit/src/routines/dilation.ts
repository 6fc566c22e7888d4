// A mask grown by a number of voxels.

import { LosskitError } from "../errors.js";
import { createGrid, forEachLine, inMask } from "./grid.js";

/**
 * 1 on the voxels from which the mask is reached in at most `iterations` steps to a neighbour that shares a face, 0 elsewhere: the mask
 * dilated that often by the cross (3, 5 or 7 voxels).
 *
 * The steps from voxel to voxel are the sum of the distances along the axes, so two sweeps over each axis give them for all voxels; the
 * time does not depend on the iterations.
 *
 * @param mask one value per voxel; above 0.5 belongs to the mask
 * @param space extents of 1 to 3 axes, slowest first
 * @param iterations whole number from 0
 * @throws LosskitError PARAMETER for other iterations
 */
export function dilation(mask: ArrayLike<number>, space: readonly number[], iterations: number): Float64Array {
  const grid = createGrid(mask.length, space);
  if (!Number.isInteger(iterations) || iterations < 0) {
    throw new LosskitError("PARAMETER", `dilation got ${iterations} iterations; it takes a whole number from 0`);
  }
  const steps = new Float64Array(grid.voxels);
  for (let i = 0; i < steps.length; i++) steps[i] = inMask(mask[i]) ? 0 : Number.POSITIVE_INFINITY;
  for (let axis = 0; axis < space.length; axis++) {
    forEachLine(grid, axis, (start, stride, extent) => {
      const last = start + (extent - 1) * stride;
      for (let at = start; at < last; at += stride) steps[at + stride] = Math.min(steps[at + stride], steps[at] + 1);
      for (let at = last; at > start; at -= stride) steps[at - stride] = Math.min(steps[at - stride], steps[at] + 1);
    });
  }
  for (let i = 0; i < steps.length; i++) steps[i] = steps[i] <= iterations ? 1 : 0;
  return steps;
}
