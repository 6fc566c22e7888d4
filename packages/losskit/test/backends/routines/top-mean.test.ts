// The compiled weights of the mean of the largest values against their float64 twin, bit for bit.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topMeanWeights } from "../../../src/backends/wasm/routines/top-mean.js";
import { topMeanWeights as reference } from "../../../src/routines/top-mean.js";
import { differences, sequence, withFloats } from "./in-memory.js";

function expectEqual(values: ArrayLike<number>, fraction: number) {
  const expected = Float32Array.from(reference(Float64Array.from(values), fraction));
  const count = values.length;
  const [apart, inPlace] = withFloats([values, new Float32Array(count).fill(-7)], ([v, w], read) => {
    topMeanWeights(v, w, count, fraction);
    const weights = read(w, count);
    topMeanWeights(v, v, count, fraction);
    return [weights, read(v, count)];
  });
  expect(differences(apart, expected)).toEqual([]);
  expect(differences(inPlace, expected)).toEqual([]);
}

const fractions = fc.oneof(fc.double({ min: 0, minExcluded: true, max: 1, noNaN: true }), fc.constantFrom(1, 0.5, 0.1));

describe("the compiled topMeanWeights", () => {
  it("equals its twin on values of any sign, infinities, denormals and ties", () => {
    const value = fc.oneof(
      fc.float({ noNaN: true }),
      fc.constantFrom(0, -0, 1, -1, 2 ** -149, -(2 ** -149), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fractions, (values, fraction) => {
        expectEqual(values, fraction);
      }),
      { numRuns: 500 },
    );
  });

  it.each([1e-9, 0.001, 0.29, 0.5, 1])("equals its twin on many values for the fraction %d", (fraction) => {
    const random = sequence(3);
    expectEqual(
      Float32Array.from({ length: 100_003 }, () => 8 * random() - 4),
      fraction,
    );
    expectEqual(
      Float32Array.from({ length: 100_003 }, () => Math.floor(3 * random()) - 1),
      fraction,
    );
    expectEqual(new Float32Array(40_000).fill(-0.3), fraction);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses the fraction %d", (fraction) => {
    expect(() => topMeanWeights(64, 64, 1, fraction)).toThrow(expect.objectContaining({ code: "PARAMETER" }));
  });
});
