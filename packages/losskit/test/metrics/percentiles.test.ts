import fc from "fast-check";
import { expect, it } from "vitest";
import { areaPercentile, interpolatedPercentile } from "../../src/metrics/percentiles.js";

/** Many equal ones, as on a grid, zeros among them, and sometimes one that is far away. */
const distances = fc
  .record({
    steps: fc.array(fc.nat(9), { minLength: 1, maxLength: 300 }),
    unit: fc.constantFrom(1e-50, 0.3, 1, 7e40),
    outlier: fc.constantFrom(0, 1, 1e6, 1e60),
  })
  .map(({ steps, unit, outlier }) =>
    Float64Array.from([...steps.map((step) => Math.sqrt(step) * unit), outlier * unit]),
  );
const percentile = fc.oneof(fc.constantFrom(0, 50, 95, 99.9, 100), fc.double({ min: 0, max: 100, noNaN: true }));

it("interpolates between the two nearest ranks, as of sorted distances", () => {
  fc.assert(
    fc.property(distances, percentile, (values, share) => {
      const sorted = values.slice().sort();
      const rank = (share / 100) * (sorted.length - 1);
      const [low, high] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
      expect(interpolatedPercentile(values, share)).toBe(low + (rank - Math.floor(rank)) * (high - low));
    }),
    { numRuns: 500 },
  );
});

it("finds the smallest distance within which the share of the area lies", () => {
  fc.assert(
    fc.property(distances, fc.boolean(), percentile, (values, weighed, share) => {
      // Sums of powers of two are exact, in any order.
      const sizes = weighed ? Float64Array.from(values, (_, i) => 2 ** (i % 4)) : undefined;
      const sizeOf = (i: number) => sizes?.[i] ?? 1;
      const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
      const all = order.reduce((sum, i) => sum + sizeOf(i), 0);
      let within = 0;
      const expected = order.find((i) => {
        within += sizeOf(i);
        return within >= all * (share / 100) * (1 - 1e-12);
      });
      expect(areaPercentile({ distances: values, sizes }, share)).toBe(values[expected ?? -1]);
    }),
    { numRuns: 500 },
  );
});

it("is 0 where all distances are", () => {
  expect(interpolatedPercentile(new Float64Array(3), 95)).toBe(0);
  expect(areaPercentile({ distances: new Float64Array(3) }, 95)).toBe(0);
});
