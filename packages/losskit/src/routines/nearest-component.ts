// Which object of a mask each voxel is nearest to: the Voronoi regions of its connected components.

import { components } from "./components.js";
import { emptyEnvelope, findEnvelope } from "./distance-transform.js";
import { createGrid, forEachLine, type Grid } from "./grid.js";

/**
 * Number of the connected component (numbered as `components` does, full connectivity) whose nearest voxel is nearest to each voxel's
 * centre; 0 everywhere for a mask without a voxel. Equally near components: the smaller number. With spacings whose squares are not exact
 * in a double, such as 0.1, distances that differ only by rounding may count as different.
 *
 * It is the distance transform's lower envelope of parabolas (distance-transform.ts) that carries along which parabola is lowest. Taking
 * the smallest number of all nearest voxels of a line, axis by axis, leaves the smallest of all nearest voxels of the image.
 *
 * @param mask one value per voxel; above 0.5 belongs to the mask
 * @param space extents of 1 to 3 axes, slowest first
 * @param spacing distance between neighbours along each axis
 */
export function nearestComponent(
  mask: ArrayLike<number>,
  space: readonly number[],
  spacing: readonly number[],
): Int32Array {
  const grid = createGrid(mask.length, space, spacing);
  const numbers = components(mask, space);
  const squares = Float64Array.from(numbers, (number) => (number > 0 ? 0 : Number.POSITIVE_INFINITY));
  // In units near the largest spacing the squares can neither overflow nor vanish; a power of two rounds nothing.
  const unit = 2 ** Math.floor(Math.log2(Math.max(...spacing)));
  for (let axis = space.length - 1; axis >= 0; axis--) {
    carryNearest(squares, numbers, grid, axis, spacing[axis] / unit);
  }
  return numbers;
}

/**
 * Replaces each value by the smallest, over its line, of (step × distance along the line)² + value there, and each number by that
 * of where it is smallest; the smallest number at a tie.
 */
function carryNearest(squares: Float64Array, numbers: Int32Array, grid: Grid, axis: number, step: number): void {
  const extent = grid.space[axis];
  const envelope = emptyEnvelope(extent);
  const { heights, sites, starts } = envelope;
  const labels = new Int32Array(extent);
  forEachLine(grid, axis, (start, stride) => {
    for (let q = 0, at = start; q < extent; q++, at += stride) {
      heights[q] = squares[at];
      labels[q] = numbers[at];
    }
    // A parabola that is lowest at one point only stays: there it ties, and its number may be the smallest.
    const last = findEnvelope(envelope, step, true);
    if (last < 0) return;
    for (let q = 0, at = start, current = 0; q < extent; q++, at += stride) {
      while (current < last && starts[current + 1] < q) current++;
      let number = labels[sites[current]];
      for (let tied = current + 1; tied <= last && starts[tied] === q; tied++) {
        number = Math.min(number, labels[sites[tied]]);
      }
      const distance = step * (q - sites[current]);
      squares[at] = heights[sites[current]] + distance * distance;
      numbers[at] = number;
    }
  });
}
