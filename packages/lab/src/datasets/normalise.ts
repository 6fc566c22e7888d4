// Brings the intensities of one case to mean 0 and standard deviation 1, so that cases of any scanner or bit depth compare.

import { LabError } from "../errors.js";

/**
 * Deviations from the mean that a voxel outside the region may have: files mark "no data" there with numbers such as
 * -3.4e38, which would make the network's sums infinite.
 */
const OUTSIDE_LIMIT = 1000;

/**
 * The z-score of each channel of one case: (v - mean) / standard deviation, both taken over the voxels where `mask` is 1
 * (all voxels without a mask) and applied to every voxel, so that the surroundings keep their relation to the region
 * (with a mask, to at most 1000 deviations).
 * A channel that is constant there, or a mask that selects nothing, gives zeros.
 *
 * @param image intensities `[channels, ...shape]`, any scale, all finite
 * @param channels number of channels, at least 1; must divide the length of `image`
 * @param mask one value per voxel of one channel, 0 or 1
 * @throws LabError BAD_DATASET when an intensity is not finite; SIZE_MISMATCH when the lengths do not fit together
 */
export function normaliseIntensities(image: ArrayLike<number>, channels: number, mask?: Uint8Array): Float32Array {
  const voxels = image.length / channels;
  if (!Number.isInteger(channels) || channels < 1 || !Number.isInteger(voxels)) {
    throw new LabError("SIZE_MISMATCH", `an image of ${image.length} values cannot have ${channels} channels`);
  }
  if (mask !== undefined && mask.length !== voxels) {
    throw new LabError("SIZE_MISMATCH", `the region of interest has ${mask.length} voxels, the image ${voxels}`);
  }
  const out = new Float32Array(image.length);
  for (let c = 0; c < channels; c++) normaliseChannel(image, c * voxels, voxels, mask, out);
  return out;
}

function normaliseChannel(
  image: ArrayLike<number>,
  start: number,
  voxels: number,
  mask: Uint8Array | undefined,
  out: Float32Array,
): void {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let largest = 0;
  let count = 0;
  for (let v = 0; v < voxels; v++) {
    const value = image[start + v]!;
    if (!Number.isFinite(value)) {
      throw new LabError("BAD_DATASET", `the intensity at index ${start + v} is ${value}; all must be finite`);
    }
    if (mask !== undefined && mask[v] === 0) continue;
    largest = Math.max(largest, Math.abs(value));
    low = Math.min(low, value);
    high = Math.max(high, value);
    count++;
  }
  // By the extremes and not by the deviation: the mean of equal numbers may differ from them in its last bit.
  if (count === 0 || low === high) return;

  // In units of the largest magnitude no square can overflow or vanish, whatever the file's scale.
  let sum = 0;
  for (let v = 0; v < voxels; v++) {
    if (mask === undefined || mask[v] !== 0) sum += image[start + v]! / largest;
  }
  const mean = sum / count;
  let squares = 0;
  for (let v = 0; v < voxels; v++) {
    if (mask === undefined || mask[v] !== 0) squares += (image[start + v]! / largest - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / count);
  for (let v = 0; v < voxels; v++) {
    const z = (image[start + v]! / largest - mean) / deviation;
    out[start + v] = mask === undefined ? z : Math.min(OUTSIDE_LIMIT, Math.max(-OUTSIDE_LIMIT, z));
  }
}
