// The geometry of one image: extents, strides and spacing of its axes, and the lines of voxels along them.

import { LosskitError } from "../errors.js";

export interface Grid {
  readonly voxels: number;
  /** Extent of each axis, the slowest first. */
  readonly space: readonly number[];
  /** Steps in the flat array between neighbours along each axis. */
  readonly strides: readonly number[];
  /** Distance between neighbours along each axis. */
  readonly spacing: readonly number[];
}

/**
 * Largest quotient of two spacings of one grid. Distances are squared on the way, and the square of its inverse must stay
 * a normal number.
 */
const MAX_SPACING_RATIO = 1e100;

/**
 * Checks that an array fits a grid, and lays the grid out.
 *
 * @param length voxels of the array
 * @param space extents of 1 to 3 axes, slowest first
 * @param spacing one positive number per axis; 1 where absent
 * @throws LosskitError SHAPE for extents that are not whole numbers from 1, ARRAY for another length, OPTION for spacings
 */
export function createGrid(length: number, space: readonly number[], spacing: readonly number[] = unit(space)): Grid {
  if (space.length < 1 || space.length > 3 || !space.every((extent) => Number.isInteger(extent) && extent >= 1)) {
    throw new LosskitError("SHAPE", `space is [${space}]; it holds 1 to 3 extents, whole numbers from 1`);
  }
  const strides = space.map((_, axis) => space.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const voxels = strides[0] * space[0];
  if (length !== voxels) {
    throw new LosskitError("ARRAY", `the array holds ${length} voxels; a space of [${space}] has ${voxels}`);
  }
  const fine = spacing.length === space.length && spacing.every((step) => Number.isFinite(step) && step > 0);
  if (!fine || Math.max(...spacing) / Math.min(...spacing) > MAX_SPACING_RATIO) {
    throw new LosskitError(
      "OPTION",
      `spacing is [${spacing}]; it holds one positive number for each of the ${space.length} axes of space, ` +
        `the largest at most ${MAX_SPACING_RATIO} times the smallest`,
    );
  }
  return { voxels, space, strides, spacing };
}

const unit = (space: readonly number[]) => space.map(() => 1);

/** Visits every line of voxels along an axis: its first voxel, and the step to the next. */
export function forEachLine(grid: Grid, axis: number, visit: (start: number, stride: number, extent: number) => void) {
  const stride = grid.strides[axis];
  const extent = grid.space[axis];
  for (let block = 0; block < grid.voxels; block += stride * extent) {
    for (let start = block; start < block + stride; start++) visit(start, stride, extent);
  }
}

/** Extents as [depth, height, width]: leading axes of extent 1 for an image with fewer, which change no index. */
export function asVolume(space: readonly number[]): readonly [number, number, number] {
  const [width, height = 1, depth = 1] = [...space].reverse();
  return [depth, height, width];
}

/** A voxel belongs to a mask where its value is above one half, so that 0/1 masks and probabilities read alike. */
export const inMask = (value: number): boolean => value > 0.5;
