// Surface elements half a voxel beside the voxels' centres: where eight neighbours are not all in or out, and how large a piece is there.

import type { Extents } from "./cropped-masks.js";
import { positionsOf, type Surface } from "./surface-voxels.js";
import { surfelSizes } from "./surfel-sizes.js";

/**
 * The surfels of a mask (Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for radiotherapy", JMIR 2021;
 * the surface-distance package): the points in the middle of 2 × 2 × 2 neighbours (2 × 2 in an image, 2 in a line) that are neither all
 * inside nor all outside, each with the area (length, number) of the surface between them. The grid of these points is shifted by
 * half a voxel and has one point less along each axis than the mask.
 *
 * @param mask 0 or 1 per voxel; 0 at both ends of each of the last `axes` axes
 * @param spacing of the three axes of `extents`
 */
export function surfels(mask: Uint8Array, extents: Extents, axes: number, spacing: readonly number[]): Surface {
  const [, maskHeight, maskWidth] = extents;
  const [depth, height, width] = extents.map((extent, axis) => (axis < 3 - axes ? extent : extent - 1));
  const row = axes > 1 ? maskWidth : 0;
  const slice = axes > 2 ? maskWidth * maskHeight : 0;
  const codes = new Uint8Array(depth * height * width);
  let count = 0;
  for (let z = 0, point = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      let at = (z * maskHeight + y) * maskWidth;
      // A column holds the up to four neighbours with the same x; along an axis that the image does not have, twice the same. The
      // first is outside.
      let column = 0;
      for (let x = 0; x < width; x++, point++) {
        at++;
        const next = mask[at] | (mask[at + slice] << 1) | (mask[at + row] << 2) | (mask[at + row + slice] << 3);
        const code = column | (next << 4);
        column = next;
        if (code === 0 || code === ALL_INSIDE) continue;
        codes[point] = code;
        count++;
      }
    }
  }
  const positions = positionsOf(codes, count);
  const sizeOf = surfelSizes(axes, spacing);
  const sizes = new Float64Array(count);
  for (let i = 0; i < count; i++) sizes[i] = sizeOf[codes[positions[i]]];
  return { marks: codes, extents: [depth, height, width], positions, sizes };
}

const ALL_INSIDE = 255;
