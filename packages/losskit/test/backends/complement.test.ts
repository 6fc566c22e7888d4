// log(1 - p) on kernels: of a softmax what it is on the reference backend, however saturated, and beside powers.

import { describe, expect, it } from "vitest";
import type { CallOptions } from "../../src/formula/options.js";
import { bce, focal } from "../../src/losses/catalogue.js";
import { add, lossFromFormula } from "../../src/losses/define.js";
import { distance, largest } from "../losses/calls.js";
import { type LogitKind, reference, wasmCall } from "./conformance-calls.js";
import { expectStreamed, problems, softmax } from "./whole-language.js";

describe("log(1 - p) of a softmax", () => {
  const formulas: readonly [string, string][] = [
    ["alone", "-mean((1 - y) * log(1 - p))"],
    ["cross entropy of each class", "-mean(y * log(p) + (1 - y) * log(1 - p))"],
    ["focal", "-mean(y * (1 - p)^1.5 * log(p) + (1 - y) * p^1.5 * log(1 - p))"],
    ["beside an overlap", "1 - sum(p*y) / (sum(p) + sum(y)) - mean(classes_sum(0.3 * (1 - y) * log(1 - p)))"],
  ];

  describe.each(formulas)("%s", (_, text) => {
    const loss = lossFromFormula(text);

    it.each([2, 3, 4, 5, 9, 32])("is the truth to float32, with %d classes", (channels) => {
      for (const voxels of [1, 65, 4097]) {
        const { logits, target, options } = wasmCall(voxels, softmax(channels), voxels, 2);
        expect(problems(loss, logits, target, options), `${voxels} voxels`).toEqual([]);
      }
    });

    it.each<LogitKind>(["near-perfect", "saturated"])("keeps its digits for %s logits of 16 to 20", (kind) => {
      for (const channels of [2, 3, 6]) {
        const { logits, target, options } = wasmCall(11, softmax(channels), 4099, 1, kind);
        expect(problems(loss, logits, target, options), `${channels} classes`).toEqual([]);
      }
    });
  });

  it.each([2, 3, 4, 7])("goes on where 1 - p underflows, with %d classes", (channels) => {
    const loss = lossFromFormula("-mean(classes_sum((1 - y) * log(1 - p)))");
    // The first class has everything; the second largest logit, with its equals, says how little is left.
    for (const [top, ties] of [
      [60, 1],
      [70, 1],
      [100, channels - 1],
      [800, channels - 1],
      [1e4, 1],
      [1e9, channels - 1],
    ]) {
      const logits = new Float32Array(channels).map((_, c) => (c === 0 ? top : c <= ties ? 0 : -30));
      const options = { shape: [1, channels, 1], activation: "softmax" } as const;
      const target = Uint8Array.of(channels - 1);
      const result = loss.valueAndGradient(logits, target, { ...options, backend: "wasm" });
      const truth = reference(loss, logits, target, options);
      expect(Math.abs(result.value - truth.value), `${top}`).toBeLessThanOrEqual(2e-7 * truth.value);
      result.gradient.forEach((slope, c) => {
        expect(Math.abs(slope - truth.gradient[c]), `${top}`).toBeLessThanOrEqual(3e-7);
      });
    }
  });

  it.each([3, 6])("is finite where several of %d classes share the first place", (channels) => {
    const loss = lossFromFormula("-mean((1 - y) * log(1 - p))");
    for (const equal of [2, channels]) {
      const logits = new Float32Array(channels).map((_, c) => (c < equal ? 5 : -90));
      const options = { shape: [1, channels, 1], activation: "softmax" } as const;
      expect(problems(loss, logits, Uint8Array.of(0), options)).toEqual([]);
    }
  });

  it("of two classes is that of a sigmoid of the difference", () => {
    const { logits, target, options } = wasmCall(5, softmax(2), 4096);
    const difference = Float32Array.from({ length: 4096 }, (_, i) => Math.fround(logits[4096 + i] / 64));
    // 0 beside it, so that the difference is exact.
    const pairs = Float32Array.from({ length: 8192 }, (_, i) => (i < 4096 ? 0 : difference[i - 4096]));
    const loss = lossFromFormula("-mean((1 - y) * log(1 - p) + y * log(p))");
    const two = loss.valueAndGradient(pairs, target, { ...options, backend: "wasm" });
    const one = loss.valueAndGradient(difference, target, { shape: [1, 1, 4096], backend: "wasm" });
    expect(Math.abs(two.value - one.value)).toBeLessThan(2e-7 * one.value);
    expect(distance(Float64Array.from(two.gradient.subarray(4096)), Float64Array.from(one.gradient))).toBeLessThan(
      5e-7 * largest(one.gradient),
    );
  });

  it("streams, with the bits of the whole", () => {
    const { logits, target, options } = wasmCall(9, softmax(3), 65_540);
    expectStreamed(lossFromFormula("-mean((1 - y) * log(1 - p))"), logits, target, options);
  });
});

describe("a sum of logarithms beside a power", () => {
  it.each([0, 0.1, -0.4])("keeps its digits where p is about one half (x = %d)", (x) => {
    // A product of many numbers of about one half is nothing beside 1.
    const loss = add(bce(), focal());
    const logits = new Float32Array(4096).fill(x);
    const target = Uint8Array.from(logits, (_, i) => i % 2);
    const options: CallOptions = { shape: [1, 1, 4096] };
    const { value } = loss.valueAndGradient(logits, target, { ...options, backend: "wasm" });
    const truth = reference(loss, logits, target, options);
    // Equal numbers round the same way.
    expect(Math.abs(value - truth.value)).toBeLessThan(2e-7 * truth.value);
  });
});
