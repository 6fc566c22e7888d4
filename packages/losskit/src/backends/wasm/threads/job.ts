// Work for the threads as plain data, and how it is laid out in the library's memory.

import { release, reserve, views } from "../memory.js";
import { WORD } from "./control.js";

/** Calls of one exported function of one WebAssembly module (imports only env.memory, shared). */
export interface Job {
  /** Of the module, a 32-bit integer: threads keep compiled modules by it. */
  readonly id: number;
  /** The module. */
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

/** Memory that a pool keeps for its jobs, and enlarges where one needs more. */
export interface JobMemory {
  /** Items, module and name of the job; address 0 is none. */
  job: { address: number; bytes: number };
  /** All threads' scratch, one piece after the other. */
  scratch: { address: number; bytes: number };
  /** Bytes of scratch of one thread, at least. */
  readonly scratchBytes: number;
}

export const jobMemory = (scratchBytes: number): JobMemory => ({
  job: { address: 0, bytes: 0 },
  scratch: { address: 0, bytes: 0 },
  scratchBytes,
});

export function releaseJobMemory(memory: JobMemory): void {
  release(memory.job.address);
  release(memory.scratch.address);
}

/** Addresses are aligned for any element, and pieces of scratch do not meet in a pair of cache lines. */
const roundUp = (bytes: number): number => Math.ceil(bytes / 128) * 128;

/** The piece itself if it is large enough, else a larger one in its place; what it held is lost. */
function ofSize(piece: { address: number; bytes: number }, bytes: number): { address: number; bytes: number } {
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
  const name = Int32Array.from(job.exportName, (character) => character.charCodeAt(0));
  const nameStart = 4 * job.items.length;
  const moduleStart = nameStart + 4 * name.length;
  const scratch = job.scratchArgument < 0 ? 0 : roundUp(Math.max(job.scratchBytes ?? 0, memory.scratchBytes));
  memory.job = ofSize(memory.job, moduleStart + job.bytes.length);
  memory.scratch = ofSize(memory.scratch, scratch * threads);

  const { address } = memory.job;
  const { u8, i32 } = views();
  i32.set(job.items, address / 4);
  i32.set(name, (address + nameStart) / 4);
  u8.set(job.bytes, address + moduleStart);

  words[WORD.module] = job.id;
  words[WORD.items] = address;
  words[WORD.count] = job.items.length / job.width;
  words[WORD.width] = job.width;
  words[WORD.bytes] = address + moduleStart;
  words[WORD.byteLength] = job.bytes.length;
  words[WORD.name] = address + nameStart;
  words[WORD.nameLength] = name.length;
  words[WORD.scratchArgument] = job.scratchArgument;
  words[WORD.scratch] = memory.scratch.address;
  words[WORD.scratchStride] = scratch;
}
