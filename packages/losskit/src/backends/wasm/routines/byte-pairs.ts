// How often each pair of labels stands at the same place of two byte arrays, where WebAssembly can count them.

import { LosskitError } from "../../../errors.js";
import { addressOf, release, reserve, views } from "../memory.js";
import bytes from "./byte-pairs.generated.js";
import { type RoutineModule, routineModule } from "./routine-module.js";

type Bytes = Uint8Array | Uint8ClampedArray;

/** Labels that are counted: 0 to 15. */
export const COUNTED_LABELS = 16;
const PAIRS = COUNTED_LABELS ** 2;
/** Voxels of a block; see assembly/byte-pairs.ts. */
const BLOCK = 64;
/** Voxels of a call: copies of two of them stay in the processor's second cache. */
const CHUNK = 131072;

const compiled = routineModule(bytes);
/** Asked once: each attempt is reported where a page's content security policy refuses it. */
let available: RoutineModule | false | undefined;

function routine(): RoutineModule | false {
  try {
    available ??= compiled();
  } catch {
    // No WebAssembly here, none with 128-bit SIMD, or none that the page may compile.
    available = false;
  }
  return available;
}

function reserved(size: number): number | undefined {
  try {
    return reserve(size);
  } catch (error) {
    if (error instanceof LosskitError) return undefined;
    throw error;
  }
}

/**
 * Pairs of two byte arrays of one length from `start` to before `end`, fewer than 2^32: entry 16 a + b says at how many places the first holds a
 * and the second b. Arrays from `allocate` are read in place, others piece by piece.
 *
 * @returns undefined where a label is 16 or more, where WebAssembly is not to be had, or no memory: the caller counts without it
 */
export function countBytePairs(first: Bytes, second: Bytes, start: number, end: number): Float64Array | undefined {
  const module = routine();
  if (!module) return undefined;
  const countsSize = 4 * PAIRS;
  // One entry more, rounded up: into shared memory bytes are copied word by word only where words line up.
  const listSize = 4 * (CHUNK / BLOCK) + 64;
  const scratch = reserved(countsSize + listSize + 2 * CHUNK);
  if (scratch === undefined) return undefined;
  try {
    const { u8, u32 } = views();
    const counts = u32.subarray(scratch / 4, scratch / 4 + PAIRS).fill(0);
    const list = scratch + countsSize;
    const place = (array: Bytes, at: number, voxels: number, copy: number) => {
      const address = addressOf(array);
      if (address !== undefined) return address + at;
      u8.set(array.subarray(at, at + voxels), copy);
      return copy;
    };
    const tail = end - ((end - start) % BLOCK);
    for (let at = start; at < tail; at += CHUNK) {
      const voxels = Math.min(CHUNK, tail - at);
      const a = place(first, at, voxels, list + listSize);
      const b = place(second, at, voxels, list + listSize + CHUNK);
      if (module.functions.countPairs(a, b, voxels, scratch, list) === 0) return undefined;
    }
    for (let at = tail; at < end; at++) {
      if (first[at] >= COUNTED_LABELS || second[at] >= COUNTED_LABELS) return undefined;
      counts[COUNTED_LABELS * first[at] + second[at]]++;
    }
    return Float64Array.from(counts);
  } finally {
    release(scratch);
  }
}
