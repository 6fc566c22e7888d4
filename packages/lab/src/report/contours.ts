// One slice of a case with the outlines of a structure in reference and prediction, ready to be drawn.

import type { Pixels } from "./case-picture.js";

/** A slice of a case; arrays are `[height, width]`. */
export interface Slice {
  readonly width: number;
  readonly height: number;
  /** 1 where the structure is. */
  readonly reference: Uint8Array;
  readonly prediction: Uint8Array;
  /** Grey from 0 to 255; undefined where there is no image. */
  readonly image?: Uint8Array;
  /** Of a pixel, height by width. */
  readonly pixelAspect: number;
}

/** Readers with any common colour vision tell them apart (after Okabe and Ito 2008). */
export const OUTLINES = {
  reference: { colour: [86, 180, 233], meaning: "reference" },
  prediction: { colour: [230, 159, 0], meaning: "prediction" },
  both: { colour: [240, 228, 66], meaning: "both at once" },
} as const satisfies Record<string, { colour: readonly [number, number, number]; meaning: string }>;

/** Where there is no image, masks are filled: what both have, and what one of them has. */
const FILL = { both: 0.34, one: 0.2 } as const;
const BACKGROUND = 24;

/** Longest side of a picture. */
const LONGEST_SIDE = 480;
/** Pixels of the case around the structure that are shown at least, and as a share of its size. */
const MARGIN = { least: 6, share: 0.25 } as const;

/** The part of a slice around the structure, so that small ones are seen. */
export function cropToStructure(slice: Slice): Slice {
  const { width, height, reference, prediction, image } = slice;
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!reference[y * width + x] && !prediction[y * width + x]) continue;
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  if (bottom < 0) return slice;
  const margin = Math.max(MARGIN.least, Math.round(MARGIN.share * Math.max(bottom - top, right - left)));
  top = Math.max(0, top - margin);
  left = Math.max(0, left - margin);
  bottom = Math.min(height - 1, bottom + margin);
  right = Math.min(width - 1, right + margin);
  const [h, w] = [bottom - top + 1, right - left + 1];
  const cut = (from: Uint8Array) => {
    const part = new Uint8Array(w * h);
    for (let y = 0; y < h; y++) {
      const start = (top + y) * width + left;
      part.set(from.subarray(start, start + w), y * w);
    }
    return part;
  };
  return {
    ...slice,
    width: w,
    height: h,
    reference: cut(reference),
    prediction: cut(prediction),
    ...(image && { image: cut(image) }),
  };
}

/** Image and outlines as one opaque picture; small slices are drawn with several pixels each, so that outlines are thin. */
export function paintOutlines(slice: Slice): Pixels & { readonly channels: 4 } {
  const longest = Math.max(slice.width, slice.height);
  const scale = Math.max(1, Math.floor(LONGEST_SIDE / longest));
  const step = Math.max(1, Math.ceil(longest / LONGEST_SIDE));
  const [width, height] = [Math.ceil(slice.width / step) * scale, Math.ceil(slice.height / step) * scale];
  const line = Math.max(1, Math.round(scale / 4));
  const edges = [slice.reference, slice.prediction].map((mask) => outline(mask, slice));
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = [Math.floor(y / scale) * step, Math.floor(x / scale) * step];
      const onEdge = edges.map((sides) => touches(sides, row, column, step, slice, y % scale, x % scale, scale, line));
      const colour = onEdge[0]
        ? (onEdge[1] ? OUTLINES.both : OUTLINES.reference).colour
        : onEdge[1]
          ? OUTLINES.prediction.colour
          : undefined;
      data.set([...(colour ?? ground(slice, row * slice.width + column)), 255], 4 * (y * width + x));
    }
  }
  return { width, height, channels: 4, data };
}

const [TOP, BOTTOM, LEFT, RIGHT] = [1, 2, 4, 8];

/** For each pixel of a mask the sides at which it ends; 0 elsewhere. */
function outline(mask: Uint8Array, { width, height }: Slice): Uint8Array {
  const sides = new Uint8Array(mask.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!mask[i]) continue;
      if (y === 0 || !mask[i - width]) sides[i]! |= TOP;
      if (y === height - 1 || !mask[i + width]) sides[i]! |= BOTTOM;
      if (x === 0 || !mask[i - 1]) sides[i]! |= LEFT;
      if (x === width - 1 || !mask[i + 1]) sides[i]! |= RIGHT;
    }
  }
  return sides;
}

/** Whether a place within a pixel lies on its outline; of a shrunk picture, whether any of the pixels it stands for has one. */
function touches(
  sides: Uint8Array,
  row: number,
  column: number,
  step: number,
  { width, height }: Slice,
  within: number,
  across: number,
  scale: number,
  line: number,
): boolean {
  if (step > 1) {
    for (let y = row; y < Math.min(height, row + step); y++) {
      for (let x = column; x < Math.min(width, column + step); x++) if (sides[y * width + x]) return true;
    }
    return false;
  }
  const side = sides[row * width + column]!;
  return (
    ((side & TOP) !== 0 && within < line) ||
    ((side & BOTTOM) !== 0 && within >= scale - line) ||
    ((side & LEFT) !== 0 && across < line) ||
    ((side & RIGHT) !== 0 && across >= scale - line)
  );
}

function ground({ image, reference, prediction }: Slice, at: number): readonly number[] {
  if (image !== undefined) return [image[at]!, image[at]!, image[at]!];
  const [r, p] = [reference[at], prediction[at]];
  if (!r && !p) return [BACKGROUND, BACKGROUND, BACKGROUND];
  const { colour } = r && p ? OUTLINES.both : r ? OUTLINES.reference : OUTLINES.prediction;
  const share = r && p ? FILL.both : FILL.one;
  return colour.map((value) => Math.round(BACKGROUND + share * (value - BACKGROUND)));
}
