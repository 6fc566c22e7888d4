// The masks of a reference and a prediction within the bounding box of their union, with a border of outside around it.

import { LosskitError } from "../errors.js";
import { asVolume } from "../routines/grid.js";
import { type EmptyMasks, whichEmpty } from "./empty-masks.js";
import { checkMaskOptions, type MaskOptions, type MaskPair } from "./masks.js";

/** Three axes, slowest first; images with fewer have leading axes of extent 1. */
export type Extents = readonly [depth: number, height: number, width: number];

/** Two masks on the grid of their common bounding box, which has one more voxel of outside on both ends of each axis of the image. */
export interface CroppedMasks extends MaskPair {
  readonly extents: Extents;
  /** How many axes the image has: the last 1 to 3. */
  readonly axes: number;
  readonly empty: EmptyMasks;
}

/**
 * Cuts two masks out of their label maps. Surfaces need nothing beyond the bounding box: what lies outside both masks, or beyond
 * the image, is outside.
 *
 * @throws LosskitError SHAPE, ARRAY, OPTION or LABEL, as `masksOf` does
 */
export function croppedMasks(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: MaskOptions,
): CroppedMasks {
  checkMaskOptions(reference, prediction, options);
  const { shape, label } = options;
  const image = asVolume(shape);
  const box: Box = { low: [...image], high: [-1, -1, -1] };
  growBox(box, reference, image, label);
  growBox(box, prediction, image, label);
  const axes = shape.length;
  if (box.high[0] < 0) {
    const none = new Uint8Array(0);
    return { reference: none, prediction: none, extents: [0, 0, 0], axes, empty: "both" };
  }
  const padding = [0, 1, 2].map((axis) => (axis < 3 - axes ? 0 : 1));
  const [depth, height, width] = padding.map((pad, axis) => box.high[axis] - box.low[axis] + 1 + 2 * pad);
  const extents: Extents = [depth, height, width];
  const cut = (which: string, map: ArrayLike<number>) => {
    const mask = new Uint8Array(depth * height * width);
    return { mask, voxels: copyBox(which, map, image, label, box, mask, extents, padding) };
  };
  const [inReference, inPrediction] = [cut("reference", reference), cut("prediction", prediction)];
  return {
    reference: inReference.mask,
    prediction: inPrediction.mask,
    extents,
    axes,
    empty: whichEmpty(inReference.voxels, inPrediction.voxels),
  };
}

/** First and last voxel along each axis. */
interface Box {
  readonly low: [number, number, number];
  readonly high: [number, number, number];
}

/** Grows the box until it holds the mask of a map. Of each row only what lies before the first and after the last voxel is read. */
function growBox({ low, high }: Box, map: ArrayLike<number>, [depth, height, width]: Extents, label?: number): void {
  for (let z = 0, start = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, start += width) {
      const first = firstInRow(map, start, start + width, label) - start;
      if (first === width) continue;
      const last = lastInRow(map, start, start + width, label) - start;
      if (z < low[0]) low[0] = z;
      if (z > high[0]) high[0] = z;
      if (y < low[1]) low[1] = y;
      if (y > high[1]) high[1] = y;
      if (first < low[2]) low[2] = first;
      if (last > high[2]) high[2] = last;
    }
  }
}

function firstInRow(map: ArrayLike<number>, start: number, end: number, label: number | undefined): number {
  let at = start;
  if (label === undefined) while (at < end && map[at] === 0) at++;
  else while (at < end && map[at] !== label) at++;
  return at;
}

/** Of a row that has one. */
function lastInRow(map: ArrayLike<number>, start: number, end: number, label: number | undefined): number {
  let at = end - 1;
  if (label === undefined) while (at > start && map[at] === 0) at--;
  else while (at > start && map[at] !== label) at--;
  return at;
}

/** Writes the mask of a map inside the box and counts its voxels. */
function copyBox(
  which: string,
  map: ArrayLike<number>,
  [, imageHeight, imageWidth]: Extents,
  label: number | undefined,
  { low, high }: Box,
  mask: Uint8Array,
  [, height, width]: Extents,
  padding: readonly number[],
): number {
  const inRow = high[2] - low[2] + 1;
  let voxels = 0;
  for (let z = low[0]; z <= high[0]; z++) {
    for (let y = low[1]; y <= high[1]; y++) {
      const from = (z * imageHeight + y) * imageWidth + low[2];
      const to = ((z - low[0] + padding[0]) * height + y - low[1] + padding[1]) * width + padding[2];
      for (let x = 0; x < inRow; x++) {
        const value = map[from + x];
        if (label === undefined ? value === 0 : value !== label) continue;
        if (Number.isNaN(value)) {
          throw new LosskitError(
            "LABEL",
            `the ${which} holds NaN at voxel ${from + x}; labels are numbers, 0 for background`,
          );
        }
        mask[to + x] = 1;
        voxels++;
      }
    }
  }
  return voxels;
}
