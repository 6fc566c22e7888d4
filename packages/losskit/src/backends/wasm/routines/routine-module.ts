// Makes the compiled routines callable: decodes their bytes, fits them to the library's memory, and compiles them on first use.

import { hasShared, libraryMemory } from "../memory.js";

export interface RoutineModule {
  /** Imports env.memory only, shared where the library's memory is; keeps nothing from one call to the next. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly functions: Readonly<Record<string, (...args: number[]) => number>>;
}

/** Alphabet of base64 (RFC 4648, section 4). */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Decodes base64; `atob` is not in every place where WebAssembly is. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let held = 0;
  for (let i = 0, at = 0; i < digits.length; i++) {
    held = (held << 6) | DIGITS.indexOf(digits[i]);
    if (i % 4 > 0) bytes[at++] = held >> (6 - 2 * (i % 4));
  }
  return bytes;
}

/** The names of the import, "env" and "memory", each behind its length, and 2: the kind of an import that is a memory. */
const MEMORY_IMPORT = [3, ..."env", 6, ..."memory", 2].map((part) =>
  typeof part === "string" ? part.charCodeAt(0) : part,
);
/** Flags of the limits of a memory with a maximum. */
const SHARED = 3;
const UNSHARED = 1;

/** Declares the imported memory shared or not: nothing else differs between the two, as the routines use no atomic operations. */
export function fitToMemory(bytes: Uint8Array<ArrayBuffer>, shared: boolean): Uint8Array<ArrayBuffer> {
  const at = bytes.findIndex((_, start) => MEMORY_IMPORT.every((byte, i) => bytes[start + i] === byte));
  const fitted = bytes.slice();
  fitted[at + MEMORY_IMPORT.length] = shared ? SHARED : UNSHARED;
  return fitted;
}

/** @param text the module in base64, with a shared memory, at most 4 KB: what a page's main thread may compile at once */
export function routineModule(text: string): () => RoutineModule {
  let made: RoutineModule | undefined;
  return () => {
    if (!made) {
      const bytes = fitToMemory(decodeBase64(text), hasShared);
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: libraryMemory() } });
      made = { bytes, functions: exports as RoutineModule["functions"] };
    }
    return made;
  };
}
