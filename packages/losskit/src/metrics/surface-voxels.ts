// The voxels of a mask that are its surface: those that share a face with the outside.

import type { Extents } from "./cropped-masks.js";

/** Points of a surface on a grid. */
export interface Surface {
  /** 1 at the points, 0 elsewhere. */
  readonly marks: Uint8Array;
  readonly extents: Extents;
  /** Where the points are in `marks`, ascending. */
  readonly positions: Int32Array;
  /** Length or area of the piece of surface at each point; absent where each point counts 1. */
  readonly sizes?: Float64Array;
}

/**
 * The border voxels of a mask: the mask without its erosion by the cross, as MONAI and medpy take them. What lies beyond the image
 * is outside, so that a mask that runs out of it has a border there.
 *
 * @param mask 0 or 1 per voxel; 0 at both ends of each of the last `axes` axes
 */
export function borderVoxels(mask: Uint8Array, extents: Extents, axes: number): Surface {
  const [depth, height, width] = extents;
  const row = axes > 1 ? width : 0;
  const slice = axes > 2 ? width * height : 0;
  const marks = new Uint8Array(mask.length);
  let count = 0;
  for (let z = slice && 1; z < depth - (slice && 1); z++) {
    for (let y = row && 1; y < height - (row && 1); y++) {
      const start = (z * height + y) * width;
      for (let at = start + 1, end = start + width - 1; at < end; at++) {
        if (mask[at] === 0) continue;
        // Along an axis that the image does not have the step is 0, and the voxel its own neighbour.
        const inner =
          mask[at - 1] & mask[at + 1] & mask[at - row] & mask[at + row] & mask[at - slice] & mask[at + slice];
        if (inner === 1) continue;
        marks[at] = 1;
        count++;
      }
    }
  }
  return { marks, extents, positions: positionsOf(marks, count) };
}

/** All voxels of a mask. */
export function allVoxels(mask: Uint8Array, extents: Extents): Surface {
  let count = 0;
  for (let at = 0; at < mask.length; at++) count += mask[at];
  return { marks: mask, extents, positions: positionsOf(mask, count) };
}

/** Where the marks are, given how many there are. */
export function positionsOf(marks: Uint8Array, count: number): Int32Array {
  const positions = new Int32Array(count);
  for (let at = 0, i = 0; i < count; at++) if (marks[at] !== 0) positions[i++] = at;
  return positions;
}
