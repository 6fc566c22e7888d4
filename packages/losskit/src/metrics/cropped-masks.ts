// The masks of a reference and a prediction within the bounding box of their union, with a border of outside around it.

import { LosskitError } from "../errors.js";
import { asVolume } from "../routines/grid.js";
import { type Box, emptyBox, forEachRow, growBox } from "./bounding-box.js";
import { isBytes } from "./byte-pairs.js";
import { type EmptyMasks, whichEmpty } from "./empty-masks.js";
import { checkMaskOptions, type MaskOptions, type MaskPair } from "./masks.js";

/** Three axes, slowest first; images with fewer have leading axes of extent 1. */
export type Extents = readonly [depth: number, height: number, width: number];

/** Rows of masks are whole words of four bytes, so that surfaces can be found four voxels at a time. */
export const WORD = 4;

/**
 * Two masks on the grid of their common bounding box, which has one more voxel of outside on both ends of each axis of the image, and up
 * to three more at the ends of rows.
 */
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
  const axes = shape.length;
  const box = emptyBox(image);
  growBox(box, reference, image, label);
  growBox(box, prediction, image, label);
  if (box.high[0] < 0) {
    const none = new Uint8Array(0);
    return { reference: none, prediction: none, extents: [0, 0, 0], axes, empty: "both" };
  }
  const padding = [0, 1, 2].map((axis) => (axis < 3 - axes ? 0 : 1));
  const [depth, height, inRow] = padding.map((pad, axis) => box.high[axis] - box.low[axis] + 1 + 2 * pad);
  const extents: Extents = [depth, height, Math.ceil(inRow / WORD) * WORD];
  const cut = (which: string, map: ArrayLike<number>) => {
    const mask = new Uint8Array(extents[0] * extents[1] * extents[2]);
    const copy: CopyBox = { map, label, box, image, mask, extents, padding };
    return { mask, voxels: isBytes(map) ? copyBytes({ ...copy, map }) : copyNumbers(copy, which) };
  };
  const [ofReference, ofPrediction] = [cut("reference", reference), cut("prediction", prediction)];
  return {
    reference: ofReference.mask,
    prediction: ofPrediction.mask,
    extents,
    axes,
    empty: whichEmpty(ofReference.voxels, ofPrediction.voxels),
  };
}

/** What is copied where; the mask is 0 everywhere. */
interface CopyBox<Values = ArrayLike<number>> {
  readonly map: Values;
  readonly label: number | undefined;
  readonly box: Box;
  readonly image: Extents;
  readonly mask: Uint8Array;
  readonly extents: Extents;
  readonly padding: readonly number[];
}

const placeIn =
  ([, height, width]: Extents, padding: readonly number[]) =>
  (z: number, y: number) =>
    ((z + padding[0]) * height + y + padding[1]) * width + padding[2];

/** Writes the mask of a map inside the box and counts its voxels. */
function copyNumbers({ map, label, box, image, mask, extents, padding }: CopyBox, which: string): number {
  const place = placeIn(extents, padding);
  const inRow = box.high[2] - box.low[2] + 1;
  let voxels = 0;
  forEachRow(box, image, (from, z, y) => {
    const to = place(z, y);
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
  });
  return voxels;
}

const LOW_BITS = 0x7f7f7f7f;
/** Also what brings the sum of a word's bytes into the highest, where all are 0 or 1. */
const ONES = 0x01010101;

/**
 * The same for bytes: rows are copied as they are, then four voxels at a time become 0 or 1. A byte is not 0 where its low bits
 * carry into the highest, or that is set.
 */
function copyBytes({
  map,
  label,
  box,
  image,
  mask,
  extents,
  padding,
}: CopyBox<Uint8Array | Uint8ClampedArray>): number {
  if (label !== undefined && !(label >= 0 && label <= 255)) return 0;
  // What is not copied must not be taken for the label.
  if (label === 0) mask.fill(1);
  const place = placeIn(extents, padding);
  const inRow = box.high[2] - box.low[2] + 1;
  forEachRow(box, image, (from, z, y) => mask.set(map.subarray(from, from + inRow), place(z, y)));
  const words = wordsOf(mask);
  const pattern = Math.imul(label ?? 0, ONES);
  const flip = label === undefined ? 0 : ONES;
  let voxels = 0;
  for (let at = 0; at < words.length; at++) {
    const differing = words[at] ^ pattern;
    const inside = (((((differing & LOW_BITS) + LOW_BITS) | differing) >>> 7) & ONES) ^ flip;
    words[at] = inside;
    voxels += Math.imul(inside, ONES) >>> 24;
  }
  return voxels;
}

/** The same memory, four voxels to a number; the first is the lowest byte, as on every machine that WebAssembly is like. */
export const wordsOf = (voxels: Uint8Array): Int32Array =>
  new Int32Array(voxels.buffer, voxels.byteOffset, voxels.length / WORD);
