// What the tests of matrices, objects and log(1 - p) on kernels have in common: threads, bounds, streams.

import { expect } from "vitest";
import type { CallOptions, Target } from "../../src/formula/options.js";
import type { Loss } from "../../src/losses/loss.js";
import { type Head, inLibraryMemory, reference, sameBits } from "./conformance-calls.js";
import { problemsOf } from "./float32-bounds.js";

export const softmax = (channels: number): Head => ({ channels, activation: "softmax" });
export const sigmoid = (channels: number): Head => ({ channels, activation: "sigmoid" });

/** On kernels with 1, 2 and 4 threads: all must have the same bits. Returns what is beyond the bounds of float32. */
export function problems(loss: Loss, logits: Float32Array, target: Target, options: CallOptions): string[] {
  const plain = loss.valueAndGradient(logits, target, { ...options, backend: "wasm", threads: 1 });
  expect(plain.backend).toBe("wasm");
  for (const threads of [1, 2, 4]) {
    inLibraryMemory(logits, target, options, (x, y, own) => {
      const result = loss.valueAndGradient(x, y, { ...own, backend: "wasm", threads });
      expect(sameBits(result, plain), `${threads} threads`).toBe(true);
    });
  }
  const truth = reference(loss, logits, target, options);
  return problemsOf(loss.terms[0].definition, plain, truth, logits, target, options);
}

/** Cut at the one place where it may be, 65,536 voxels. */
export function expectStreamed(loss: Loss, logits: Float32Array, target: Uint8Array, options: CallOptions): void {
  const [, channels, voxels] = options.shape;
  const whole = loss.valueAndGradient(logits, target, { ...options, backend: "wasm" });
  const chunks = [0, 65_536].map((offset) => {
    const end = offset === 0 ? 65_536 : voxels;
    const piece = new Float32Array(channels * (end - offset));
    for (let c = 0; c < channels; c++) {
      piece.set(logits.subarray(c * voxels + offset, c * voxels + end), c * (end - offset));
    }
    return { logits: piece, target: target.subarray(offset, end), channels, activation: options.activation, offset };
  });
  const [first, second] = chunks.map((chunk) => loss.sums(chunk));
  const merged = { ...first, blocks: [...first.blocks, ...second.blocks] };
  const { value, coefficients } = loss.finish(merged);
  expect(value).toBe(whole.value);
  for (const chunk of chunks) {
    const gradient = loss.gradient(chunk, coefficients);
    const length = gradient.length / channels;
    for (let c = 0; c < channels; c++) {
      const from = c * voxels + chunk.offset;
      expect(gradient.subarray(c * length, (c + 1) * length)).toEqual(whole.gradient.subarray(from, from + length));
    }
  }
}
