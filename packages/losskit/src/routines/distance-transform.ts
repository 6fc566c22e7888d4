// Exact Euclidean distance of every voxel to a mask, and the signed distance to its border.

import { createGrid, forEachLine, type Grid, inMask } from "./grid.js";

/**
 * Distance of each voxel's centre to the centre of the nearest voxel of the mask, in the units of the spacing; 0 on the mask.
 *
 * A mask without any voxel has no distance: the field is 0 everywhere, so that losses that weigh errors by it ignore the image
 * instead of becoming infinite. Linear time: the lower envelope of parabolas, axis by axis (Felzenszwalb and
 * Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 8, 2012).
 *
 * @param mask one value per voxel; above 0.5 belongs to the mask
 * @param space extents of 1 to 3 axes, slowest first
 * @param spacing distance between neighbours along each axis
 */
export function distancesTo(
  mask: ArrayLike<number>,
  space: readonly number[],
  spacing: readonly number[],
): Float64Array {
  const grid = createGrid(mask.length, space, spacing);
  const squares = new Float64Array(grid.voxels);
  let any = false;
  for (let i = 0; i < squares.length; i++) {
    if (inMask(mask[i])) any = true;
    else squares[i] = Number.POSITIVE_INFINITY;
  }
  if (!any) return squares.fill(0);
  // In units near the largest spacing the squares can neither overflow nor vanish; a power of two rounds nothing.
  const unit = 2 ** Math.floor(Math.log2(Math.max(...spacing)));
  for (let axis = grid.space.length - 1; axis >= 0; axis--) lowerEnvelopes(squares, grid, axis, spacing[axis] / unit);
  for (let i = 0; i < squares.length; i++) squares[i] = Math.sqrt(squares[i]) * unit;
  return squares;
}

/** The parabolas of a line that are the lowest somewhere. */
export interface LowerEnvelope {
  /** Value at each position of the line: how high the parabola of the position starts; infinite where there is none. */
  readonly heights: Float64Array;
  /** Positions of the parabolas of the envelope, and from where on each is the lowest. */
  readonly sites: Int32Array;
  readonly starts: Float64Array;
}

export const emptyEnvelope = (extent: number): LowerEnvelope => ({
  heights: new Float64Array(extent),
  sites: new Int32Array(extent),
  starts: new Float64Array(extent),
});

/**
 * Finds `sites` and `starts` of a line from its `heights`.
 *
 * @param keepsTies whether a parabola stays that is lowest at one point only, where others are as low
 * @returns index of the last parabola; -1 where there is none
 */
export function findEnvelope({ heights, sites, starts }: LowerEnvelope, step: number, keepsTies: boolean): number {
  const doubleSquare = 2 * step * step;
  let last = -1;
  for (let q = 0; q < heights.length; q++) {
    const height = heights[q];
    if (height === Number.POSITIVE_INFINITY) continue;
    let from = Number.NEGATIVE_INFINITY;
    for (; last >= 0; last--) {
      const site = sites[last];
      // Where the two parabolas cross; q² - site² is taken as a product, which is exact.
      from = (q + site) / 2 + (height - heights[site]) / (doubleSquare * (q - site));
      if (from > starts[last] || (keepsTies && from === starts[last])) break;
    }
    last++;
    sites[last] = q;
    starts[last] = last === 0 ? Number.NEGATIVE_INFINITY : from;
  }
  return last;
}

/** Replaces each value by the smallest, over its line, of (step × distance along the line)² + value there. */
function lowerEnvelopes(squares: Float64Array, grid: Grid, axis: number, step: number): void {
  const extent = grid.space[axis];
  const envelope = emptyEnvelope(extent);
  const { heights, sites, starts } = envelope;
  forEachLine(grid, axis, (start, stride) => {
    for (let q = 0, at = start; q < extent; q++, at += stride) heights[q] = squares[at];
    const last = findEnvelope(envelope, step, false);
    if (last < 0) return;
    for (let q = 0, at = start, current = 0; q < extent; q++, at += stride) {
      while (current < last && starts[current + 1] < q) current++;
      const distance = step * (q - sites[current]);
      squares[at] = heights[sites[current]] + distance * distance;
    }
  });
}

/**
 * Signed distance to the border of a mask (Kervadec et al., "Boundary loss for highly unbalanced segmentation", MIDL 2019):
 * positive outside, the distance to the mask; negative inside, -(distance to the outside - h), so that the inner border
 * is 0.
 *
 * The authors' h is 1 whatever the spacing, which makes voxels inside positive where the spacing is below 1. Here h is the
 * smallest spacing: the same for unit spacing, and never positive inside. Where the spacing differs between axes, border voxels that
 * face the outside only along a coarser axis get minus the difference. Axes with one voxel have no neighbours and do not
 * count. What lies beyond the grid is unknown, not outside. A mask with no voxel, or with all, has no border: 0 everywhere.
 *
 * @param mask one value per voxel; above 0.5 belongs to the mask
 */
export function signedDistance(
  mask: ArrayLike<number>,
  space: readonly number[],
  spacing: readonly number[],
): Float64Array {
  const outside = new Uint8Array(mask.length);
  let count = 0;
  for (let i = 0; i < outside.length; i++) {
    if (inMask(mask[i])) continue;
    outside[i] = 1;
    count++;
  }
  const field = distancesTo(mask, space, spacing);
  if (count === 0 || count === outside.length) return field.fill(0);
  const toOutside = distancesTo(outside, space, spacing);
  const innerBorder = Math.min(...spacing.filter((_, axis) => space[axis] > 1));
  // 0 - …, not minus: the inner border is +0.
  for (let i = 0; i < field.length; i++) if (!outside[i]) field[i] = 0 - (toOutside[i] - innerBorder);
  return field;
}
