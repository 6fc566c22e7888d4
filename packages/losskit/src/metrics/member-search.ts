// Where a stretch of a label map first and last holds a voxel of a mask.

import { isBytes } from "./byte-pairs.js";

/** Bytes that surely hold a whole word. */
const SOME = 7;

/** Voxels of a mask in a stretch of a label map, from `start` to before `end`. */
export interface MemberSearch {
  /** The first; `end` where there is none. */
  first(start: number, end: number): number;
  /** The last; `start` where there is none after it. */
  last(start: number, end: number): number;
}

/**
 * The search for one label, or for all that is not 0 where `label` is absent. Of byte arrays four voxels are looked at together: most of
 * a volume is empty, and is only walked through.
 */
export function memberSearch(map: ArrayLike<number>, label?: number): MemberSearch {
  const isMember = label === undefined ? (at: number) => map[at] !== 0 : (at: number) => map[at] === label;
  const words = isBytes(map) && map.length >= SOME ? wordSearch(map, label) : undefined;
  return {
    first(start, end) {
      let at = start;
      if (words) {
        for (const aligned = words.aligned(start); at < aligned && at < end; at++) if (isMember(at)) return at;
        at = words.skip(at, end);
      }
      while (at < end && !isMember(at)) at++;
      return at;
    },
    last(start, end) {
      let at = end - 1;
      while (at > start && !isMember(at)) at--;
      return at;
    },
  };
}

interface WordSearch {
  /** Where the next word begins, from `start` on. */
  aligned(start: number): number;
  /** Where the first word begins that holds a member; past the last whole word before `end` where there is none. */
  skip(start: number, end: number): number;
}

function wordSearch(map: Uint8Array | Uint8ClampedArray, label?: number): WordSearch {
  const head = -map.byteOffset & 3;
  const words = new Int32Array(map.buffer, map.byteOffset + head, (map.length - head) >> 2);
  const pattern = Math.imul(label ?? 0, 0x01010101);
  /** Whether one of the bytes is 0: it borrows in x - 0x01010101, and ~x leaves out bytes of 128 and more. */
  const holdsZero = (x: number) => ((x - 0x01010101) & ~x & 0x80808080) !== 0;
  return {
    aligned: (start) => start + ((head - start) & 3),
    skip(start, end) {
      let word = (start - head) >> 2;
      const stop = (end - head) >> 2;
      if (label === undefined) while (word < stop && words[word] === 0) word++;
      else while (word < stop && !holdsZero(words[word] ^ pattern)) word++;
      return Math.max(start, head + 4 * word);
    },
  };
}
