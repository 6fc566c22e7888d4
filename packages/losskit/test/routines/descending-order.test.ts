import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { descendingOrder, largest } from "../../src/routines/descending-order.js";

/** Doubles of every kind but NaN, often equal to one another. */
const lists = fc
  .oneof(
    fc.array(fc.double({ noNaN: true }), { maxLength: 200 }),
    fc.array(fc.constantFrom(0, -0, 1, -1, 1 + Number.EPSILON, Number.MIN_VALUE, -1e308, Number.POSITIVE_INFINITY), {
      maxLength: 200,
    }),
  )
  .map((list) => Float64Array.from(list));

/** Array.prototype.sort is stable; 0 and -0 compare equal, and so do two infinities. */
const bySorting = (values: Float64Array) =>
  [...values.keys()].sort((a, b) => (values[a] === values[b] ? 0 : values[a] < values[b] ? 1 : -1));

describe("descendingOrder", () => {
  it("is a stable descending sort", () => {
    fc.assert(
      fc.property(lists, (values) => {
        expect([...descendingOrder(values)]).toEqual(bySorting(values));
      }),
      { numRuns: 500 },
    );
  });
});

describe("largest", () => {
  it("selects what a stable sort puts first", () => {
    fc.assert(
      fc.property(lists, fc.double({ min: 0, max: 1, noNaN: true }), (values, part) => {
        const count = Math.floor(part * values.length);
        const expected = bySorting(values)
          .slice(0, count)
          .sort((a, b) => a - b);
        expect([...largest(values, count)]).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
