// Means over a voxel's neighbourhood: the box of 3 voxels along each axis, and the Gaussian; 0 beyond the edge.

import { LosskitError } from "../errors.js";
import { createGrid, forEachLine, type Grid } from "./grid.js";

/**
 * Mean over the 3 (× 3 (× 3)) box around each voxel. Beyond the edge the values are 0 and count: the divisor stays 3^axes, so that
 * next to the edge the mean is pulled to 0, as in MONAI's NACL loss with kernel_ops "mean". An axis of extent 1 counts as an axis.
 *
 * The weights are symmetric, so the function is its own vector-Jacobian product.
 *
 * @param values one per voxel, row-major over `space` (1 to 3 axes, slowest first)
 */
export function neighbourMean(values: Float64Array, space: readonly number[]): Float64Array {
  const grid = createGrid(values.length, space);
  const sums = filterAlongAxes(values, grid, () => [1, 1]);
  const share = 1 / 3 ** space.length;
  for (let i = 0; i < sums.length; i++) sums[i] *= share;
  return sums;
}

/**
 * Mean with the weights of a Gaussian, axis after axis: the weight at a distance of k voxels is the Gaussian's integral over that voxel,
 * from k - 1/2 to k + 1/2. The kernel ends `4 sigma` away, rounded to whole voxels and at least 1, and is not scaled up for what was cut
 * off (6.4e-5 of it at most, along each axis); beyond the edge the values are 0. It is MONAI's GaussianFilter with its
 * defaults (truncated 4, "erf"), the NACL loss's kernel_ops "gaussian".
 *
 * The weights are symmetric, so the function is its own vector-Jacobian product.
 *
 * @param values one per voxel, row-major over `space` (1 to 3 axes, slowest first)
 * @param sigma standard deviation in voxels (not in the units of the spacing), a number above 0
 * @throws LosskitError PARAMETER for another sigma
 */
export function gaussianMean(values: Float64Array, space: readonly number[], sigma: number): Float64Array {
  const grid = createGrid(values.length, space);
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new LosskitError("PARAMETER", `gaussian_mean got the sigma ${sigma}; it takes a number of voxels above 0`);
  }
  // A kernel reaches no farther than the image: no sigma makes it longer.
  return filterAlongAxes(values, grid, (extent) => gaussianKernel(sigma, extent));
}

/** Weights of a Gaussian at the distances 0, 1, …, at most `most` of them. */
export function gaussianKernel(sigma: number, most: number): readonly number[] {
  const reach = Math.floor(Math.max(4 * sigma, 0.5) + 0.5);
  const upTo = (x: number) => errorFunction(x / (sigma * Math.SQRT2)) / 2;
  return Array.from({ length: Math.min(reach + 1, most) }, (_, k) => upTo(k + 0.5) - upTo(k - 0.5));
}

/**
 * erf(x) = 2/√π e^(-x²) Σ 2^n x^(2n+1) / (1·3·…·(2n+1)) (Abramowitz and Stegun 7.1.6): all terms have the sign of x, so nothing
 * cancels. From 6 on it is 1 to the last bit of a double.
 */
function errorFunction(x: number): number {
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = 0;
  for (let n = 1; sum + term !== sum; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Σ over k of kernel[|k|] × the value k voxels on, along one axis after the other. */
function filterAlongAxes(
  values: Float64Array,
  grid: Grid,
  kernelFor: (extent: number) => readonly number[],
): Float64Array {
  const result = values.slice();
  for (let axis = 0; axis < grid.space.length; axis++) {
    const kernel = kernelFor(grid.space[axis]);
    const line = new Float64Array(grid.space[axis]);
    forEachLine(grid, axis, (start, stride, extent) => {
      for (let q = 0, at = start; q < extent; q++, at += stride) line[q] = result[at];
      for (let q = 0, at = start; q < extent; q++, at += stride) {
        let sum = kernel[0] * line[q];
        for (let k = 1; k < kernel.length; k++) {
          if (q >= k) sum += kernel[k] * line[q - k];
          if (q + k < extent) sum += kernel[k] * line[q + k];
        }
        result[at] = sum;
      }
    });
  }
  return result;
}
