import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topMeanWeights } from "../../src/routines/top-mean.js";
import { dot } from "./grids.js";

describe("topMeanWeights", () => {
  it("makes the sum the mean of the largest values", () => {
    const values = fc.array(fc.oneof(fc.double({ min: -9, max: 9, noNaN: true }), fc.constantFrom(0, 1)), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (list, percent) => {
        const weights = topMeanWeights(Float64Array.from(list), percent / 100);
        const count = Math.max(1, Math.floor((list.length * percent) / 100));
        const top = [...list].sort((a, b) => b - a).slice(0, count);
        expect(weights.filter((weight) => weight > 0).length).toBe(count);
        expect(dot(weights, list)).toBeCloseTo(top.reduce((a, b) => a + b, 0) / count, 12);
      }),
      { numRuns: 300 },
    );
  });

  it("takes the first of equal values", () => {
    expect([...topMeanWeights(Float64Array.of(1, 2, 2, 2), 0.5)]).toEqual([0, 0.5, 0.5, 0]);
  });

  it("is not one voxel short where the product is rounded down", () => {
    // 0.29 × 100 is 28.999999999999996 in doubles.
    expect(topMeanWeights(new Float64Array(100), 0.29).filter((weight) => weight > 0).length).toBe(29);
    expect(topMeanWeights(new Float64Array(100), 0.2899999).filter((weight) => weight > 0).length).toBe(28);
  });

  it("keeps at least one voxel, and has no weights for none", () => {
    expect([...topMeanWeights(Float64Array.of(3, 4, 1), 0.1)]).toEqual([0, 1, 0]);
    expect([...topMeanWeights(Float64Array.of(3), 1e-9)]).toEqual([1]);
    expect([...topMeanWeights(new Float64Array(0), 0.1)]).toEqual([]);
    expect([...topMeanWeights(Float64Array.of(1, 2, 3, 4), 1)]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it.each([0, -0.1, 1.01, Number.NaN])("refuses the fraction %d", (fraction) => {
    expect(() => topMeanWeights(Float64Array.of(1, 2), fraction)).toThrow(
      `top_mean got the fraction ${fraction}; it takes a number above 0, at most 1`,
    );
  });
});
