// Schedules: their ends, shapes and errors; and losses that follow them, which compile nothing anew.

import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as programs from "../../src/compiler/program.js";
import { boundary, dice } from "../../src/losses/catalogue.js";
import { add } from "../../src/losses/define.js";
import { constant, cosine, linear, type Schedule, scheduled, stepped } from "../../src/losses/schedules.js";
import { exampleCall } from "./calls.js";

vi.mock("../../src/compiler/program.js", { spy: true });
afterEach(() => {
  vi.restoreAllMocks();
});

const code = (expected: string) => expect.objectContaining({ name: "LosskitError", code: expected });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const steps = fc.double({ min: 0.1, max: 1e4, noNaN: true });
const RAMPS = [
  ["linear", linear],
  ["cosine", cosine],
] as const;

describe.each(RAMPS)("%s", (_, ramp) => {
  it("is exactly its ends before and after, and between them on the way", () => {
    fc.assert(
      fc.property(finite, finite, steps, fc.integer({ min: -10, max: 1000 }), (from, to, length, start) => {
        const schedule = ramp({ from, to, steps: length, start });
        expect(schedule(start)).toBe(from);
        expect(schedule(start - 7.5)).toBe(from);
        // start + length may be rounded down, so that the end is a little later.
        expect(schedule(start + length * 1.001)).toBe(to);
        expect(schedule(1e300)).toBe(to);
        for (const share of [0.001, 0.3, 0.5, 0.999]) {
          const value = schedule(start + share * length);
          expect(value >= Math.min(from, to) && value <= Math.max(from, to)).toBe(true);
        }
      }),
    );
  });

  it("stays between ends that are near each other", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 10, noNaN: true }), fc.integer({ min: 0, max: 2 }), (from, places) => {
        const to = from + places * Number.EPSILON;
        const schedule = ramp({ from, to, steps: 100 });
        for (let step = 0; step <= 100; step++) {
          expect(schedule(step) >= from && schedule(step) <= to).toBe(true);
        }
      }),
    );
  });

  it("goes one way, and is half way in the middle", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.integer({ min: 1, max: 300 }), (to, length) => {
        const schedule = ramp({ from: 1, to, steps: length });
        const slack = 1e-12 * Math.max(1, Math.abs(to));
        for (let step = 0; step < length; step++) {
          expect((schedule(step + 1) - schedule(step)) * Math.sign(to - 1)).toBeGreaterThanOrEqual(-slack);
        }
        expect(Math.abs(schedule(length / 2) - (1 + to) / 2)).toBeLessThan(slack);
      }),
    );
  });

  it.each([
    { from: Number.NaN, to: 1, steps: 1 },
    { from: 0, to: Number.POSITIVE_INFINITY, steps: 1 },
    { from: 0, to: 1, steps: 0 },
    { from: 0, to: 1, steps: -1 },
    { from: 0, to: 1, steps: Number.NaN },
    { from: 0, to: 1, steps: 1, start: Number.NaN },
    { from: 0, to: 1 } as { from: number; to: number; steps: number },
  ])("refuses %j", (options) => {
    expect(() => ramp(options)).toThrow(code("PARAMETER"));
  });

  it("refuses a step that is no number", () => {
    const schedule = ramp({ from: 0, to: 1, steps: 10 });
    for (const step of [Number.NaN, Number.POSITIVE_INFINITY, undefined, "3"]) {
      expect(() => schedule(step as number)).toThrow(code("PARAMETER"));
    }
  });
});

describe("the shapes", () => {
  it("linear falls by the same amount each step", () => {
    const alpha = linear({ from: 1, to: 0.01, steps: 99 });
    for (let epoch = 0; epoch < 150; epoch++) expect(alpha(epoch)).toBeCloseTo(Math.max(1 - epoch / 100, 0.01), 14);
  });

  it("cosine is half a cosine", () => {
    const rate = cosine({ from: 3, to: -1, steps: 40, start: 5 });
    for (let step = 5; step <= 45; step++) {
      expect(rate(step)).toBeCloseTo(-1 + 2 * (1 + Math.cos((Math.PI * (step - 5)) / 40)), 13);
    }
  });

  it("stepped takes each value from its step on", () => {
    const list = fc.uniqueArray(fc.integer({ min: -20, max: 200 }), { maxLength: 6 });
    fc.assert(
      fc.property(list, fc.integer({ min: -30, max: 250 }), (turns, step) => {
        const at = [...turns].sort((a, b) => a - b);
        const values = Array.from({ length: at.length + 1 }, (_, i) => i / 3);
        expect(stepped({ values, at })(step)).toBe(at.filter((turn) => step >= turn).length / 3);
      }),
    );
  });

  it("stepped does not change with its lists", () => {
    const values = [1, 2];
    const at = [5];
    const schedule = stepped({ values, at });
    values[0] = 9;
    at[0] = 0;
    expect([4, 5].map(schedule)).toEqual([1, 2]);
  });

  it("constant is constant", () => {
    expect([-1, 0, 1e9].map(constant(0.3))).toEqual([0.3, 0.3, 0.3]);
    expect(() => constant(Number.NaN)).toThrow(code("PARAMETER"));
    expect(() => constant(1)(Number.NaN)).toThrow(code("PARAMETER"));
  });

  it.each([
    { values: [1], at: [1] },
    { values: [], at: [] },
    { values: [1, 2, 3], at: [5, 5] },
    { values: [1, 2, 3], at: [6, 5] },
    { values: [1, Number.NaN], at: [5] },
    { values: [1, 2], at: [Number.POSITIVE_INFINITY] },
    { values: [1, 2] } as unknown as { values: number[]; at: number[] },
  ])("stepped refuses %j", (options) => {
    expect(() => stepped(options)).toThrow(code("PARAMETER"));
  });
});

describe("scheduled", () => {
  const alpha = linear({ from: 1, to: 0.01, steps: 100 });
  const rebalanced = () =>
    scheduled([
      [alpha, dice()],
      [(epoch) => 1 - alpha(epoch), boundary()],
    ]);

  it("is the weighted sum of each step, to the last bit", () => {
    const { logits, target, options } = exampleCall(3);
    const lossAt = rebalanced();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 150 }), (epoch) => {
        const sum = add([alpha(epoch), dice()], [1 - alpha(epoch), boundary()]);
        const expected = sum.valueAndGradient(logits, target, options);
        const result = lossAt(epoch).valueAndGradient(logits, target, options);
        expect(result.value).toBe(expected.value);
        expect(result.gradient).toEqual(expected.gradient);
      }),
      { numRuns: 20 },
    );
  });

  it("takes numbers among the schedules, and sums among the losses", () => {
    const { logits, target, options } = exampleCall(4);
    const lossAt = scheduled([
      [2, add([0.5, dice()], boundary())],
      [stepped({ values: [0, 3], at: [10] }), dice()],
    ]);
    const [one, other] = [dice(), boundary()].map((loss) => loss.value(logits, target, options));
    expect(lossAt(9).value(logits, target, options)).toBeCloseTo(one + 2 * other, 13);
    expect(lossAt(10).value(logits, target, options)).toBeCloseTo(4 * one + 2 * other, 13);
  });

  it("compiles once, whatever the weights: 0, whole numbers, negative ones", () => {
    const { target, options } = exampleCall(5, { space: [8, 9] });
    const logits = Float32Array.from({ length: target.length }, (_, i) => Math.sin(i));
    const weights = [1, 0.5, 0, 2, -1, 1e-3, 7];
    const lossAt = scheduled([
      [(step) => weights[step], dice({ smooth: 0.123 })],
      [(step) => 1 - weights[step], dice({ smooth: 7, images: "each" })],
    ]);
    const modules = vi.spyOn(WebAssembly, "Module");
    const program = vi.mocked(programs.createProgram);
    program.mockClear();
    const run = (step: number) => lossAt(step).valueAndGradient(logits, target, options);
    expect(run(0).backend).toBe("wasm");
    expect(program).toHaveBeenCalledTimes(1);
    const compiled = modules.mock.calls.length;
    expect(compiled).toBeGreaterThan(0);
    const values = weights.map((_, step) => run(step).value);
    expect(program).toHaveBeenCalledTimes(1);
    expect(modules.mock.calls.length).toBe(compiled);
    expect(new Set(values).size).toBe(weights.length);
    // What would be counted: another option is another program.
    add([1, dice({ smooth: 0.123, joinClasses: "pooled" })], dice()).valueAndGradient(logits, target, options);
    expect(program).toHaveBeenCalledTimes(2);
    expect(modules.mock.calls.length).toBeGreaterThan(compiled);
  });

  it.each([
    ["DEFINITION", () => scheduled([])],
    ["DEFINITION", () => scheduled(undefined as unknown as [])],
    ["DEFINITION", () => scheduled([dice()] as unknown as [])],
    ["DEFINITION", () => scheduled([[1, dice] as unknown as [number, ReturnType<typeof dice>]])],
    ["DEFINITION", () => scheduled([["1" as unknown as number, dice()]])],
    ["PARAMETER", () => scheduled([[Number.NaN, dice()]])],
    ["PARAMETER", () => rebalanced()(Number.NaN)],
    ["PARAMETER", () => scheduled([[(() => Number.NaN) as Schedule, dice()]])(0)],
  ] as const)("refuses with %s what is no schedule", (expected, call) => {
    expect(call).toThrow(code(expected));
  });
});
