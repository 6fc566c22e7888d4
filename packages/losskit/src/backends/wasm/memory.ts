// The one linear memory of the library, in which kernels work: reserved and released by address, handed out as typed arrays.

import { LosskitError } from "../../errors.js";

/** Bytes of a page of WebAssembly memory. */
const PAGE = 65536;
/** 4 GiB: all that 32-bit addresses reach. */
const MAX_PAGES = 65536;
/** A cache line, so that two threads never write into the same one through different blocks. */
const ALIGNMENT = 64;

/** Whether the memory can be shared with other threads: in Node, and in pages that are cross-origin isolated. */
export const hasShared: boolean = typeof SharedArrayBuffer !== "undefined";

let memory: WebAssembly.Memory | undefined;

/** The memory that every kernel imports; made on first use. */
export function libraryMemory(): WebAssembly.Memory {
  memory ??= new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: hasShared });
  return memory;
}

export interface Views {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

let current: (Views & { readonly buffer: ArrayBufferLike }) | undefined;

/** Views of the whole memory. Ask again after anything that may reserve: growing makes old views too short. */
export function views(): Views {
  const { buffer } = libraryMemory();
  if (current && current.buffer === buffer && current.u8.byteLength === buffer.byteLength) return current;
  const fresh = {
    buffer,
    u8: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
  current = fresh;
  return fresh;
}

interface Gap {
  start: number;
  end: number;
}

/** Free stretches below `top`, by address, no two touching. */
const gaps: Gap[] = [];
/** Sizes of what is reserved, by address. */
const reserved = new Map<number, number>();
/** Nothing was ever reserved above. Address 0 is nobody's, so that it can mean "none". */
let top = ALIGNMENT;

/**
 * Reserves bytes; what they hold at first is undefined.
 *
 * @returns the address, 64-byte aligned
 * @throws LosskitError MEMORY where the memory cannot grow that far
 */
export function reserve(bytes: number): number {
  const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  // The smallest gap that fits: large ones stay whole for large arrays.
  let best: Gap | undefined;
  for (const gap of gaps) {
    const fits = gap.end - gap.start >= size;
    if (fits && (!best || gap.end - gap.start < best.end - best.start)) best = gap;
  }
  let address = top;
  if (best) {
    address = best.start;
    best.start += size;
    if (best.start === best.end) gaps.splice(gaps.indexOf(best), 1);
  } else {
    growTo(top + size);
    top += size;
  }
  reserved.set(address, size);
  return address;
}

function growTo(end: number): void {
  const held = libraryMemory().buffer.byteLength;
  if (end <= held) return;
  const pages = Math.ceil((end - held) / PAGE);
  try {
    if (held / PAGE + pages <= MAX_PAGES) {
      libraryMemory().grow(pages);
      return;
    }
  } catch {
    // Falls through: no more memory than the engine or the machine gives.
  }
  throw new LosskitError(
    "MEMORY",
    `the library's memory holds ${Math.round(held / 2 ** 20)} MiB and cannot grow to ${Math.round(end / 2 ** 20)} MiB (at most 4096); free() arrays that are no longer needed, or give ordinary typed arrays, which are read in pieces`,
  );
}

/** Gives back what `reserve` gave. Addresses that are not reserved are left alone. */
export function release(address: number): void {
  const size = reserved.get(address);
  if (size === undefined) return;
  reserved.delete(address);
  const after = gaps.findIndex(({ start }) => start > address);
  const at = after < 0 ? gaps.length : after;
  gaps.splice(at, 0, { start: address, end: address + size });
  join(at);
  join(at - 1);
  const last = gaps[gaps.length - 1];
  if (last.end === top) {
    top = last.start;
    gaps.pop();
  }
}

/** Makes one gap of gap `i` and the next, where they touch. */
function join(i: number): void {
  if (i < 0 || i + 1 >= gaps.length || gaps[i].end !== gaps[i + 1].start) return;
  gaps[i].end = gaps[i + 1].end;
  gaps.splice(i + 1, 1);
}

/** Bytes that are reserved now. */
export const reservedBytes = (): number => [...reserved.values()].reduce((sum, size) => sum + size, 0);

const TYPES = { float32: Float32Array, uint8: Uint8Array, int32: Int32Array } as const;
type ArrayTypes = { float32: Float32Array; uint8: Uint8Array; int32: Int32Array };

/**
 * A typed array inside the library's memory, zero at first: kernels read and write it where it lies, where ordinary arrays are copied in
 * and out piece by piece. It stays until `free(array)`; the garbage collector does not see it. Where memory
 * cannot be shared (a page that is not cross-origin isolated) it is an ordinary array.
 *
 * @param length elements
 * @param type "float32" for logits, gradients, weights and soft targets; "uint8" or "int32" for label maps
 * @throws LosskitError OPTION for a length or type that is not one, MEMORY where there is no more (4 GiB for all arrays together)
 */
export function allocate<T extends keyof ArrayTypes = "float32">(length: number, type?: T): ArrayTypes[T] {
  const Type = TYPES[type ?? "float32"];
  if (!Type || !Number.isInteger(length) || length < 0) {
    throw new LosskitError(
      "OPTION",
      `allocate got ${String(length)} elements of ${String(type ?? "float32")}; it takes a whole number from 0, and float32, uint8 or int32`,
    );
  }
  // Views of an unshared memory die when it grows, so such a memory cannot be lent.
  if (!hasShared) return new Type(length) as ArrayTypes[T];
  const address = reserve(length * Type.BYTES_PER_ELEMENT);
  const { buffer } = libraryMemory();
  lentBuffers.add(buffer);
  const array = new Type(buffer, address, length);
  array.fill(0);
  return array as ArrayTypes[T];
}

/** Gives the memory of an array from `allocate` back. The array must not be used any more; other arrays are left alone. */
export function free(array: ArrayBufferView): void {
  const address = addressOf(array);
  if (address !== undefined) release(address);
}

/**
 * Buffer objects under arrays that were handed out. Growing a shared memory makes a new object over the same bytes, and arrays keep the
 * one they were made with.
 */
const lentBuffers = new WeakSet<ArrayBufferLike>();

/** Where an array (or a part of one) from `allocate` lies in the library's memory; undefined for one that lies elsewhere. */
export function addressOf(array: ArrayBufferView): number | undefined {
  return lentBuffers.has(array.buffer) ? array.byteOffset : undefined;
}
