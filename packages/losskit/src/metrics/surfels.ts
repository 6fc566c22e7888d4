// Surface elements half a voxel beside the voxels' centres: where eight neighbours are not all in or out, and how large a piece is there.

import { type Extents, WORD, wordsOf } from "./cropped-masks.js";
import { positionsOf, type Surface } from "./surface-voxels.js";
import { surfelSizes } from "./surfel-sizes.js";

/**
 * The surfels of a mask (Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for radiotherapy", JMIR 2021;
 * the surface-distance package): the points in the middle of 2 × 2 × 2 neighbours (2 × 2 in an image, 2 in a line) that are neither all
 * inside nor all outside, each with the area (length, number) of the surface between them. A point has the place of the neighbour
 * with the lowest indices.
 *
 * Four points of a row are coded together, as the bytes of a word; the first voxel is the word's lowest byte.
 *
 * @param mask 0 or 1 per voxel, rows of whole words; 0 at both ends of each of the last `axes` axes
 * @param spacing of the three axes of `extents`
 */
export function surfels(mask: Uint8Array, extents: Extents, axes: number, spacing: readonly number[]): Surface {
  const [depth, height, width] = extents;
  const inRow = width / WORD;
  const row = axes > 1 ? inRow : 0;
  const slice = axes > 2 ? inRow * height : 0;
  const words = wordsOf(mask);
  /** Of four x the up to four neighbours with that x, in bits 0 to 3; along an axis that the image does not have, twice the same. */
  const columnsAt = (at: number) =>
    words[at] | (words[at + slice] << 1) | (words[at + row] << 2) | (words[at + row + slice] << 3);
  const codes = new Uint8Array(mask.length);
  const codeWords = wordsOf(codes);
  let count = 0;
  for (let z = 0; z < depth - (slice && 1); z++) {
    for (let y = 0; y < height - (row && 1); y++) {
      const start = (z * height + y) * inRow;
      let columns = columnsAt(start);
      for (let at = start, end = start + inRow; at < end; at++) {
        // Rows end with columns of 0.
        const after = at + 1 < end ? columnsAt(at + 1) : 0;
        const code = columns | (((columns >>> 8) | (after << 24)) << 4);
        columns = after;
        if (code === 0 || code === ALL_FOUR_INSIDE) continue;
        codeWords[at] = code;
        for (let point = WORD * at; point < WORD * at + WORD; point++) {
          if (codes[point] === ALL_INSIDE) codes[point] = 0;
          if (codes[point] !== 0) count++;
        }
      }
    }
  }
  const positions = positionsOf(codes, count);
  const sizeOf = surfelSizes(axes, spacing);
  const sizes = new Float64Array(count);
  for (let i = 0; i < count; i++) sizes[i] = sizeOf[codes[positions[i]]];
  return { marks: codes, extents, positions, sizes };
}

const ALL_INSIDE = 255;
/** Of each point of a word. */
const ALL_FOUR_INSIDE = -1;
