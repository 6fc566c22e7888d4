// Jobs whose calls leave a mark each in a place of the library's memory, so that a call too many or too few is seen.

import { expect } from "vitest";
import { reserve, views } from "../../../src/backends/wasm/memory.js";
import type { Job } from "../../../src/backends/wasm/threads/pool.js";
import { LosskitError } from "../../../src/errors.js";
import { testModule } from "./test-module.js";

export const CALLS = 500;
export const SCRATCH = 4096;
const base = reserve(4 * CALLS);

/** Calls of a function of the test module with (base, index, third argument), one per index. */
export function job(exportName: string, calls = CALLS, { id = 1, step = 1, scratchArgument = -1 } = {}): Job {
  const items = new Int32Array(3 * calls);
  for (let index = 0; index < calls; index++) items.set([base, index, 7], 3 * index);
  return { id, bytes: testModule(step), exportName, items, width: 3, scratchArgument };
}

export const written = (calls = CALLS): number[] => [...views().i32.subarray(base / 4, base / 4 + calls)];
export const everyPlace = (value: number, calls = CALLS): number[] => Array<number>(calls).fill(value);

/** Sets all places back to 0. */
export function clearPlaces(): void {
  views().i32.fill(0, base / 4, base / 4 + CALLS);
}

/** The error that an act throws. */
export function errorOf(act: () => unknown): LosskitError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(LosskitError);
    return error as LosskitError;
  }
  throw new Error("nothing was thrown");
}
