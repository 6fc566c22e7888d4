import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  absoluteGradient,
  absoluteGradientProduct,
  squaredGradient,
  squaredGradientProduct,
} from "../../src/routines/spatial-gradient.js";
import { centralDifferences, coordinates, distinct, dot, images, largestDifference, product } from "./grids.js";

const real = fc.double({ min: -3, max: 3, noNaN: true });

describe.each([
  { name: "squaredGradient", value: squaredGradient, vjp: squaredGradientProduct, length: (d: number) => d * d },
  { name: "absoluteGradient", value: absoluteGradient, vjp: absoluteGradientProduct, length: Math.abs },
])("$name", ({ value, vjp, length }) => {
  it("sums the forward differences over the axes, over the spacing", () => {
    fc.assert(
      fc.property(images(real), ({ values, space, spacing }) => {
        const points = coordinates(space);
        const index = new Map(points.map((point, i) => [String(point), i]));
        const result = value(values, space, spacing);
        points.forEach((point, i) => {
          const expected = point.reduce((sum, _, axis) => {
            const next = index.get(String(point.map((x, other) => (other === axis ? x + 1 : x))));
            return next === undefined ? sum : sum + length((values[next] - values[i]) / spacing[axis]);
          }, 0);
          expect(Math.abs(result[i] - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, expected));
        });
      }),
    );
  });

  it.each([
    [[7], [1]],
    [
      [4, 5],
      [0.5, 2],
    ],
    [
      [3, 4, 3],
      [3, 1, 0.7],
    ],
    [
      [1, 4, 1],
      [1, 2, 3],
    ],
    [[1], [1]],
  ])("has the product that central differences give on %j with spacing %j", (space, spacing) => {
    const values = distinct(product(space), 1);
    const cotangent = distinct(product(space), 2).map((c) => c - 0.4);
    const gradient = vjp(values, space, spacing, cotangent);
    const expected = centralDifferences((moved) => dot(cotangent, value(moved, space, spacing)), values, 1e-6);
    expect(largestDifference(gradient, expected)).toBeLessThanOrEqual(1e-8);
  });

  it("is 0, with gradient 0, where the image is flat", () => {
    const flat = new Float64Array(12).fill(0.3);
    expect([...value(flat, [3, 4], [1, 1])]).toEqual(Array(12).fill(0));
    expect([...vjp(flat, [3, 4], [1, 1], new Float64Array(12).fill(1))].map(Math.abs)).toEqual(Array(12).fill(0));
  });

  it("refuses values that do not fit the space", () => {
    expect(() => value(new Float64Array(5), [2, 2], [1, 1])).toThrow(expect.objectContaining({ code: "ARRAY" }));
    expect(() => vjp(new Float64Array(4), [2, 2], [1], new Float64Array(4))).toThrow(
      expect.objectContaining({ code: "OPTION" }),
    );
  });
});
