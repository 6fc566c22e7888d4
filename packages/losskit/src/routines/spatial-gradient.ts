// Lengths of the spatial gradient by forward differences, and their vector-Jacobian products.

import { createGrid, forEachLine } from "./grid.js";

type PerVoxel = (values: Float64Array, space: readonly number[], spacing: readonly number[]) => Float64Array;
type Product = (
  values: Float64Array,
  space: readonly number[],
  spacing: readonly number[],
  cotangent: Float64Array,
) => Float64Array;

/**
 * Sum over the axes of ((next voxel - this voxel) / spacing)²; the difference past the far edge is 0.
 *
 * @param values one per voxel, row-major over `space` (1 to 3 axes, slowest first)
 */
export const squaredGradient: PerVoxel = (values, space, spacing) =>
  sumOfDifferences(values, space, spacing, (slope) => slope * slope);

/** The gradient of Σ cotangent × squaredGradient(values) with respect to the values. */
export const squaredGradientProduct: Product = (values, space, spacing, cotangent) =>
  sumOfSlopes(values, space, spacing, cotangent, (slope) => 2 * slope);

/** Sum over the axes of |next voxel - this voxel| / spacing: anisotropic total variation; 0 past the far edge. */
export const absoluteGradient: PerVoxel = (values, space, spacing) =>
  sumOfDifferences(values, space, spacing, Math.abs);

/** The gradient of Σ cotangent × absoluteGradient(values); the slope of |d| at d = 0 is taken as 0. */
export const absoluteGradientProduct: Product = (values, space, spacing, cotangent) =>
  sumOfSlopes(values, space, spacing, cotangent, Math.sign);

function sumOfDifferences(
  values: Float64Array,
  space: readonly number[],
  spacing: readonly number[],
  length: (slope: number) => number,
): Float64Array {
  const grid = createGrid(values.length, space, spacing);
  const result = new Float64Array(values.length);
  for (let axis = 0; axis < space.length; axis++) {
    const step = spacing[axis];
    forEachLine(grid, axis, (start, stride, extent) => {
      const last = start + (extent - 1) * stride;
      for (let at = start; at < last; at += stride) result[at] += length((values[at + stride] - values[at]) / step);
    });
  }
  return result;
}

function sumOfSlopes(
  values: Float64Array,
  space: readonly number[],
  spacing: readonly number[],
  cotangent: Float64Array,
  derivative: (slope: number) => number,
): Float64Array {
  const grid = createGrid(values.length, space, spacing);
  const result = new Float64Array(values.length);
  for (let axis = 0; axis < space.length; axis++) {
    const step = spacing[axis];
    forEachLine(grid, axis, (start, stride, extent) => {
      const last = start + (extent - 1) * stride;
      for (let at = start; at < last; at += stride) {
        const share = (cotangent[at] * derivative((values[at + stride] - values[at]) / step)) / step;
        result[at] -= share;
        result[at + stride] += share;
      }
    });
  }
  return result;
}
