// Arrays in the library's memory, used again from step to step: kernels work in them in place, and on several threads.

import { allocate, free } from "../../backends/wasm/memory.js";
import type { Layout, Target } from "../../formula/options.js";

export type LentArray = Float32Array | Int32Array | Uint8Array;

/** Free arrays, the last used first. Training asks for the same few lengths again and again. */
const spare: LentArray[] = [];
/** More than the arrays of a call at two sizes of batch. */
const MOST_SPARE = 12;

/** An array of this length; what it holds is undefined. */
export function take(length: number, type: "float32" | "int32" | "uint8"): LentArray {
  const Type = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }[type];
  const at = spare.findIndex((array) => array instanceof Type && array.length === length);
  return at < 0 ? allocate(length, type) : spare.splice(at, 1)[0];
}

/** Returns an array, for the next that asks. */
export function giveBack(array: LentArray): void {
  spare.unshift(array);
  while (spare.length > MOST_SPARE) free(spare.pop() as LentArray);
}

/** How elements of images, classes and voxels lie. */
export interface Extents {
  readonly images: number;
  readonly classes: number;
  readonly layout: Layout;
}

/** A copy with the classes before the voxels, which is how kernels read; an array of another type than they know becomes float32. */
export function lend(array: Target, isPerClass: boolean, extents: Extents): LentArray {
  const type = array instanceof Int32Array ? "int32" : array instanceof Uint8Array ? "uint8" : "float32";
  const copy = take(array.length, type);
  if (isPerClass) reorder(array, copy, extents, "in");
  else copy.set(array);
  return copy;
}

/** Voxels that are copied class after class: of a few classes they stay in the first-level cache. */
const BLOCK = 1024;

/** Copies an array per class from the layout of the call to channels first ("in"), or back ("out"). */
export function reorder(
  from: ArrayLike<number>,
  to: LentArray,
  { images, classes, layout }: Extents,
  direction: "in" | "out",
): void {
  if (classes === 1 || layout === "channels-first") {
    to.set(from);
    return;
  }
  const voxels = from.length / images / classes;
  for (let image = 0; image < images; image++) {
    for (let start = 0; start < voxels; start += BLOCK) {
      const length = Math.min(BLOCK, voxels - start);
      for (let c = 0; c < classes; c++) {
        const first = (image * classes + c) * voxels + start;
        const last = (image * voxels + start) * classes + c;
        if (direction === "in") for (let i = 0; i < length; i++) to[first + i] = from[last + i * classes];
        else for (let i = 0; i < length; i++) to[last + i * classes] = from[first + i];
      }
    }
  }
}
