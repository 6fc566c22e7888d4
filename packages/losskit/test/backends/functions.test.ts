// Errors of the kernels' functions in ULP, through the whole range of floats in steps.

import { describe, expect, it } from "vitest";
import * as functions from "../../src/backends/wasm/functions.js";
import { uniformSequence } from "../losses/calls.js";
import { laneFunction, type MakeLanes, probability } from "./lane-function.js";
import { floatsBetween, largestError } from "./ulp.js";

/** A prime number of floats, so that the steps meet all patterns of low bits. */
const STEP = 1021;
const LARGEST = 2 ** 128 - 2 ** 104;
const SMALLEST_NORMAL = 2 ** -126;

const sqrt: MakeLanes = (c, a) => c.op("f32x4.sqrt", a);

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const logSigmoid = (x: number) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

interface Measurement {
  readonly name: string;
  readonly make: MakeLanes;
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
  { name: "expNegative", make: functions.expNegative, exact: Math.exp, ranges: [[-0, -64]], bound: 1.9 },
  {
    name: "sigmoidNegative",
    make: functions.sigmoidNegative,
    exact: sigmoid,
    ranges: [[-0, -64]],
    bound: 2.5,
  },
  {
    name: "preciseSigmoidNegative",
    make: functions.preciseSigmoidNegative,
    exact: sigmoid,
    ranges: [[-0, -64]],
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
  // The smaller of p and q as above; the larger is its difference from 1, which cannot be further off than half of that and its rounding.
  ...(["precise", "fast"] as const).flatMap((form): Measurement[] => [
    {
      name: `p of a sigmoid, ${form}`,
      make: probability("p", form),
      exact: sigmoid,
      ranges: [
        [-0, -64],
        [0, LARGEST],
      ],
      bound: form === "precise" ? 2 : 2.5,
    },
    {
      name: `log p of a sigmoid, ${form}`,
      make: probability("logP", form),
      exact: logSigmoid,
      // For x < 0 two negative numbers are added; from 16 on log p is -e^-x, which is as good as the exponential.
      ranges: [
        [-0, -LARGEST],
        [0, 64],
      ],
      // log(1 - small) multiplies the relative error of a small of one half by 1 / log 2.
      bound: form === "precise" ? 3.1 : 2.3,
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

describe("expDifference", () => {
  const run = laneFunction(functions.expDifference);

  // Differences of up to 60 between logits of every size: what the difference itself rounds away must not show.
  it.each([1e-3, 1, 20, 300, 1e5])("is within 1.2 ULP for arguments of up to %d", (size) => {
    const uniform = uniformSequence(7);
    const count = 100_000;
    const pairs = Array.from({ length: count }, (_, i) => {
      const first = Math.fround(size * (2 * uniform() - 1));
      const second = Math.fround(i % 2 ? size * (2 * uniform() - 1) : first + 60 * uniform());
      return [Math.min(first, second), Math.max(first, second)];
    }).filter(([a, b]) => a - b > -63.9);
    expect(pairs.length).toBeGreaterThan(count / 3);
    const [a, b] = [0, 1].map((k) => Float32Array.from(pairs, (pair) => pair[k]));
    const { ulp, at } = largestError(
      run(a, b),
      (i) => Math.exp(a[i] - b[i]),
      (i) => i,
    );
    expect(ulp, `at ${pairs[at]}`).toBeLessThanOrEqual(1.2);
  });
});
