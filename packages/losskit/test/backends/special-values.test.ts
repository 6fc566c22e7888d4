// What the kernels' functions make of zeros, infinities, NaN, subnormal numbers and results that are no floats.

import { describe, expect, it } from "vitest";
import * as functions from "../../src/backends/wasm/functions.js";
import { laneFunction, type MakeLanes, probability } from "./lane-function.js";
import { largestError } from "./ulp.js";

const LARGEST = 2 ** 128 - 2 ** 104;
const SMALLEST_NORMAL = 2 ** -126;
const SMALLEST = 2 ** -149;
/** exp is taken of at most this. */
const LARGEST_EXP = Math.exp(Math.fround(88.37));

const sqrt: MakeLanes = (c, a) => c.op("f32x4.sqrt", a);

/** A function of single numbers. */
const scalar = (make: MakeLanes) => {
  const run = laneFunction(make);
  return (a: number, b = 0) => run(new Float32Array(4).fill(a), new Float32Array(4).fill(b))[0];
};

describe("expDifference", () => {
  it.each([
    [0, 0, 1],
    [5, 5, 1],
    [-LARGEST, LARGEST, Math.exp(-64)],
    [-LARGEST, 0, Math.exp(-64)],
    [1e20, 2e20, Math.exp(-64)],
    [-(2 ** 40) - 2 ** 17, -(2 ** 40), Math.exp(-64)],
    [2 ** 26 - 4, 2 ** 26, Math.exp(-4)],
    [LARGEST, LARGEST, 1],
    [-100, -30, Math.exp(-64)],
  ])("exp(%d - %d) is %d", (a, b, exact) => {
    expect(scalar(functions.expDifference)(a, b) / exact).toBeCloseTo(1, 5);
  });

  it("of NaN is NaN", () => {
    expect(scalar(functions.expDifference)(Number.NaN, 1)).toBeNaN();
    expect(scalar(functions.expDifference)(1, Number.NaN)).toBeNaN();
  });
});

describe("special values", () => {
  const { exp, expNegative, expm1, log, log1p, log1pPositive, log1pUnit, pow, sigmoidNegative } = functions;

  it.each<[string, MakeLanes]>([
    ["exp", exp],
    ["expNegative", expNegative],
    ["expm1", expm1],
    ["log", log],
    ["log1p", log1p],
    ["log1pUnit", log1pUnit],
    ["sigmoidNegative", sigmoidNegative],
    ["sqrt", sqrt],
    ["pow of it", pow],
  ])("%s of NaN is NaN", (_, make) => {
    expect(scalar(make)(Number.NaN, 1.5)).toBeNaN();
  });

  it.each<[string, number, number, MakeLanes]>([
    ["exp", 0, 1, exp],
    ["exp", -0, 1, exp],
    ["exp", SMALLEST, 1, exp],
    ["exp", Number.NEGATIVE_INFINITY, Math.exp(-64), exp],
    ["exp", Number.POSITIVE_INFINITY, LARGEST_EXP, exp],
    ["exp", LARGEST, LARGEST_EXP, exp],
    ["expNegative", -LARGEST, Math.exp(-64), expNegative],
    ["expNegative", Number.NEGATIVE_INFINITY, Math.exp(-64), expNegative],
    ["sigmoidNegative", 0, 0.5, sigmoidNegative],
    ["sigmoidNegative", -SMALLEST, 0.5, sigmoidNegative],
    ["sigmoidNegative", -LARGEST, Math.exp(-64), sigmoidNegative],
    ["sigmoidNegative", Number.NEGATIVE_INFINITY, Math.exp(-64), sigmoidNegative],
    ["expm1", 0, 0, expm1],
    ["expm1", SMALLEST, SMALLEST, expm1],
    ["expm1", -SMALLEST_NORMAL, -SMALLEST_NORMAL, expm1],
    ["expm1", Number.NEGATIVE_INFINITY, -1, expm1],
    ["expm1", LARGEST, LARGEST_EXP, expm1],
    ["log", 1, 0, log],
    ["log", 0, Number.NEGATIVE_INFINITY, log],
    ["log", -0, Number.NEGATIVE_INFINITY, log],
    ["log", SMALLEST, Number.NEGATIVE_INFINITY, log],
    ["log", Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, log],
    ["log", LARGEST, Math.log(LARGEST), log],
    ["log", -SMALLEST_NORMAL, Number.NaN, log],
    ["log", -1, Number.NaN, log],
    ["log", Number.NEGATIVE_INFINITY, Number.NaN, log],
    ["log1p", 0, 0, log1p],
    ["log1p", SMALLEST, SMALLEST, log1p],
    ["log1p", -1, Number.NEGATIVE_INFINITY, log1p],
    ["log1p", -1.5, Number.NaN, log1p],
    ["log1p", Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, log1p],
    ["log1pPositive", 0, 0, log1pPositive],
    ["log1pPositive", SMALLEST, SMALLEST, log1pPositive],
    ["log1pPositive", 1, Math.LN2, log1pPositive],
    ["log1pUnit", 0, 0, log1pUnit],
    ["log1pUnit", SMALLEST, SMALLEST, log1pUnit],
    ["log1pUnit", 1, Math.LN2, log1pUnit],
    ["sqrt", -1, Number.NaN, sqrt],
    ["sqrt", Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, sqrt],
  ])("%s of %d is %d", (_, a, exact, make) => {
    const result = scalar(make)(a);
    const one = Float32Array.of(result);
    const { ulp } = largestError(
      one,
      () => exact,
      () => a,
    );
    expect(ulp, String(result)).toBeLessThanOrEqual(1);
  });

  it.each([
    [0, 0.5, 0],
    [-0, 2, 0],
    [SMALLEST, 0.5, 0],
    [0, 0, 1],
    [0, -1, Number.POSITIVE_INFINITY],
    [1, 7, 1],
    [1, -7, 1],
    [3, 0, 1],
    [-2, 2, Number.NaN],
  ])("%d to the power %d is %d", (a, b, exact) => {
    expect(scalar(pow)(a, b)).toEqual(exact);
  });

  it.each([
    [1e-30, 5, 2 ** -125.5],
    [SMALLEST_NORMAL, LARGEST, 2 ** -125.5],
    [2, -LARGEST, 2 ** -125.5],
    [1e30, 5, 2 ** 127.5],
    [LARGEST, LARGEST, 2 ** 127.5],
    [0.5, -1e9, 2 ** 127.5],
  ])("%d to the power %d is no float, and is taken as about %d", (a, b, bound) => {
    const ratio = scalar(pow)(a, b) / bound;
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.42);
  });

  it("never crosses 1 or 0 where the probabilities of a sigmoid must not", () => {
    const x = Float32Array.from({ length: 4000 }, (_, i) => (i - 2000) / 10);
    for (const form of ["precise", "fast"] as const) {
      const p = laneFunction(probability("p", form))(x);
      const q = laneFunction(probability("q", form))(x);
      p.forEach((value, i) => {
        expect(value > 0 && value <= 1 && q[i] > 0 && q[i] <= 1).toBe(true);
        expect(Math.abs(value + q[i] - 1)).toBeLessThanOrEqual(2 ** -23);
      });
    }
  });
});
