// Connected components of a mask: which object each voxel belongs to.

import { asVolume, createGrid, inMask } from "./grid.js";

/** Which voxels are neighbours: those sharing a corner, edge or face (8 in 2D, 26 in 3D), or a face only (4, 6). */
export type Connectivity = "full" | "faces";

/**
 * Number of the component of each voxel of a mask, from 1; 0 outside the mask. Components are numbered in the order of their
 * first voxel in the array.
 *
 * @param mask one value per voxel; above 0.5 belongs to the mask
 * @param space extents of 1 to 3 axes, slowest first
 * @param connectivity "full" where absent
 */
export function components(
  mask: ArrayLike<number>,
  space: readonly number[],
  connectivity: Connectivity = "full",
): Int32Array {
  const { voxels } = createGrid(mask.length, space);
  const [depth, height, width] = asVolume(space);
  const slice = height * width;
  const numbers = new Int32Array(voxels);
  const queue = new Int32Array(voxels);
  const farthest = connectivity === "full" ? 3 : 1;
  let count = 0;
  for (let first = 0; first < voxels; first++) {
    if (numbers[first] || !inMask(mask[first])) continue;
    numbers[first] = ++count;
    queue[0] = first;
    for (let next = 0, end = 1; next < end; next++) {
      const at = queue[next];
      const z = Math.floor(at / slice);
      const y = Math.floor(at / width) % height;
      const x = at % width;
      for (let dz = z > 0 ? -1 : 0; dz <= 1 && z + dz < depth; dz++) {
        for (let dy = y > 0 ? -1 : 0; dy <= 1 && y + dy < height; dy++) {
          for (let dx = x > 0 ? -1 : 0; dx <= 1 && x + dx < width; dx++) {
            if (Math.abs(dz) + Math.abs(dy) + Math.abs(dx) > farthest) continue;
            const neighbour = at + dz * slice + dy * width + dx;
            if (numbers[neighbour] || !inMask(mask[neighbour])) continue;
            numbers[neighbour] = count;
            queue[end++] = neighbour;
          }
        }
      }
    }
  }
  return numbers;
}
