// Connects the arrays of a kernel with those of a call: where they lie, how their elements are found, how pieces are copied in and out.

import type { KernelArray } from "../../compiler/kernel.js";
import type { Call, FloatArray, LabelArray } from "../../formula/options.js";
import { elementBytes } from "./emit.js";
import { addressOf, views } from "./memory.js";

/** One array of a kernel in one call. */
export interface Binding {
  readonly kernelArray: KernelArray;
  /** Where it lies in the library's memory with the kernel's own element type; elsewhere pieces are copied. */
  readonly address: number | undefined;
  /** Absent for what lies in the library's memory without being anyone's array. */
  readonly array: FloatArray | LabelArray | undefined;
  /** Whether the channels of a voxel lie side by side. */
  readonly interleaved: boolean;
}

/** Arrays of the call by the names that kernels use. */
export type CallArrays = ReadonlyMap<string, FloatArray | LabelArray>;

/** @param lent addresses of float32 arrays that one pass leaves for another, by their names */
export function bind(
  arrays: readonly KernelArray[],
  named: CallArrays,
  lent: ReadonlyMap<string, number>,
  call: Call,
): Binding[] {
  return arrays.map((kernelArray) => {
    const address = lent.get(kernelArray.name);
    if (address !== undefined) return { kernelArray, address, array: undefined, interleaved: false };
    const array = named.get(kernelArray.name) as FloatArray | LabelArray;
    const ownType =
      (kernelArray.type === "float32" && array instanceof Float32Array) ||
      (kernelArray.type === "uint8" && (array instanceof Uint8Array || array instanceof Uint8ClampedArray)) ||
      (kernelArray.type === "int32" && array instanceof Int32Array);
    // The map of a loss is a result, channels first whatever the caller's arrays are.
    const callers = kernelArray.name !== "values";
    const perChannel = kernelArray.perClass || kernelArray.class !== undefined;
    const interleaved = callers && perChannel && call.layout === "channels-last";
    return { kernelArray, array, interleaved, address: ownType && !interleaved ? addressOf(array) : undefined };
  });
}

/** Index of an element where the classes have stretches of their own. */
export function elementAt(array: KernelArray, call: Call, image: number, c: number, voxel: number): number {
  const own = array.perClass ? c : array.class;
  return own === undefined ? image * call.voxels + voxel : (image * call.classes + own) * call.voxels + voxel;
}

/** Index of an element where the channels of a voxel lie side by side. */
const interleavedAt = (array: KernelArray, call: Call, image: number, c: number, voxel: number): number =>
  (image * call.voxels + voxel) * call.classes + (array.class ?? c);

const viewOf = ({ type }: KernelArray) =>
  type === "uint8" ? views().u8 : type === "int32" ? views().i32 : views().f32;

/** The elements of an array, wherever it lies. */
function elementsOf({ array, address = 0, kernelArray }: Binding): FloatArray | LabelArray {
  return array ?? viewOf(kernelArray).subarray(address / elementBytes(kernelArray.type));
}

/** Which voxels of which image, and where in memory a piece of them goes. */
export interface Piece {
  readonly image: number;
  readonly start: number;
  readonly length: number;
}

/** Voxels between the stretches of the classes in the scratch copy of a piece. */
export const pieceStride = (length: number): number => Math.ceil(length / 16) * 16;

/** Copies a piece into the library's memory, stretch by stretch; what rounds it up to whole vectors is set to 0. */
export function copyIn(binding: Binding, call: Call, { image, start, length }: Piece, to: number): void {
  const { kernelArray, interleaved } = binding;
  const memory = viewOf(kernelArray);
  const array = elementsOf(binding);
  const first = to / elementBytes(kernelArray.type);
  const stride = pieceStride(length);
  const classes = kernelArray.perClass ? call.classes : 1;
  for (let c = 0; c < classes; c++) {
    const at = first + c * stride;
    if (interleaved) {
      let from = interleavedAt(kernelArray, call, image, c, start);
      for (let i = 0; i < length; i++, from += call.classes) memory[at + i] = array[from];
    } else {
      const from = elementAt(kernelArray, call, image, c, start);
      memory.set(array.subarray(from, from + length), at);
    }
    memory.fill(0, at + length, at + stride);
  }
}

/** Copies a piece back. */
export function copyOut(binding: Binding, call: Call, { image, start, length }: Piece, from: number): void {
  const { kernelArray, interleaved } = binding;
  const { f32 } = views();
  const array = elementsOf(binding);
  const first = from / elementBytes(kernelArray.type);
  const stride = pieceStride(length);
  const classes = kernelArray.perClass ? call.classes : 1;
  for (let c = 0; c < classes; c++) {
    const at = first + c * stride;
    if (interleaved) {
      let to = interleavedAt(kernelArray, call, image, c, start);
      for (let i = 0; i < length; i++, to += call.classes) array[to] = f32[at + i];
    } else {
      array.set(f32.subarray(at, at + length), elementAt(kernelArray, call, image, c, start));
    }
  }
}
