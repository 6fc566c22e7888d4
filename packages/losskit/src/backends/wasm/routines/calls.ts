// Work of a routine as a list of calls that do not depend on each other, so that threads may share them.

import { release, reserve } from "../memory.js";
import type { RoutineModule } from "./routine-module.js";

export interface Calls {
  readonly module: RoutineModule;
  /** The exported function. */
  readonly name: string;
  /** Arguments of each call, 32-bit integers. The last is the address of scratch, which is put in where there is some. */
  readonly items: readonly number[][];
  /** Bytes of scratch, for every thread its own; 0: the last argument is an ordinary one. */
  readonly scratchBytes: number;
}

export type RunCalls = (calls: Calls) => void;

/** Makes the calls one after another on this thread. */
export const callsAtOnce: RunCalls = ({ module, name, items, scratchBytes }) => {
  const call = module.functions[name];
  const scratch = scratchBytes > 0 ? reserve(scratchBytes) : 0;
  try {
    for (const item of items) call(...(scratch ? [...item.slice(0, -1), scratch] : item));
  } finally {
    if (scratch) release(scratch);
  }
};
