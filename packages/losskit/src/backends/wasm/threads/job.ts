// Work for the threads as plain data, and how it is laid out in the library's memory.

import { release, reserve, views } from "../memory.js";
import { WORD } from "./control.js";

/** Calls of one exported function of one WebAssembly module (imports only env.memory, shared). */
export interface Job {
  /** Of the module, a 32-bit integer: threads keep compiled modules by it. */
  readonly id: number;
  /** The module. It keeps nothing from one call to the next outside of the memory, and these bytes never change. */
  readonly bytes: Uint8Array;
  readonly exportName: string;
  /** Row-major: one call per row, in no certain order and on any thread; the arguments as i32. */
  readonly items: Int32Array;
  /** Arguments per call. */
  readonly width: number;
  /** Position of the argument that each thread replaces by the address of its own scratch; -1: none. */
  readonly scratchArgument: number;
  /** Bytes of scratch that a thread needs, where that is more than the pool was started with. */
  readonly scratchBytes?: number;
}

/** A stretch of the library's memory; address 0 is none. */
interface Piece {
  readonly address: number;
  readonly bytes: number;
}

/** Memory that a pool keeps for its jobs, and enlarges where one needs more. */
export interface JobMemory {
  items: Piece;
  /** Name of the function, then the module. */
  code: Piece;
  /** What `code` holds. Calls in a row often run the same function, which need not be written again. */
  written?: { readonly exportName: string; readonly bytes: Uint8Array };
  /** All threads' scratch, one piece after the other. */
  scratch: Piece;
  /** Bytes of scratch of one thread, at least. */
  readonly scratchBytes: number;
}

const NONE: Piece = { address: 0, bytes: 0 };

export const jobMemory = (scratchBytes: number): JobMemory => ({
  items: NONE,
  code: NONE,
  scratch: NONE,
  scratchBytes,
});

export function releaseJobMemory({ items, code, scratch }: JobMemory): void {
  for (const { address } of [items, code, scratch]) release(address);
}

/** Addresses are aligned for any element, and pieces of scratch do not meet in a pair of cache lines. */
const roundUp = (bytes: number): number => Math.ceil(bytes / 128) * 128;

/** The piece itself if it is large enough, else a larger one in its place; what it held is lost. */
function ofSize(piece: Piece, bytes: number): Piece {
  if (bytes <= piece.bytes) return piece;
  // At least doubled, so that slowly growing jobs do not reserve each time.
  const size = Math.max(bytes, 2 * piece.bytes);
  const address = reserve(size);
  release(piece.address);
  return { address, bytes: size };
}

/**
 * Writes a job where the threads will read it. All of them must be at rest.
 *
 * @throws LosskitError MEMORY
 */
export function writeJob(words: Int32Array, memory: JobMemory, job: Job, threads: number): void {
  if (memory.written?.bytes !== job.bytes || memory.written.exportName !== job.exportName)
    writeCode(words, memory, job);

  memory.items = ofSize(memory.items, 4 * job.items.length);
  views().i32.set(job.items, memory.items.address / 4);
  words[WORD.items] = memory.items.address;
  words[WORD.count] = job.items.length / job.width;
  words[WORD.width] = job.width;

  const scratch = job.scratchArgument < 0 ? 0 : roundUp(Math.max(job.scratchBytes ?? 0, memory.scratchBytes));
  memory.scratch = ofSize(memory.scratch, scratch * threads);
  words[WORD.scratchArgument] = job.scratchArgument;
  words[WORD.scratch] = memory.scratch.address;
  words[WORD.scratchStride] = scratch;
  words[WORD.module] = job.id;
}

function writeCode(words: Int32Array, memory: JobMemory, { exportName, bytes }: Job): void {
  const nameBytes = 4 * exportName.length;
  memory.written = undefined;
  memory.code = ofSize(memory.code, nameBytes + bytes.length);
  const { address } = memory.code;
  const { u8, i32 } = views();
  for (let i = 0; i < exportName.length; i++) i32[address / 4 + i] = exportName.charCodeAt(i);
  u8.set(bytes, address + nameBytes);
  words[WORD.name] = address;
  words[WORD.nameLength] = exportName.length;
  words[WORD.bytes] = address + nameBytes;
  words[WORD.byteLength] = bytes.length;
  memory.written = { exportName, bytes };
}
