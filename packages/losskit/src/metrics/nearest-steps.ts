// The number of steps on the grid from the points of one surface to the nearest point of another, diagonal steps included or not.

import type { Surface } from "./surface-voxels.js";

/** More steps than any grid has; leaves room for adding. */
const FAR = 2 ** 30;

/**
 * Steps of each point of `from` to the nearest of `to`, in the order of `from.positions`; Infinity where `to` has no point.
 *
 * Two sweeps over the grid find the steps within y and z, each from the neighbours that come before (Rosenfeld and Pfaltz,
 * "Sequential operations in digital picture processing", J. ACM 13, 1966); along x the search goes outwards from the point until the steps
 * alone are as many as the fewest found.
 *
 * @param diagonal true for the largest of the steps along the axes (chessboard), false for their sum (taxicab)
 */
export function nearestSteps(from: Surface, to: Surface, diagonal: boolean): Float64Array {
  const counts = new Float64Array(from.positions.length);
  if (to.positions.length === 0) return counts.fill(Number.POSITIVE_INFINITY);
  const width = from.extents[2];
  const steps = stepsAcrossX(to, diagonal);
  for (let i = 0; i < counts.length; i++) {
    const at = from.positions[i];
    const before = at % width;
    const after = width - 1 - before;
    let fewest = steps[at];
    for (let k = 1; k < fewest && (k <= before || k <= after); k++) {
      if (k <= before) fewest = Math.min(fewest, diagonal ? Math.max(k, steps[at - k]) : k + steps[at - k]);
      if (k <= after) fewest = Math.min(fewest, diagonal ? Math.max(k, steps[at + k]) : k + steps[at + k]);
    }
    counts[i] = fewest;
  }
  return counts;
}

/** Steps within y and z to the nearest mark with the same x; FAR or more where there is none. */
function stepsAcrossX({ marks, extents: [depth, height, width] }: Surface, diagonal: boolean): Int32Array {
  const slice = height * width;
  const steps = new Int32Array(marks.length);
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (const end = at + width; at < end; at++) {
        let fewest = marks[at] !== 0 ? 0 : FAR;
        if (y > 0) fewest = Math.min(fewest, steps[at - width] + 1);
        if (z > 0) fewest = Math.min(fewest, steps[at - slice] + 1);
        if (diagonal && z > 0 && y > 0) fewest = Math.min(fewest, steps[at - slice - width] + 1);
        if (diagonal && z > 0 && y < height - 1) fewest = Math.min(fewest, steps[at - slice + width] + 1);
        steps[at] = fewest;
      }
    }
  }
  for (let z = depth - 1, at = steps.length - 1; z >= 0; z--) {
    for (let y = height - 1; y >= 0; y--) {
      for (const end = at - width; at > end; at--) {
        let fewest = steps[at];
        if (y < height - 1) fewest = Math.min(fewest, steps[at + width] + 1);
        if (z < depth - 1) fewest = Math.min(fewest, steps[at + slice] + 1);
        if (diagonal && z < depth - 1 && y < height - 1) fewest = Math.min(fewest, steps[at + slice + width] + 1);
        if (diagonal && z < depth - 1 && y > 0) fewest = Math.min(fewest, steps[at + slice - width] + 1);
        steps[at] = fewest;
      }
    }
  }
  return steps;
}
