import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundaryIou } from "../../src/metrics/index.js";
import { indicesOf, randomPair, valueAt } from "./mask-arbitraries.js";

/** The voxels of a mask that have something outside within so many steps, diagonal steps included. */
function bruteBoundary(mask: Uint8Array, shape: number[], distance: number): boolean[] {
  const width = 2 * distance + 1;
  const box = shape.map(() => width);
  return Array.from(mask, (value, at) => {
    const indices = indicesOf(at, shape);
    const around = Array.from({ length: width ** shape.length }, (_, k) => indicesOf(k, box));
    const near = (steps: number[]) => indices.map((index, axis) => index + steps[axis] - distance);
    return value === 1 && around.some((steps) => valueAt(mask, near(steps), shape) === 0);
  });
}

describe("boundaryIou", () => {
  it("is the IoU of the boundaries by their definition", () => {
    fc.assert(
      fc.property(randomPair, fc.integer({ min: 1, max: 3 }), ({ shape, reference, prediction }, distance) => {
        const [a, b] = [reference, prediction].map((mask) => bruteBoundary(mask, shape, distance));
        const both = a.filter((value, i) => value && b[i]).length;
        const either = a.filter((value, i) => value || b[i]).length;
        const { value } = boundaryIou(reference, prediction, { shape, distance });
        expect(value).toBe(either === 0 ? null : both / either);
      }),
    );
  });

  it("sees an error at the contour of a large object, where IoU hardly does", () => {
    // Squares of 20 and of 18 in the middle: rings of 76 and 68 pixels have nothing in common; of width 2, the smaller's outer ring.
    const square = (from: number, to: number) =>
      Uint8Array.from({ length: 24 * 24 }, (_, i) => {
        const [y, x] = [Math.floor(i / 24), i % 24];
        return y >= from && y < to && x >= from && x < to ? 1 : 0;
      });
    const [reference, prediction] = [square(2, 22), square(3, 21)];
    expect(boundaryIou(reference, prediction, { shape: [24, 24], distance: 1 }).value).toBe(0);
    const [outer, inner, middle] = [76, 60, 68];
    expect(boundaryIou(reference, prediction, { shape: [24, 24], distance: 2 }).value).toBe(
      middle / (outer + middle + inner),
    );
  });

  it("takes the authors' 2 % of the diagonal, at least one voxel, halves rounded to even", () => {
    const width = (shape: number[], share?: number) => {
      const mask = new Uint8Array(shape.reduce((product, extent) => product * extent, 1));
      return boundaryIou(mask, mask, { shape, share }).distance;
    };
    expect(width([300, 400])).toBe(10);
    expect(width([3, 4])).toBe(1);
    expect(width([3, 4], 0.5)).toBe(2);
    expect(width([3, 4], 0.7)).toBe(4);
    expect(width([3, 4], 0.3)).toBe(2);
  });

  it("is 0 to an empty mask and null between two, and takes one label", () => {
    expect(boundaryIou([1, 1], [0, 0], { shape: [2] })).toEqual({ value: 0, distance: 1, empty: "prediction" });
    expect(boundaryIou([0, 0], [0, 0], { shape: [2] }).value).toBeNull();
    expect(boundaryIou([1, 2, 2], [2, 2, 1], { shape: [3], label: 2 }).value).toBe(1 / 3);
  });

  it("refuses widths that are none", () => {
    const run = (options: object) => () => boundaryIou([1], [1], { shape: [1], ...options });
    const code = expect.objectContaining({ code: "OPTION" });
    expect(run({ distance: 0 })).toThrow(code);
    expect(run({ distance: 1.5 })).toThrow("a whole number of voxels");
    expect(run({ share: 0 })).toThrow(code);
    expect(run({ share: Number.NaN })).toThrow(code);
    expect(run({ distance: 2, share: 0.1 })).toThrow("give one of them");
  });
});
