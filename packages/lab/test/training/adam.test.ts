import { describe, expect, it } from "vitest";
import { createAdam } from "../../src/onnx-training/adam.js";
import { oneCycleRate } from "../../src/training/one-cycle.js";

describe("Adam", () => {
  it("moves by the rate along the sign of a steady gradient", () => {
    const parameters = Float32Array.from([1, 1, 1]);
    const optimise = createAdam(3);
    for (let step = 0; step < 5; step++) optimise(parameters, Float32Array.from([3, -0.01, 0]), 0.1);
    expect(parameters[0]).toBeCloseTo(0.5, 5);
    expect(parameters[1]).toBeCloseTo(1.5, 4);
    expect(parameters[2]).toBe(1);
  });

  it("finds the bottom of a bowl", () => {
    const parameters = Float32Array.from([3, -2]);
    const optimise = createAdam(2);
    for (let step = 0; step < 400; step++) {
      optimise(parameters, Float32Array.from([2 * parameters[0], 20 * parameters[1]]), 0.05);
    }
    expect(Math.hypot(...parameters)).toBeLessThan(0.01);
  });
});

describe("the one-cycle rate", () => {
  const rates = Array.from({ length: 100 }, (_, step) => oneCycleRate(step, 100, 0.01));

  it("rises from a 25th of the peak, then falls to nearly nothing", () => {
    expect(rates[0]).toBeCloseTo(0.0004, 12);
    expect(Math.max(...rates)).toBe(rates[25]);
    expect(rates[25]).toBeCloseTo(0.01, 12);
    expect(rates[99]).toBeCloseTo(1e-6, 12);
    for (let step = 1; step < 100; step++) expect(rates[step] > rates[step - 1]).toBe(step <= 25);
  });

  it("is finite for one step", () => {
    expect(oneCycleRate(0, 1, 0.01)).toBeGreaterThan(0);
  });
});
