// Errors of the kernels' functions in ULP, through the whole range of floats in steps, and what they make of special values.

import { describe, expect, it } from "vitest";
import * as functions from "../../src/backends/wasm/functions.js";
import type { LaneCode, LaneNode } from "../../src/backends/wasm/lane-code.js";
import { createValueLowering } from "../../src/backends/wasm/lower-values.js";
import { createKernelValues } from "../../src/compiler/kernel-values.js";
import { type Probabilities, type SigmoidSource, sigmoidOf } from "../../src/compiler/lower-inputs.js";
import { laneFunction } from "./lane-function.js";
import { floatsBetween, largestError } from "./ulp.js";

type Make = (c: LaneCode, a: LaneNode, b: LaneNode) => LaneNode;

/** A prime number of floats, so that the steps meet all patterns of low bits. */
const STEP = 1021;
const LARGEST = 2 ** 128 - 2 ** 104;
const SMALLEST_NORMAL = 2 ** -126;
const SMALLEST = 2 ** -149;
/** exp is taken of at most this. */
const LARGEST_EXP = Math.exp(Math.fround(88.37));

const sqrt: Make = (c, a) => c.op("f32x4.sqrt", a);

/** A probability of a logit, as kernels make it. */
const probability =
  (which: keyof Probabilities, source: SigmoidSource): Make =>
  (c, a) => {
    const k = createKernelValues();
    const x = k.load(0, false);
    const lower = createValueLowering(c, (value) => (value === x ? a : undefined));
    return lower(sigmoidOf(k, x, source)[which]());
  };

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const logSigmoid = (x: number) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

interface Measurement {
  readonly name: string;
  readonly make: Make;
  readonly exact: (a: number) => number;
  /** Ranges of one sign each. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
  /** As functions.ts states it. */
  readonly bound: number;
}

const MEASUREMENTS: readonly Measurement[] = [
  {
    name: "exp",
    make: functions.exp,
    exact: Math.exp,
    ranges: [
      [-0, -64],
      [0, 88.37],
    ],
    bound: 1,
  },
  { name: "expNegative", make: functions.expNegative, exact: Math.exp, ranges: [[-0, -64]], bound: 1 },
  {
    name: "sigmoidOfNegative",
    make: functions.sigmoidOfNegative,
    exact: (a) => sigmoid(-a),
    ranges: [[0, 64]],
    bound: 2,
  },
  {
    name: "expm1",
    make: functions.expm1,
    exact: Math.expm1,
    ranges: [
      [-0, -64],
      [0, 88.37],
    ],
    bound: 1.6,
  },
  { name: "log", make: functions.log, exact: Math.log, ranges: [[SMALLEST_NORMAL, LARGEST]], bound: 0.81 },
  {
    name: "log1p",
    make: functions.log1p,
    exact: Math.log1p,
    ranges: [
      [-0, -1 + 2 ** -24],
      [0, LARGEST],
    ],
    bound: 0.86,
  },
  { name: "log1pPositive", make: functions.log1pPositive, exact: Math.log1p, ranges: [[0, 2 ** 126]], bound: 1.4 },
  {
    name: "log1pUnit",
    make: functions.log1pUnit,
    exact: Math.log1p,
    ranges: [
      [-0, -0.5],
      [0, 1],
    ],
    bound: 1.2,
  },
  { name: "sqrt", make: sqrt, exact: Math.sqrt, ranges: [[0, LARGEST]], bound: 0.5 },
  // The smaller of p and q at most 2 ULP; the larger is its difference from 1, which cannot be further off than half of that and its rounding.
  ...(["probability", "exponential"] as const).flatMap((source): Measurement[] => [
    {
      name: `p of a sigmoid, from the ${source}`,
      make: probability("p", source),
      exact: sigmoid,
      ranges: [
        [-0, -64],
        [0, LARGEST],
      ],
      bound: source === "probability" ? 2 : 2.3,
    },
    {
      name: `log p of a sigmoid, from the ${source}`,
      make: probability("logP", source),
      exact: logSigmoid,
      // For x < 0 two negative numbers are added; from 16 on log p is -e^-x, which is as good as the exponential.
      ranges: [
        [-0, -LARGEST],
        [0, 64],
      ],
      // log(1 - small) multiplies the relative error of a small of one half by 1 / log 2.
      bound: source === "probability" ? 3.1 : 2,
    },
  ]),
];

describe.each(MEASUREMENTS)("$name", ({ make, exact, ranges, bound }) => {
  it.each(ranges)(`is within ${bound} ULP from %d to %d`, (from, to) => {
    const a = floatsBetween(from, to, STEP);
    const { ulp, at } = largestError(
      laneFunction(make)(a),
      (i) => exact(a[i]),
      (i) => a[i],
    );
    expect(ulp, `at ${at}`).toBeLessThanOrEqual(bound);
  });
});

describe("pow", () => {
  const run = laneFunction(functions.pow);
  const EXPONENTS = [0.1, 0.25, 0.5, 0.75, 1, 4 / 3, 1.5, 2.5, 3.3, 5, 11, 50, -0.25, -0.5, -1.5, -3.3, -50];

  it.each(EXPONENTS)("to %d is within 1.2 + 0.7 |b| ULP, wherever the power is a normal float", (exponent) => {
    const b = Math.fround(exponent);
    const a = floatsBetween(SMALLEST_NORMAL, LARGEST, 4 * STEP).filter((base) => {
      const power = base ** b;
      return power >= 2 ** -125.4 && power <= 2 ** 127.4;
    });
    expect(a.length).toBeGreaterThan(1000);
    const { ulp, at } = largestError(
      run(a, new Float32Array(a.length).fill(b)),
      (i) => a[i] ** b,
      (i) => a[i],
    );
    expect(ulp, `at ${at}`).toBeLessThanOrEqual(1.2 + 0.7 * Math.abs(b));
  });
});

/** A function of single numbers. */
const scalar = (make: Make) => {
  const run = laneFunction(make);
  return (a: number, b = 0) => run(new Float32Array(4).fill(a), new Float32Array(4).fill(b))[0];
};

describe("special values", () => {
  const { exp, expNegative, expm1, log, log1p, log1pPositive, log1pUnit, pow, sigmoidOfNegative } = functions;

  it.each<[string, Make]>([
    ["exp", exp],
    ["expNegative", expNegative],
    ["expm1", expm1],
    ["log", log],
    ["log1p", log1p],
    ["log1pUnit", log1pUnit],
    ["sigmoidOfNegative", sigmoidOfNegative],
    ["sqrt", sqrt],
    ["pow of it", pow],
  ])("%s of NaN is NaN", (_, make) => {
    expect(scalar(make)(Number.NaN, 1.5)).toBeNaN();
  });

  it.each<[string, number, number, Make]>([
    ["exp", 0, 1, exp],
    ["exp", -0, 1, exp],
    ["exp", SMALLEST, 1, exp],
    ["exp", Number.NEGATIVE_INFINITY, Math.exp(-64), exp],
    ["exp", Number.POSITIVE_INFINITY, LARGEST_EXP, exp],
    ["exp", LARGEST, LARGEST_EXP, exp],
    ["expNegative", -LARGEST, Math.exp(-64), expNegative],
    ["expNegative", Number.NEGATIVE_INFINITY, Math.exp(-64), expNegative],
    ["sigmoidOfNegative", 0, 0.5, sigmoidOfNegative],
    ["sigmoidOfNegative", SMALLEST, 0.5, sigmoidOfNegative],
    ["sigmoidOfNegative", LARGEST, Math.exp(-64), sigmoidOfNegative],
    ["sigmoidOfNegative", Number.POSITIVE_INFINITY, Math.exp(-64), sigmoidOfNegative],
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
    for (const source of ["probability", "exponential"] as const) {
      const p = laneFunction(probability("p", source))(x);
      const q = laneFunction(probability("q", source))(x);
      p.forEach((value, i) => {
        expect(value > 0 && value <= 1 && q[i] > 0 && q[i] <= 1).toBe(true);
        expect(Math.abs(value + q[i] - 1)).toBeLessThanOrEqual(2 ** -23);
      });
    }
  });
});
