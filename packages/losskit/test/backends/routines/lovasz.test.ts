// The compiled Lovász weights against their float64 twin, bit for bit.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reservedBytes } from "../../../src/backends/wasm/memory.js";
import { lovaszWeights } from "../../../src/backends/wasm/routines/lovasz.js";
import { lovaszWeights as reference } from "../../../src/routines/lovasz.js";
import { differences, sequence, withFloats } from "./in-memory.js";

const compiled = (errors: ArrayLike<number>, targets: ArrayLike<number>) =>
  withFloats([errors, targets, new Float32Array(errors.length).fill(-7)], ([e, t, w], read) => {
    const value = lovaszWeights(e, t, w, errors.length);
    return { value, weights: read(w, errors.length), errors: read(e, errors.length), targets: read(t, errors.length) };
  });

/** The twin's weights in float32, but 0 where the error is 0; and its value. */
function expected(errors: ArrayLike<number>, targets: ArrayLike<number>) {
  const values = Float64Array.from(errors);
  const weights = reference(values, targets);
  return {
    weights: Float32Array.from(weights, (weight, i) => (values[i] === 0 ? 0 : weight)),
    value: weights.reduce((sum, weight, i) => sum + weight * values[i], 0),
  };
}

function expectEqual(errors: ArrayLike<number>, targets: ArrayLike<number>) {
  const actual = compiled(errors, targets);
  const { weights, value } = expected(errors, targets);
  expect(differences(actual.weights, weights)).toEqual([]);
  expect(Math.abs(actual.value - value)).toBeLessThanOrEqual(1e-13 * Math.abs(value));
  expect(differences(actual.errors, Float32Array.from(errors))).toEqual([]);
  expect(differences(actual.targets, Float32Array.from(targets))).toEqual([]);
}

const voxels = (error: fc.Arbitrary<number>, maxLength: number) =>
  fc.array(fc.tuple(error, fc.constantFrom(0, 1)), { maxLength });

const errorsOf: Record<string, (random: () => number) => number> = {
  "spread over all magnitudes": (random) => 2 ** (270 * random() - 145),
  "in one binade": (random) => 1 + random(),
  "within one bin of the histogram": (random) => 1 + random() / 256,
  "mostly in one bin": (random) => (random() < 0.9 ? 1 + random() / 256 : 4 * random()),
  "all equal": () => 0.7,
  "five values": (random) => Math.floor(5 * random()) / 4,
  "mostly 0": (random) => Math.max(0, random() - 0.9),
  denormal: (random) => 1e-40 * random(),
  "in falling order": (() => {
    let next = 3;
    return () => {
      next -= 1e-6;
      return next;
    };
  })(),
};

describe("the compiled lovaszWeights", () => {
  it("equals its twin on random errors and ties", () => {
    const error = fc.oneof(
      fc.float({ min: 0, max: 4, noNaN: true }),
      fc.float({ min: 0, noNaN: true, noDefaultInfinity: true, max: Math.fround(3e38) }),
      fc.constantFrom(0, 0.5, 1, 2 ** -149),
    );
    fc.assert(
      fc.property(voxels(error, 70), (list) => {
        expectEqual(
          list.map(([e]) => e),
          list.map(([, t]) => t),
        );
      }),
      { numRuns: 300 },
    );
  });

  // One bucket; many buckets, the first of them too large for a radix sort in some.
  it.each(Object.keys(errorsOf).flatMap((kind) => [4097, 65_537, 300_003].map((count) => ({ kind, count }))))(
    "equals its twin on $count errors, $kind",
    ({ kind, count }) => {
      const random = sequence(count);
      const errors = Float32Array.from({ length: count }, () => errorsOf[kind](random));
      expectEqual(
        errors,
        Float32Array.from(errors, () => (random() < 0.15 ? 1 : 0)),
      );
    },
  );

  it.each([0, 1])("equals its twin where every target is %d", (target) => {
    const random = sequence(5);
    for (const count of [0, 1, 2, 3, 5, 64, 100_001]) {
      const errors = Float32Array.from({ length: count }, () => Math.max(0, random() - 0.3));
      expectEqual(errors, new Float32Array(count).fill(target));
    }
  });

  it("gives all weight to the first of the largest errors without a voxel of the class", () => {
    expect([...compiled([0.5, 2, 2, 0], [0, 0, 0, 0]).weights]).toEqual([0, 1, 0, 0]);
  });

  it("is 0 where no error is above 0, also for -0", () => {
    const { value, weights } = compiled([0, -0, 0, 0, -0], [0, 1, 1, 0, 0]);
    expect(value).toBe(0);
    expect([...weights]).toEqual([0, 0, 0, 0, 0]);
  });

  it("computes errors below 0 as its twin does", () => {
    const signed = fc.oneof(fc.float({ min: -2, max: 2, noNaN: true }), fc.constant(-1));
    fc.assert(
      fc.property(voxels(signed, 30), (list) => {
        fc.pre(list.some(([e]) => e < 0));
        const [errors, targets] = [list.map(([e]) => e), list.map(([, t]) => t)];
        const weights = reference(Float64Array.from(errors), targets);
        expect(differences(compiled(errors, targets).weights, Float32Array.from(weights))).toEqual([]);
      }),
    );
  });

  it("keeps its counts exact when they are large", () => {
    // 2^22 equal errors: kept and union run through millions of values that float32 could not hold apart.
    const count = 2 ** 22;
    const targets = Float32Array.from({ length: count }, (_, i) => (i % 3) & 1);
    expectEqual(new Float32Array(count).fill(1), targets);
  });

  it("gives its scratch back", () => {
    const before = reservedBytes();
    compiled(new Float32Array(70_000).fill(1), new Float32Array(70_000).fill(1));
    expect(reservedBytes()).toBe(before);
  });
});
