// Rows of numbers brought side by side without the voxels that do not count, and back, in the library's memory.

import { views } from "../memory.js";
import bytes from "./counted-voxels.generated.js";
import { routineModule } from "./routine-module.js";

const compiled = routineModule(bytes);

/**
 * Copies the numbers of a row that count to `to`.
 *
 * @param from address of float32, one for each voxel
 * @param valid address of float32, 0 where a voxel does not count; undefined where all do
 * @param to where there is room for the whole row
 * @returns how many count
 */
export function gatherCounted(from: number, valid: number | undefined, voxels: number, to: number): number {
  if (valid !== undefined) return compiled().functions.gather(from, valid, voxels, to);
  views().f32.copyWithin(to / 4, from / 4, from / 4 + voxels);
  return voxels;
}

/**
 * The way back: the next numbers for the voxels of a row that count, 0 for the others.
 *
 * @returns how many numbers it has taken
 */
export function spreadCounted(from: number, valid: number | undefined, voxels: number, to: number): number {
  if (valid !== undefined) return compiled().functions.spread(from, valid, voxels, to);
  views().f32.copyWithin(to / 4, from / 4, from / 4 + voxels);
  return voxels;
}
