// Boundary IoU: the IoU of the parts of two masks that lie near their contours.

import { LosskitError } from "../errors.js";
import { type CroppedMasks, croppedMasks } from "./cropped-masks.js";
import type { EmptyMasks } from "./empty-masks.js";
import type { MaskOptions } from "./masks.js";
import { ratio, type Score } from "./overlap.js";

export interface BoundaryIouOptions extends MaskOptions {
  /** Width of the part in voxels, a whole number from 1; or else a `share`. */
  readonly distance?: number;
  /**
   * Width of the part as a share of the image's diagonal in voxels, rounded to whole voxels (halves to the even one) and at least 1;
   * 0.02 where both are absent, as the authors take it.
   */
  readonly share?: number;
}

export interface BoundaryIou {
  /** In [0, 1]; 0 where one mask is empty, null where both are. */
  readonly value: Score;
  /** Width that was taken, in voxels. */
  readonly distance: number;
  readonly empty: EmptyMasks;
}

const AUTHORS_SHARE = 0.02;

/**
 * Boundary IoU (Cheng et al., "Boundary IoU: Improving object-centric image segmentation evaluation", CVPR 2021). Of each mask only the
 * voxels count that are at most `distance` steps from the outside, diagonal steps included, as in the authors' code, which
 * erodes `distance` times by a 3 × 3 square; beyond the image is outside. The spacing plays no part.
 *
 * @param reference labels of each voxel
 * @param prediction the same on the same grid
 * @throws LosskitError SHAPE, ARRAY, LABEL; OPTION for a label, distance or share that is not allowed, or both of the last two
 */
export function boundaryIou(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: BoundaryIouOptions,
): BoundaryIou {
  const distance = boundaryWidth(options.shape, options);
  const masks = croppedMasks(reference, prediction, options);
  const inner = {
    reference: eroded(masks.reference, masks, distance),
    prediction: eroded(masks.prediction, masks, distance),
  };
  let both = 0;
  let either = 0;
  for (let i = 0; i < masks.reference.length; i++) {
    const ofReference = masks.reference[i] & ~inner.reference[i];
    const ofPrediction = masks.prediction[i] & ~inner.prediction[i];
    both += ofReference & ofPrediction;
    either += ofReference | ofPrediction;
  }
  return { value: ratio(both, either), distance, empty: masks.empty };
}

/**
 * The width in voxels that `boundaryIou` takes for an image of this shape: for masks cut out of an image, whose own diagonal is shorter.
 *
 * @throws LosskitError OPTION for a distance or share that is not allowed, or both of them
 */
export function boundaryWidth(
  shape: readonly number[],
  { distance, share }: Pick<BoundaryIouOptions, "distance" | "share"> = {},
): number {
  if (distance !== undefined && share !== undefined) {
    throw new LosskitError("OPTION", `distance is ${distance} and share ${share}; give one of them`);
  }
  if (distance !== undefined) {
    if (Number.isInteger(distance) && distance >= 1) return distance;
    throw new LosskitError("OPTION", `distance is ${distance}; it is a whole number of voxels from 1`);
  }
  const width = share ?? AUTHORS_SHARE;
  if (!(width > 0 && width <= 1)) {
    throw new LosskitError("OPTION", `share is ${share}; it is a share of the image's diagonal, above 0 and at most 1`);
  }
  return Math.max(1, roundHalfToEven(width * Math.hypot(...shape)));
}

/** As Python's round, with which the authors' code rounds. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** The voxels more than `distance` steps from the outside: along each axis in turn, those so far from both ends of their run of voxels. */
function eroded(mask: Uint8Array, { extents, axes }: CroppedMasks, distance: number): Uint8Array {
  const result = mask.slice();
  for (let axis = 3 - axes; axis < 3; axis++) {
    const stride = extents.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    const block = stride * extents[axis];
    for (let first = 0; first < result.length; first += block) {
      for (let line = first; line < first + stride; line++) shortenRuns(result, line, stride, line + block, distance);
    }
  }
  return result;
}

/** Takes `distance` voxels from both ends of each run of ones in a line, whose last voxel is 0. */
function shortenRuns(values: Uint8Array, start: number, stride: number, end: number, distance: number): void {
  let run = 0;
  for (let at = start; at < end; at += stride) {
    if (values[at] !== 0) {
      // The first of a run go at once, the last when the run ends.
      if (++run <= distance) values[at] = 0;
      continue;
    }
    for (let k = Math.min(run, distance); k >= 1; k--) values[at - k * stride] = 0;
    run = 0;
  }
}
