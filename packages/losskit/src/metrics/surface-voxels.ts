// The voxels of a mask that are its surface: those that share a face with the outside.

import { type Extents, WORD, wordsOf } from "./cropped-masks.js";

/** Points of a surface on a grid. */
export interface Surface {
  /** 1 at the points, 0 elsewhere. */
  readonly marks: Uint8Array;
  readonly extents: Extents;
  /** Where the points are in `marks`, ascending. The grids of both surfaces of a pair are the same. */
  readonly positions: Int32Array;
  /** Length or area of the piece of surface at each point; absent where each point counts 1. */
  readonly sizes?: Float64Array;
}

/**
 * The border voxels of a mask: the mask without its erosion by the cross, as MONAI and medpy take them. What lies beyond the image
 * is outside, so that a mask that runs out of it has a border there.
 *
 * Four voxels of a row are looked at together, as the bytes of a word; the first voxel is the word's lowest byte.
 *
 * @param mask 0 or 1 per voxel, rows of whole words; 0 at both ends of each of the last `axes` axes
 */
export function borderVoxels(mask: Uint8Array, extents: Extents, axes: number): Surface {
  const [depth, height, width] = extents;
  const inRow = width / WORD;
  // Along an axis that the image does not have the step is 0, and a voxel its own neighbour.
  const row = axes > 1 ? inRow : 0;
  const slice = axes > 2 ? inRow * height : 0;
  const marks = new Uint8Array(mask.length);
  const [words, markWords] = [wordsOf(mask), wordsOf(marks)];
  let count = 0;
  for (let z = slice && 1; z < depth - (slice && 1); z++) {
    for (let y = row && 1; y < height - (row && 1); y++) {
      const start = (z * height + y) * inRow;
      let [before, word] = [0, words[start]];
      for (let at = start, end = start + inRow; at < end; at++) {
        // Rows end with 0: what follows the last word is not looked at.
        const after = at + 1 < end ? words[at + 1] : 0;
        if (word !== 0) {
          const sides = ((word << 8) | (before >>> 24)) & ((word >>> 8) | (after << 24));
          const inner = sides & words[at - row] & words[at + row] & words[at - slice] & words[at + slice];
          const border = word & ~inner;
          markWords[at] = border;
          // The sum of the bytes lands in the highest.
          count += Math.imul(border, 0x01010101) >>> 24;
        }
        before = word;
        word = after;
      }
    }
  }
  return { marks, extents, positions: positionsOf(marks, count) };
}

/** All voxels of a mask. */
export function allVoxels(mask: Uint8Array, extents: Extents): Surface {
  let count = 0;
  for (let at = 0; at < mask.length; at++) count += mask[at];
  return { marks: mask, extents, positions: positionsOf(mask, count) };
}

/** Where the marks are, given how many there are; rows are whole words. */
export function positionsOf(marks: Uint8Array, count: number): Int32Array {
  const positions = new Int32Array(count);
  const words = wordsOf(marks);
  for (let word = 0, i = 0; i < count; word++) {
    if (words[word] === 0) continue;
    for (let at = WORD * word, end = at + WORD; at < end; at++) if (marks[at] !== 0) positions[i++] = at;
  }
  return positions;
}
