import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { softErosions, softErosionsProduct } from "../../src/routines/soft-erosions.js";
import {
  centralDifferences,
  cross,
  distinct,
  dot,
  images,
  largestDifference,
  neighbourhoods,
  product,
} from "./grids.js";

/** The definition, voxel by voxel, and the smallest range that a map of values not all equal was divided by. */
function byDefinition(values: Float64Array, space: readonly number[], iterations: number, exponent: number) {
  const around = neighbourhoods(space, cross);
  const size = 2 * space.length + 1;
  let image = [...values];
  let result = image.map(() => 0);
  let smallestRange = Number.POSITIVE_INFINITY;
  for (let k = 1; k <= iterations; k++) {
    const cut = around.map((voxels) => Math.max(voxels.reduce((sum, j) => sum + image[j], 0) / size - 0.5, 0));
    const [least, most] = [Math.min(...cut), Math.max(...cut)];
    if (most > least) smallestRange = Math.min(smallestRange, most - least);
    image = most > least ? cut.map((value) => (value - least) / (most - least)) : cut;
    result = result.map((value, i) => value + k ** exponent * image[i]);
  }
  return { result, smallestRange };
}

/** Errors large enough to survive an erosion or two. */
const error = fc.double({ min: 0, max: 2, noNaN: true });

describe("softErosions", () => {
  it("follows the definition", () => {
    fc.assert(
      fc.property(
        fc.oneof(images(error), images(fc.constantFrom(0, 1, 1, 1)), images(fc.constant(5))),
        fc.nat(6),
        fc.constantFrom(0, 1, 1.5, 2),
        ({ values, space }, iterations, exponent) => {
          const { result, smallestRange } = byDefinition(values, space, iterations, exponent);
          // Sums are taken in another order: a range of nearly nothing has lost its digits.
          fc.pre(smallestRange > 1e-6);
          const bound = 1e-8 * Math.max(1, iterations ** exponent);
          expect(largestDifference(softErosions(values, space, iterations, exponent), result)).toBeLessThanOrEqual(
            bound,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("erodes a square from its corners, to nothing", () => {
    const rows = ["00000", "01110", "01110", "01110", "00000"];
    const square = Float64Array.from(rows.join(""), Number);
    // Means of 3/5 in the corners, 4/5 on the sides, 1 in the middle: less 1/2, over 1/2, they are 0.2, 0.6 and 1.
    const once = [0, 0, 0, 0, 0, 0, 0.2, 0.6, 0.2, 0, 0, 0.6, 1, 0.6, 0, 0, 0.2, 0.6, 0.2, 0, 0, 0, 0, 0, 0];
    expect(largestDifference(softErosions(square, [5, 5], 1, 2), once)).toBeLessThanOrEqual(1e-15);
    // Then the middle has a mean of 3.4/5 and the sides one of 2/5: only the middle is left, and after it nothing.
    const twice = once.map((value, i) => value + (i === 12 ? 4 : 0));
    expect(largestDifference(softErosions(square, [5, 5], 2, 2), twice)).toBeLessThanOrEqual(1e-14);
    expect(softErosions(square, [5, 5], 1000, 2)).toEqual(softErosions(square, [5, 5], 2, 2));
  });

  it("never ends on a block of 2 × 2, whose voxels all tie for the largest", () => {
    const block = Float64Array.from("0000011001100000", Number);
    expect(softErosions(block, [4, 4], 3, 1)).toEqual(block.map((value) => value * 6));
    // The first voxel of the block, 5, is the largest: n6 = e6 / e5 with both 1/10, and each e is a fifth of the values around.
    const once = softErosionsProduct(
      block,
      [4, 4],
      1,
      1,
      Float64Array.from({ length: 16 }, (_, i) => Number(i === 6)),
    );
    const expected = [0, -2, 2, 0, -2, 0, 0, 2, 0, -2, 2, 0, 0, 0, 0, 0];
    expect(largestDifference(once, expected)).toBeLessThanOrEqual(1e-13);
    expect(softErosions(block, [4, 4], 1000, 0)).toEqual(block.map((value) => value * 1000));
  });

  it("does not scale what is the same everywhere", () => {
    expect([...softErosions(Float64Array.of(3), [1], 1, 2)]).toEqual([0.5]);
    expect([...softErosions(new Float64Array(6), [2, 3], 10, 2)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it.each([
    [-1, 2, "soft_erosions got -1 iterations; it takes a whole number from 0 to 1000"],
    [1.5, 2, "soft_erosions got 1.5 iterations; it takes a whole number from 0 to 1000"],
    [1e15, 2, "soft_erosions got 1000000000000000 iterations; it takes a whole number from 0 to 1000"],
    [Number.NaN, 2, "soft_erosions got NaN iterations; it takes a whole number from 0 to 1000"],
    [
      10,
      Number.NaN,
      "soft_erosions got the exponent NaN for 10 iterations; it takes a number whose power of the iterations is finite",
    ],
    [
      10,
      400,
      "soft_erosions got the exponent 400 for 10 iterations; it takes a number whose power of the iterations is finite",
    ],
  ])("refuses %d iterations with exponent %d", (iterations, exponent, message) => {
    const refusal = expect.objectContaining({ code: "PARAMETER", message });
    const values = new Float64Array(4);
    expect(() => softErosions(values, [2, 2], iterations, exponent)).toThrow(refusal);
    expect(() => softErosionsProduct(values, [2, 2], iterations, exponent, values)).toThrow(refusal);
  });
});

describe("softErosionsProduct", () => {
  it.each([
    { space: [9], iterations: 3, exponent: 2 },
    { space: [6, 7], iterations: 0, exponent: 2 },
    { space: [6, 7], iterations: 1, exponent: 2 },
    { space: [6, 7], iterations: 4, exponent: 1.5 },
    { space: [4, 5, 4], iterations: 3, exponent: 2 },
    { space: [1, 6, 1], iterations: 2, exponent: 0 },
    { space: [1], iterations: 3, exponent: 1 },
  ])("is what central differences give on $space, $iterations iterations, exponent $exponent", (call) => {
    const { space, iterations, exponent } = call;
    let steepest = 0;
    for (let seed = 1; seed <= 5; seed++) {
      for (const scale of [1, 1.8, 6]) {
        const values = distinct(product(space), seed).map((value) => scale * Math.sqrt(value));
        const cotangent = distinct(product(space), seed + 10).map((c) => c - 0.4);
        const gradient = softErosionsProduct(values, space, iterations, exponent, cotangent);
        const expected = centralDifferences(
          (moved) => dot(cotangent, softErosions(moved, space, iterations, exponent)),
          values,
          1e-7,
        );
        const size = expected.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
        steepest = Math.max(steepest, size);
        expect(largestDifference(gradient, expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, size));
      }
    }
    expect(steepest > 0).toBe(iterations > 0);
  });

  it("passes the slope of the smallest value on, where none is cut off", () => {
    // Means (8 + 9)/3, (8 + 9 + 7)/3, (9 + 7)/3: all above 1/2, the last the smallest, the middle one the largest.
    const slope = softErosionsProduct(Float64Array.of(8, 9, 7), [3], 1, 1, Float64Array.of(1, 0, 0));
    // (17 - 16) / (24 - 16) = (a - c) / (a + b + c - b - c) = (a - c) / a in terms of a = 8, b = 9, c = 7.
    expect(largestDifference(slope, [7 / 64, 0, -1 / 8])).toBeLessThanOrEqual(1e-14);
  });

  it("gives the first of equal extremes the gradient, and none to what is cut off at the bound", () => {
    // One iteration on a row of ones: means 2/3, 1, 1, 2/3, of which two are largest and two smallest.
    const ones = new Float64Array(4).fill(1);
    const slope = softErosionsProduct(ones, [4], 1, 1, Float64Array.of(0, 0, 1, 0));
    // n = (e2 - e0) / (e1 - e0), so dn = 3 (de2 - de1), and e2 - e1 = (v3 - v0) / 3.
    expect(largestDifference(slope, [-1, 0, 0, 1])).toBeLessThanOrEqual(1e-14);
    // Means 2/3, 2, 2, 2, 1, 1, 2/3: dn4 = (de4 - 3/4 de0 - 1/4 de1) × 3/4, and each e is a third of the values around.
    const row = Float64Array.of(1, 1, 4, 1, 1, 1, 1);
    const between = softErosionsProduct(row, [7], 1, 1, Float64Array.of(0, 0, 0, 0, 1, 0, 0));
    expect(largestDifference(between, [-1 / 4, -1 / 4, -1 / 16, 1 / 4, 1 / 4, 1 / 4, 0])).toBeLessThanOrEqual(1e-14);
    // The mean of the first is 1/2 exactly: cut off with slope 0.
    const bound = softErosionsProduct(Float64Array.of(1.5, 0, 0, 4), [4], 1, 0, Float64Array.of(1, 0, 0, 0));
    expect([...bound]).toEqual([0, 0, 0, 0]);
  });
});

const peers = sharedPath("golden/peers.json");

describe.skipIf(!peers)("against numbers of other libraries", () => {
  interface ErosionCase {
    readonly loss: string;
    readonly case: string;
    readonly shape: readonly number[];
    readonly params: { readonly alpha: number; readonly erosions: number };
    readonly probas: readonly number[];
    readonly targets: readonly number[];
    readonly value: number;
  }
  const text = peers ? readFileSync(peers, "utf8") : '{"cases":[]}';
  // SegLoss's kernel for volumes is not the cross of 7 voxels.
  const cases = (JSON.parse(text).cases as ErosionCase[]).filter(
    (golden) => golden.loss === "segloss.HausdorffERLoss" && golden.shape.length === 4,
  );

  it.each(cases)("gives SegLoss's HausdorffERLoss in 2D, case $case", (golden) => {
    const [batch, , ...space] = golden.shape;
    const voxels = product(space);
    const errors = Float64Array.from(golden.probas, (p, i) => (p - golden.targets[i]) ** 2);
    let sum = 0;
    for (let image = 0; image < batch; image++) {
      const own = errors.subarray(image * voxels, (image + 1) * voxels);
      sum += softErosions(own, space, golden.params.erosions, golden.params.alpha).reduce((a, b) => a + b, 0);
    }
    expect(Math.abs(sum / errors.length - golden.value)).toBeLessThanOrEqual(1e-12);
  });
});
