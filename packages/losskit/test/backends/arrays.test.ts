// Where the arrays of a call lie and what they are made of changes nothing: shapes, unaligned parts, shared memory, types.

import { describe, expect, it } from "vitest";
import type { CallOptions, FloatArray, LabelArray, Target } from "../../src/formula/options.js";
import { add, allocate, bceDice, ce, dice, focal, free, lossFromFormula } from "../../src/index.js";
import type { Loss } from "../../src/losses/loss.js";
import { uniformSequence } from "../losses/calls.js";
import { type Head, inLibraryMemory, reference, sameBits, wasmCall } from "./conformance-calls.js";
import { problemsOf } from "./float32-bounds.js";

const BINARY: Head = { channels: 1, activation: "sigmoid" };
const MANY: Head = { channels: 3, activation: "softmax" };
/** With more classes than are written out, kernels go round them. */
const SIX: Head = { channels: 6, activation: "softmax" };
const nnunet = add(dice(), ce());
const CASES: readonly (readonly [string, Loss, Head])[] = [
  ["bce-dice", bceDice(), BINARY],
  ["dice + ce of 3 classes", nnunet, MANY],
  ["dice + ce of 6 classes", nnunet, SIX],
];

const onKernels = (loss: Loss, logits: Float32Array, target: Target, options: CallOptions) =>
  loss.valueAndGradient(logits, target, { ...options, backend: "wasm", threads: 1 });

describe.each(CASES)("%s", (_, loss, head) => {
  it("gives the truth for every length from 1 to 70 and around the size of a tile and a chunk", () => {
    const lengths = [...Array.from({ length: 70 }, (__, i) => i + 1), 255, 256, 257, 271, 65535, 65536, 65537];
    for (const voxels of lengths) {
      const { logits, target, options } = wasmCall(voxels, head, voxels);
      const result = onKernels(loss, logits, target, options);
      const truth = reference(loss, logits, target, options);
      expect(problemsOf(dice.definition, result, truth, logits, target, options), `${voxels} voxels`).toEqual([]);
    }
  });

  it("gives the same bits for any shape of the same voxels", () => {
    const { channels } = head;
    const { logits, target, options } = wasmCall(3, head, 360, 2);
    const flat = onKernels(loss, logits, target, options);
    for (const space of [
      [36, 10],
      [1, 360],
      [5, 8, 9],
      [360, 1, 1],
    ]) {
      const shaped = onKernels(loss, logits, target, { ...options, shape: [2, channels, ...space] });
      expect(sameBits(shaped, flat)).toBe(true);
    }
  });

  it("gives the same bits from parts of larger buffers, at any address", () => {
    const voxels = 333;
    const { logits, target, options } = wasmCall(4, head, voxels);
    const plain = onKernels(loss, logits, target, options);
    for (const shift of [0, 1, 2, 3, 5]) {
      const x = new Float32Array(logits.length + 8).subarray(shift, shift + logits.length);
      const y = new Uint8Array(voxels + 8).subarray(shift, shift + voxels);
      const gradient = new Float32Array(logits.length + 8).subarray(shift, shift + logits.length);
      x.set(logits);
      y.set(target);
      const result = onKernels(loss, x, y, { ...options, gradient });
      expect(result.gradient).toBe(gradient);
      expect(sameBits(result, plain)).toBe(true);
      expect([...new Float32Array(gradient.buffer, 0, shift)].every((v) => v === 0)).toBe(true);
      expect([...new Float32Array(gradient.buffer, 4 * (shift + logits.length))].every((v) => v === 0)).toBe(true);
    }
  });

  it("gives the same bits from parts of arrays in the library's memory", () => {
    const voxels = 1000;
    const { logits, target, options } = wasmCall(5, head, voxels);
    const plain = onKernels(loss, logits, target, options);
    const room = allocate(2 * logits.length + 64);
    const labels = allocate(voxels + 16, "uint8");
    try {
      for (const shift of [0, 1, 3]) {
        const x = room.subarray(shift, shift + logits.length);
        const gradient = room.subarray(logits.length + 32 + shift, 2 * logits.length + 32 + shift);
        const y = labels.subarray(shift, shift + voxels);
        x.set(logits);
        y.set(target);
        expect(sameBits(onKernels(loss, x, y, { ...options, gradient }), plain)).toBe(true);
      }
      // The gradient alone elsewhere: nothing is in place then.
      const x = room.subarray(0, logits.length);
      x.set(logits);
      expect(sameBits(onKernels(loss, x, target, options), plain)).toBe(true);
    } finally {
      free(room);
      free(labels);
    }
  });

  it("reads and writes a SharedArrayBuffer", () => {
    const { logits, target, options } = wasmCall(6, head, 700);
    const shared = <A extends FloatArray | LabelArray>(array: A, Type: new (buffer: SharedArrayBuffer) => A): A => {
      const copy = new Type(new SharedArrayBuffer(array.byteLength));
      copy.set(array);
      return copy;
    };
    const gradient = new Float32Array(new SharedArrayBuffer(logits.byteLength));
    const result = onKernels(loss, shared<Float32Array>(logits, Float32Array), shared<Uint8Array>(target, Uint8Array), {
      ...options,
      gradient,
    });
    expect(sameBits(result, onKernels(loss, logits, target, options))).toBe(true);
  });

  it("takes labels of every type of integer", () => {
    const { logits, target, options } = wasmCall(7, head, 500);
    const plain = onKernels(loss, logits, target, options);
    for (const Type of [Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Int32Array, Uint32Array]) {
      expect(sameBits(onKernels(loss, logits, Type.from(target), options), plain), Type.name).toBe(true);
    }
    const whole = Int32Array.from(target);
    inLibraryMemory(logits, whole, options, (x, y, own) => {
      expect(sameBits(onKernels(loss, x, y, own), plain)).toBe(true);
    });
  });

  it("takes voxel weights of either type", () => {
    const { logits, target, options } = wasmCall(8, head, 500);
    const uniform = uniformSequence(8);
    const weights = Float32Array.from({ length: 500 }, () => 3 * uniform());
    const single = onKernels(loss, logits, target, { ...options, weights });
    const double = onKernels(loss, logits, target, { ...options, weights: Float64Array.from(weights) });
    expect(sameBits(single, double)).toBe(true);
    const truth = reference(loss, logits, target, { ...options, weights });
    expect(problemsOf(dice.definition, single, truth, logits, target, options)).toEqual([]);
  });

  it("counts weights of the value and the gradient alike", () => {
    const { logits, target, options } = wasmCall(9, head, 5000);
    expect(loss.value(logits, target, { ...options, backend: "wasm" })).toBe(
      onKernels(loss, logits, target, options).value,
    );
  });
});

describe("fields", () => {
  const loss = lossFromFormula("mean(depth * (p - y)^2 + classes_sum(map * p))", {
    fields: { depth: "voxel", map: "class-voxel" },
  });

  it.each(["channels-first", "channels-last"] as const)("are read in the layout of the logits: %s", (layout) => {
    const voxels = 130;
    const { logits, target } = wasmCall(10, MANY, voxels);
    const shape = layout === "channels-first" ? [1, 3, voxels] : [1, voxels, 3];
    const uniform = uniformSequence(10);
    const fields = {
      depth: Float32Array.from({ length: voxels }, () => uniform()),
      map: Float32Array.from({ length: 3 * voxels }, () => uniform()),
    };
    const options: CallOptions = { shape, layout, activation: "sigmoid", fields };
    const result = onKernels(loss, logits, target, options);
    const truth = reference(loss, logits, target, options);
    expect(problemsOf(dice.definition, result, truth, logits, target, options)).toEqual([]);
    const doubles = { depth: Float64Array.from(fields.depth), map: Float64Array.from(fields.map) };
    expect(sameBits(onKernels(loss, logits, target, { ...options, fields: doubles }), result)).toBe(true);
  });
});

describe("ignored values", () => {
  const { logits, target } = wasmCall(12, BINARY, 400);
  const soft = Float64Array.from(target, (label) => 0.25 + label / 2);
  const holes = <A extends Target>(array: A, value: number): A => {
    for (let i = 0; i < array.length; i += 7) array[i] = value;
    return array;
  };

  it.each<[string, Target, number]>([
    ["a float64 target with a value that float32 does not hold", holes(soft.slice(), 0.1), 0.1],
    ["a float32 target with a value that it does not hold", holes(Float32Array.from(soft), 0.1), 0.1],
    ["float targets far out of range", holes(Float32Array.from(soft), -(2 ** 100)), -(2 ** 100)],
    ["labels of 32 bits", holes(Uint32Array.from(target), 4294967295), 4294967295],
    ["negative labels", holes(Int16Array.from(target), -100), -100],
    ["labels of none", Uint8Array.from(target), 256],
    ["labels of none, by a number of 33 bits", Uint8Array.from(target), 2 ** 32],
    ["labels of none, by a fraction", Int32Array.from(target), 0.5],
  ])("are those of the reference: %s", (_, values, ignore) => {
    const options: CallOptions = { shape: [1, 1, 400], ignore };
    const result = onKernels(bceDice(), logits, values, options);
    const truth = reference(bceDice(), logits, values, options);
    expect(problemsOf(dice.definition, result, truth, logits, values, options)).toEqual([]);
  });
});

it("writes the gradient of several losses over and over into the same array", () => {
  const { logits, target, options } = wasmCall(11, BINARY, 999);
  const gradient = new Float32Array(999).fill(Number.NaN);
  for (const loss of [bceDice(), focal(), bceDice({ smooth: 1 })]) {
    const result = onKernels(loss, logits, target, { ...options, gradient });
    expect(sameBits(result, onKernels(loss, logits, target, options))).toBe(true);
  }
});
