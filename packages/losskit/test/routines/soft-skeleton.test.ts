import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { softSkeleton, softSkeletonProduct } from "../../src/routines/soft-skeleton.js";
import {
  box,
  centralDifferences,
  cross,
  distinct,
  dot,
  images,
  largestDifference,
  neighbourhoods,
  product,
} from "./grids.js";

/** The definition, neighbourhood by neighbourhood. */
function byDefinition(values: Float64Array, space: readonly number[], iterations: number): number[] {
  const [crosses, boxes] = [neighbourhoods(space, cross), neighbourhoods(space, box)];
  const erode = (image: number[]) => crosses.map((around) => Math.min(...around.map((j) => image[j])));
  const dilate = (image: number[]) => boxes.map((around) => Math.max(...around.map((j) => image[j])));
  const removedBy = (image: number[]) => {
    const opened = dilate(erode(image));
    return image.map((value, i) => Math.max(value - opened[i], 0));
  };
  let image = [...values];
  let skeleton = removedBy(image);
  for (let i = 0; i < iterations; i++) {
    image = erode(image);
    const removed = removedBy(image);
    skeleton = skeleton.map((s, j) => s + Math.max(removed[j] - s * removed[j], 0));
  }
  return skeleton;
}

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const negative = fc.double({ min: -2, max: -1, noNaN: true });
const few = fc.constantFrom(0, 0.25, 0.5, 1);

describe("softSkeleton", () => {
  it("follows the definition, with and without ties", () => {
    fc.assert(
      fc.property(
        fc.oneof(images(probability), images(few), images(negative)),
        fc.nat(12),
        ({ values, space }, iterations) => {
          const expected = byDefinition(values, space, iterations);
          expect(largestDifference(softSkeleton(values, space, iterations), expected)).toBeLessThanOrEqual(1e-12);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("thins a bar three voxels wide to its middle line", () => {
    const rows = ["000000000", "011111110", "011111110", "011111110", "000000000"];
    const bar = Float64Array.from(rows.join(""), Number);
    const skeleton = softSkeleton(bar, [5, 9], 3);
    expect([...skeleton.subarray(18, 27)]).toEqual([0, 0, 1, 1, 1, 1, 1, 0, 0]);
    expect(skeleton.reduce((a, b) => a + b)).toBe(5);
  });

  it("does not change, nor take longer, after the last erosion that can remove anything", () => {
    const values = distinct(30, 3);
    expect(softSkeleton(values, [5, 6], 1e15)).toEqual(softSkeleton(values, [5, 6], 9));
    expect(softSkeletonProduct(values, [5, 6], 1e15, values)).toEqual(softSkeletonProduct(values, [5, 6], 9, values));
  });

  it.each([-1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d iterations", (iterations) => {
    expect(() => softSkeleton(new Float64Array(4), [2, 2], iterations)).toThrow(
      `the soft skeleton got ${iterations} iterations; it takes a whole number from 0`,
    );
    expect(() => softSkeletonProduct(new Float64Array(4), [2, 2], iterations, new Float64Array(4))).toThrow(
      expect.objectContaining({ code: "PARAMETER" }),
    );
  });
});

describe("softSkeletonProduct", () => {
  it.each([
    { space: [9], iterations: 3 },
    { space: [6, 7], iterations: 0 },
    { space: [6, 7], iterations: 1 },
    { space: [6, 7], iterations: 4 },
    { space: [4, 5, 4], iterations: 3 },
    { space: [1, 6, 1], iterations: 2 },
    { space: [1], iterations: 2 },
  ])("is what central differences give on $space, $iterations iterations", ({ space, iterations }) => {
    for (let seed = 1; seed <= 5; seed++) {
      const values = distinct(product(space), seed);
      const cotangent = distinct(product(space), seed + 10).map((c) => c - 0.4);
      const gradient = softSkeletonProduct(values, space, iterations, cotangent);
      const expected = centralDifferences(
        (moved) => dot(cotangent, softSkeleton(moved, space, iterations)),
        values,
        2e-6,
      );
      expect(largestDifference(gradient, expected)).toBeLessThanOrEqual(1e-8);
    }
  });

  it("holds for values outside [0, 1] too", () => {
    const values = distinct(30, 2).map((value) => 6 * value - 3);
    const cotangent = distinct(30, 4);
    const gradient = softSkeletonProduct(values, [5, 6], 4, cotangent);
    const expected = centralDifferences((moved) => dot(cotangent, softSkeleton(moved, [5, 6], 4)), values, 1e-6);
    expect(largestDifference(gradient, expected)).toBeLessThanOrEqual(1e-8);
  });

  it("turns with the image, ties included", () => {
    fc.assert(
      fc.property(fc.array(few, { minLength: 20, maxLength: 20 }), (list) => {
        const transpose = (a: Float64Array) => a.map((_, i) => a[(i % 4) * 5 + Math.floor(i / 4)]);
        const values = Float64Array.from(list);
        const cotangent = distinct(20, 5);
        const gradient = transpose(softSkeletonProduct(values, [4, 5], 3, cotangent));
        const turned = softSkeletonProduct(transpose(values), [5, 4], 3, transpose(cotangent));
        expect(largestDifference(gradient, turned)).toBeLessThanOrEqual(1e-12);
      }),
    );
  });

  it("shares ties: moving all tied voxels together changes the value by the sum of their shares", () => {
    // A ridge on a flat floor: the opening of the ridge is the floor, whichever voxel of the floor is asked.
    const values = Float64Array.of(0.2, 0.2, 0.9, 0.2, 0.2);
    const gradient = softSkeletonProduct(values, [5], 1, Float64Array.of(0, 0, 1, 0, 0));
    expect(gradient[2]).toBe(1);
    expect(gradient[1]).toBe(gradient[3]);
    expect(gradient[0]).toBe(gradient[4]);
    expect(gradient.reduce((a, b) => a + b)).toBeCloseTo(0, 15);
    expect(gradient[0] + gradient[1]).toBeCloseTo(-0.5, 15);
  });

  it("is 0 on empty and full masks", () => {
    for (const value of [0, 1]) {
      const flat = new Float64Array(12).fill(value);
      expect([...softSkeletonProduct(flat, [3, 4], 3, new Float64Array(12).fill(1))]).toEqual(Array(12).fill(0));
    }
  });
});

const peers = sharedPath("golden/peers.json");

describe.skipIf(!peers)("against numbers of other libraries", () => {
  interface ClDiceCase {
    readonly loss: string;
    readonly case: string;
    readonly shape: readonly number[];
    readonly params: { readonly iter_: number; readonly smooth: number };
    readonly probas: readonly number[];
    readonly targets: readonly number[];
    readonly value: number;
    readonly grad: readonly number[];
    readonly fd: string;
  }
  const text = peers ? readFileSync(peers, "utf8") : '{"cases":[]}';
  const cases = (JSON.parse(text).cases as ClDiceCase[]).filter((golden) => golden.loss === "monai.SoftclDiceLoss");

  it.each(cases)("gives MONAI's clDice loss and gradient, case $case", (golden) => {
    const [batch, channels, ...space] = golden.shape;
    const { iter_: iterations, smooth } = golden.params;
    const voxels = product(space);
    // Channel 0 is left out of every sum.
    const starts = Array.from({ length: batch * channels }, (_, i) => i * voxels).filter((_, i) => i % channels > 0);
    const groups = starts.map((start) => {
      const p = Float64Array.from(golden.probas.slice(start, start + voxels));
      const y = Float64Array.from(golden.targets.slice(start, start + voxels));
      return { start, p, y, ofP: softSkeleton(p, space, iterations), ofY: softSkeleton(y, space, iterations) };
    });
    const total = (of: (group: (typeof groups)[number]) => number) => groups.reduce((sum, g) => sum + of(g), smooth);
    const sum = (a: Float64Array) => a.reduce((x, y) => x + y, 0);
    const skeleton = total((g) => sum(g.ofP));
    const trueSkeleton = total((g) => sum(g.ofY));
    const precision = total((g) => dot(g.ofP, g.y)) / skeleton;
    const sensitivity = total((g) => dot(g.ofY, g.p)) / trueSkeleton;
    const value = 1 - (2 * precision * sensitivity) / (precision + sensitivity);
    expect(Math.abs(value - golden.value)).toBeLessThanOrEqual(1e-12);

    const toPrecision = -2 * (sensitivity / (precision + sensitivity)) ** 2;
    const toSensitivity = -2 * (precision / (precision + sensitivity)) ** 2;
    const gradient = new Float64Array(golden.grad.length);
    for (const { start, p, y, ofY } of groups) {
      const cotangent = y.map((target) => (toPrecision * (target - precision)) / skeleton);
      const through = softSkeletonProduct(p, space, iterations, cotangent);
      gradient.set(
        through.map((d, i) => d + (toSensitivity * ofY[i]) / trueSkeleton),
        start,
      );
    }
    expect(golden.fd).toBe("ok");
    expect(largestDifference(gradient, golden.grad)).toBeLessThanOrEqual(1e-12);
  });
});
