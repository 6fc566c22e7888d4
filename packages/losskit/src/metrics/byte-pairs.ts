// How often each pair of bytes stands at the same place of two byte arrays: the fast way to all counts of two label maps.

import { COUNTED_LABELS, countBytePairs } from "../backends/wasm/routines/byte-pairs.js";

/** Words (of 4 bytes) that are looked at together: one test finds out whether all of them repeat the last word. */
const BLOCK = 8;
const HIGH_NIBBLES = 0xf0f0f0f0 | 0;

/** Below this many voxels a plain loop is as fast as the compiled routine. */
const WORTH_CALLING = 1 << 13;
/** Below this many voxels the tables cost more than they save. */
const WORTH_TABLES = 1 << 17;
/** Counts are kept in 32 bits. */
const LARGEST = 2 ** 32 - 1;

type Bytes = Uint8Array | Uint8ClampedArray;
export const isBytes = (values: ArrayLike<number>): values is Bytes =>
  values instanceof Uint8Array || values instanceof Uint8ClampedArray;

export interface BytePairs {
  /** Bytes from 0 that are told apart: no other occurs. */
  readonly values: number;
  /** Entry a × values + b says at how many places the first array holds a and the second b. */
  readonly counts: Float64Array;
}

/**
 * Pairs of two byte arrays from `start` to before `end`; undefined where the arrays are not bytes, or so short that a plain loop does
 * better. They are counted by a compiled routine, or in tables where WebAssembly is not to be had or a label is 16 or more.
 */
export function bytePairs(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  start: number,
  end: number,
): BytePairs | undefined {
  if (!isBytes(first) || !isBytes(second)) return undefined;
  const length = end - start;
  if (length < WORTH_CALLING || length > LARGEST) return undefined;
  const few = countBytePairs(first, second, start, end);
  if (few) return { values: COUNTED_LABELS, counts: few };
  const all = length < WORTH_TABLES ? undefined : pairsInTables(first, second, start, end);
  return all && { values: 256, counts: all };
}

/**
 * Pairs in tables: entry 256 a + b. Undefined where the arrays lie so in memory that their words do not line up.
 *
 * Both are read as 32-bit words. Where a block of words repeats the last word, as it does inside an object and in the background,
 * it is only counted. Elsewhere, as long as all bytes are below 16, the two words become one whose bytes are 16 a + b, and each half
 * of it, two voxels at once, counts in a table of 65 536. The bytes' order within a word does not matter, being the same in both.
 */
export function pairsInTables(first: Bytes, second: Bytes, start: number, end: number): Float64Array | undefined {
  if ((first.byteOffset - second.byteOffset) % 4 !== 0) return undefined;
  const length = end - start;
  const pairs = new Float64Array(1 << 16);
  const offset = first.byteOffset + start;
  const head = (4 - (offset % 4)) % 4;
  const words = Math.floor((length - head) / 4);
  const tail = start + head + 4 * words;
  for (let i = start; i < start + head; i++) pairs[(first[i] << 8) | second[i]]++;
  for (let i = tail; i < end; i++) pairs[(first[i] << 8) | second[i]]++;
  const a = new Int32Array(first.buffer, offset + head, words);
  const b = new Int32Array(second.buffer, second.byteOffset + start + head, words);
  addTables(pairs, countWords(a, b));
  return pairs;
}

interface Tables {
  /** Two voxels each, in the low and the high half of a word: index 256 (16 a' + b') + 16 a + b. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** One voxel each: index 256 a + b. */
  readonly bytes: Int32Array;
}

/** Counts are unsigned 32-bit numbers in signed arrays: `| 0` keeps the additions whole numbers. */
function countWords(a: Int32Array, b: Int32Array): Tables {
  const low = new Int32Array(1 << 16);
  const high = new Int32Array(1 << 16);
  const bytes = new Int32Array(1 << 16);

  const add = (x: number, y: number, times: number) => {
    if (((x | y) & HIGH_NIBBLES) === 0) {
      const w = (x << 4) | y;
      low[w & 0xffff] += times;
      high[w >>> 16] += times;
    } else {
      bytes[((x & 0xff) << 8) | (y & 0xff)] += times;
      bytes[(x & 0xff00) | ((y >>> 8) & 0xff)] += times;
      bytes[((x >>> 8) & 0xff00) | ((y >>> 16) & 0xff)] += times;
      bytes[((x >>> 16) & 0xff00) | (y >>> 24)] += times;
    }
  };

  let [lastA, lastB] = [0, 0];
  let repeats = 0;
  const blocks = a.length - (a.length % BLOCK);
  for (let i = 0; i < blocks; i += BLOCK) {
    const changed =
      (a[i] ^ lastA) |
      (b[i] ^ lastB) |
      (a[i + 1] ^ lastA) |
      (b[i + 1] ^ lastB) |
      (a[i + 2] ^ lastA) |
      (b[i + 2] ^ lastB) |
      (a[i + 3] ^ lastA) |
      (b[i + 3] ^ lastB) |
      (a[i + 4] ^ lastA) |
      (b[i + 4] ^ lastB) |
      (a[i + 5] ^ lastA) |
      (b[i + 5] ^ lastB) |
      (a[i + 6] ^ lastA) |
      (b[i + 6] ^ lastB) |
      (a[i + 7] ^ lastA) |
      (b[i + 7] ^ lastB);
    if (changed === 0) {
      repeats++;
      continue;
    }
    add(lastA, lastB, BLOCK * repeats);
    repeats = 0;
    for (let j = i; j < i + BLOCK; j++) add(a[j], b[j], 1);
    lastA = a[i + BLOCK - 1];
    lastB = b[i + BLOCK - 1];
  }
  add(lastA, lastB, BLOCK * repeats);
  for (let j = blocks; j < a.length; j++) add(a[j], b[j], 1);
  return { low, high, bytes };
}

function addTables(pairs: Float64Array, { low, high, bytes }: Tables): void {
  /** 16 a + b to 256 a + b. */
  const spread = (byte: number) => ((byte & 0xf0) << 4) | (byte & 0xf);
  for (let i = 0; i < 1 << 16; i++) {
    pairs[i] += bytes[i] >>> 0;
    const count = (low[i] >>> 0) + (high[i] >>> 0);
    if (count === 0) continue;
    pairs[spread(i & 0xff)] += count;
    pairs[spread(i >>> 8)] += count;
  }
}
