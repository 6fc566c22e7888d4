// Weighted sum of iterated soft erosions of an error map (the Hausdorff erosion loss), and its vector-Jacobian product.

import { LosskitError } from "../errors.js";
import { createGrid, forEachLine, type Grid } from "./grid.js";

/**
 * More than images need, an erosion taking about a voxel from each side; yet pairs of voxels in 1D and blocks of 2 × 2 (× 2) never vanish,
 * as all of them tie for the largest value, and a careless number would take for ever.
 */
const MOST_ITERATIONS = 1000;

/**
 * Σ over k = 1 … iterations of k^exponent × the map after k soft erosions: what survives many erosions is far from right, so the sum stands
 * for a Hausdorff distance (Karimi and Salcudean, "Reducing the Hausdorff distance in medical image segmentation with convolutional
 * neural networks", IEEE TMI 2019, the loss HD_ER).
 *
 * One soft erosion: the mean over a voxel and its face neighbours, 0 beyond the edge and with a divisor that stays 2 × axes + 1;
 * less 1/2; 0 where that is negative; then, unless all voxels are equal, shifted and scaled so that the smallest value is 0 and the
 * largest 1. The normalised map is what is summed and what the next erosion starts from. kornia's HausdorffERLoss and SegLoss's
 * (losses_pytorch/hausdorff.py) do the same in the same order in 2D. In 3D kornia has this cross of 7 voxels too; SegLoss lays its kernel
 * over the channels by mistake, so that there only 5 of the 7 voxels are found and hardly any error survives. Both
 * scale by image and channel.
 *
 * @param values one per voxel, squared errors in [0, 1] as a rule, row-major over `space` (1 to 3 axes, slowest first)
 * @param iterations whole number from 0 to 1000
 * @param exponent of the number of the erosion; finite, and so is iterations^exponent
 * @throws LosskitError PARAMETER for other iterations or exponents
 */
export function softErosions(
  values: Float64Array,
  space: readonly number[],
  iterations: number,
  exponent: number,
): Float64Array {
  const grid = createGrid(values.length, space);
  checkParameters(iterations, exponent);
  const result = new Float64Array(values.length);
  let image = values;
  for (let k = 1; k <= iterations; k++) {
    image = normalised(erode(image, grid));
    const weight = k ** exponent;
    let any = false;
    for (let i = 0; i < image.length; i++) {
      if (image[i] === 0) continue;
      any = true;
      result[i] += weight * image[i];
    }
    if (!any) break;
  }
  return result;
}

/**
 * The gradient of Σ cotangent × softErosions(values, space, iterations, exponent) with respect to the values.
 *
 * Conventions where there is no derivative: what is cut off at 0 has slope 0, at the bound too; of voxels that tie for the largest
 * or smallest value of a map the first one gets its whole gradient. It holds one array per iteration that changes anything.
 */
export function softErosionsProduct(
  values: Float64Array,
  space: readonly number[],
  iterations: number,
  exponent: number,
  cotangent: Float64Array,
): Float64Array {
  const grid = createGrid(values.length, space);
  checkParameters(iterations, exponent);
  /** images[k] is the map after k erosions, as long as anything is left: later ones are 0 and stay 0. */
  const images: Float64Array[] = [values];
  while (images.length <= iterations) {
    const image = images[images.length - 1];
    const next = normalised(erode(image, grid));
    if (next.every((value) => value === 0)) break;
    images.push(next.every((value, i) => value === image[i]) ? image : next);
  }
  let toImage = new Float64Array(values.length);
  for (let k = images.length - 1; k >= 1; k--) {
    const weight = k ** exponent;
    for (let i = 0; i < toImage.length; i++) toImage[i] += weight * cotangent[i];
    const eroded = erode(images[k - 1], grid);
    backThroughNormalisation(toImage, images[k], extremes(eroded));
    for (let i = 0; i < toImage.length; i++) if (eroded[i] <= 0) toImage[i] = 0;
    toImage = crossMean(toImage, grid);
  }
  return toImage;
}

function checkParameters(iterations: number, exponent: number): void {
  if (!Number.isInteger(iterations) || iterations < 0 || iterations > MOST_ITERATIONS) {
    throw new LosskitError(
      "PARAMETER",
      `soft_erosions got ${iterations} iterations; it takes a whole number from 0 to ${MOST_ITERATIONS}`,
    );
  }
  if (!Number.isFinite(exponent) || !Number.isFinite(iterations ** exponent)) {
    throw new LosskitError(
      "PARAMETER",
      `soft_erosions got the exponent ${exponent} for ${iterations} iterations; it takes a number whose power of the iterations is finite`,
    );
  }
}

/** Mean over a voxel and its face neighbours, with zeros beyond the edge. It is its own vector-Jacobian product. */
function crossMean(values: Float64Array, grid: Grid): Float64Array<ArrayBuffer> {
  const sums = values.slice();
  for (let axis = 0; axis < grid.space.length; axis++) {
    forEachLine(grid, axis, (start, stride, extent) => {
      const last = start + (extent - 1) * stride;
      for (let at = start; at < last; at += stride) {
        sums[at] += values[at + stride];
        sums[at + stride] += values[at];
      }
    });
  }
  const size = 2 * grid.space.length + 1;
  for (let i = 0; i < sums.length; i++) sums[i] /= size;
  return sums;
}

function erode(values: Float64Array, grid: Grid): Float64Array {
  const means = crossMean(values, grid);
  for (let i = 0; i < means.length; i++) means[i] = Math.max(means[i] - 0.5, 0);
  return means;
}

/** Where the first of the smallest and of the largest values are, and how far these are apart. */
interface Extremes {
  readonly smallestAt: number;
  readonly largestAt: number;
  readonly range: number;
}

function extremes(values: Float64Array): Extremes {
  let [smallestAt, largestAt] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    if (values[i] < values[smallestAt]) smallestAt = i;
    if (values[i] > values[largestAt]) largestAt = i;
  }
  return { smallestAt, largestAt, range: values[largestAt] - values[smallestAt] };
}

/** The values from 0 to 1, in place; equal values stay as they are. */
function normalised(values: Float64Array): Float64Array {
  const { smallestAt, range } = extremes(values);
  if (!(range > 0)) return values;
  const smallest = values[smallestAt];
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - smallest) / range;
  return values;
}

/**
 * Turns the cotangent of n = (e - smallest) / (largest - smallest) into that of e, in place: each voxel's own share is its cotangent over
 * the range; ∂n/∂smallest is (n - 1) / range and ∂n/∂largest is -n / range.
 */
function backThroughNormalisation(cotangent: Float64Array, image: Float64Array, found: Extremes): void {
  const { smallestAt, largestAt, range } = found;
  if (!(range > 0)) return;
  let [toSmallest, toLargest] = [0, 0];
  for (let i = 0; i < image.length; i++) {
    const own = cotangent[i] / range;
    cotangent[i] = own;
    toSmallest += own * (image[i] - 1);
    toLargest -= own * image[i];
  }
  cotangent[smallestAt] += toSmallest;
  cotangent[largestAt] += toLargest;
}
