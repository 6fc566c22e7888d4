import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hardMeanWeights } from "../../src/routines/hard-mean.js";
import { topMeanWeights } from "../../src/routines/top-mean.js";
import { dot } from "./grids.js";

const lists = fc.array(fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, 0.5, 1)), {
  minLength: 1,
  maxLength: 60,
});

describe("hardMeanWeights", () => {
  it("makes the sum the mean of the values from the threshold up, or of the top fraction where that is more", () => {
    const threshold = fc.constantFrom(-9, 0, 0.5, 0.7, 1, 9);
    fc.assert(
      fc.property(lists, threshold, fc.integer({ min: 1, max: 100 }), (list, bound, percent) => {
        const weights = hardMeanWeights(Float64Array.from(list), bound, percent / 100);
        const hard = list.filter((value) => value >= bound).length;
        const count = Math.max(1, Math.floor((list.length * percent) / 100), hard);
        const top = [...list].sort((a, b) => b - a).slice(0, count);
        expect(weights.filter((weight) => weight > 0).length).toBe(count);
        expect(dot(weights, list)).toBeCloseTo(top.reduce((a, b) => a + b, 0) / count, 12);
      }),
      { numRuns: 300 },
    );
  });

  it("counts values equal to the threshold, and the first of equal ones below it", () => {
    expect([...hardMeanWeights(Float64Array.of(1, 2, 3, 2), 2, 0.25)]).toEqual([0, 1 / 3, 1 / 3, 1 / 3]);
    expect([...hardMeanWeights(Float64Array.of(1, 2, 2, 2), 5, 0.5)]).toEqual([0, 0.5, 0.5, 0]);
  });

  it("is the top mean where no value reaches the threshold, and the mean where all do", () => {
    const values = Float64Array.of(0.3, 0.9, 0.1, 0.4, 0.7);
    expect(hardMeanWeights(values, Number.POSITIVE_INFINITY, 0.4)).toEqual(topMeanWeights(values, 0.4));
    expect(hardMeanWeights(values, Number.NEGATIVE_INFINITY, 0.4)).toEqual(values.map(() => 0.2));
  });

  it("has no weights for no values", () => {
    expect([...hardMeanWeights(new Float64Array(0), 0.5, 0.1)]).toEqual([]);
  });

  it.each([
    [Number.NaN, 0.5, "hard_mean got the threshold NaN; it takes a number in the unit of its values"],
    [0.5, 0, "hard_mean got the fraction 0; it takes a number above 0, at most 1"],
    [0.5, 1.01, "hard_mean got the fraction 1.01; it takes a number above 0, at most 1"],
  ])("refuses threshold %d with fraction %d", (threshold, fraction, message) => {
    expect(() => hardMeanWeights(Float64Array.of(1, 2), threshold, fraction)).toThrow(
      expect.objectContaining({ code: "PARAMETER", message }),
    );
  });
});
