import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BorderWeightOptions, borderWeights } from "../../src/routines/border-weights.js";
import { components } from "../../src/routines/components.js";
import { coordinates, images, largestDifference } from "./grids.js";

/** The formula, with the distance of every voxel to every voxel of every object. */
function byDefinition(labels: ArrayLike<number>, options: BorderWeightOptions): number[] {
  const { shape, spacing = shape.map(() => 1), w0 = 10, sigma = 5, classBalance = 1 } = options;
  const points = coordinates(shape);
  const objects = [...new Set(Array.from(labels))].filter((label) => label > 0);
  return points.map((a, i) => {
    const distances = objects.map((label) =>
      Math.min(
        ...points.flatMap((b, j) =>
          labels[j] === label ? [Math.hypot(...a.map((x, axis) => (x - b[axis]) * spacing[axis]))] : [],
        ),
      ),
    );
    const [d1, d2] = [...distances.sort((x, y) => x - y), Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const border = labels[i] ? 0 : w0 * Math.exp(-((d1 + d2) ** 2) / (2 * sigma ** 2));
    return classBalance + border;
  });
}

const labelMaps = images(fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 7));

describe("borderWeights", () => {
  it("is the formula at every voxel, with any spacing, to the last place of float32", () => {
    const settings = fc.record({
      w0: fc.constantFrom(0, 1, 10, 1e6),
      sigma: fc.constantFrom(0.05, 0.3, 1, 5, 100),
      classBalance: fc.constantFrom(0, 0.5, 1, 8),
    });
    fc.assert(
      fc.property(labelMaps, settings, ({ values, space, spacing }, own) => {
        const options = { ...own, shape: space, spacing };
        const labels = Uint16Array.from(values);
        const expected = byDefinition(labels, options);
        borderWeights(labels, options).forEach((weight, i) => {
          expect(Math.abs(weight - expected[i])).toBeLessThanOrEqual(2 ** -23 * expected[i] + 2 ** -149);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("leaves out only what float32 does not show, far from small objects", () => {
    // Two cells 30 columns apart and a third far away: boxes around them cover a part of the row each.
    const labels = new Uint8Array(400);
    labels.set([1], 20);
    labels.set([2], 50);
    labels.set([3], 300);
    const options = { shape: [2, 200], sigma: 5 };
    const expected = Float32Array.from(byDefinition(labels, options));
    const weights = borderWeights(labels, options);
    expect(largestDifference(weights, expected)).toBeLessThanOrEqual(2 ** -23);
    // A gap of 30 is 6 sigma: 10 e^-18 is still more than half of the last place of 1.
    expect(weights[35]).toBeGreaterThan(1);
    expect(weights[199]).toBe(1);
  });

  it("has the defaults of the paper: w_0 = 10 and sigma = 5 voxels", () => {
    const weights = borderWeights(Uint8Array.of(1, 0, 2, 2, 0, 0), { shape: [6] });
    const border = (gap: number) => 1 + 10 * Math.exp(-(gap ** 2) / 50);
    expect(largestDifference(weights, [1, border(2), 1, 1, border(1 + 4), border(2 + 5)])).toBeLessThan(1e-6);
  });

  it("takes components of a mask for objects when asked", () => {
    fc.assert(
      fc.property(labelMaps, ({ values, space, spacing }) => {
        const options = { shape: space, spacing, sigma: 2 };
        const numbers = components(values, space);
        const found = borderWeights(Uint8Array.from(values), { ...options, objects: "components" });
        expect(found).toEqual(borderWeights(numbers, options));
      }),
    );
    const two = Uint8Array.of(1, 0, 1);
    expect([...borderWeights(two, { shape: [3] })]).toEqual([1, 1, 1]);
    expect(borderWeights(two, { shape: [3], objects: "components" })[1]).toBeGreaterThan(10);
  });

  it("is w_c everywhere with fewer than two objects", () => {
    expect([...borderWeights(new Uint8Array(4), { shape: [2, 2], classBalance: 3 })]).toEqual([3, 3, 3, 3]);
    expect([...borderWeights(Uint8Array.of(0, 9, 9, 0), { shape: [2, 2], classBalance: 0 })]).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [[0, 1], { shape: [3] }, "ARRAY", "the array holds 2 voxels"],
    [[0, 1], { shape: [1, 1, 1, 2] }, "SHAPE", "space is [1,1,1,2]"],
    [[0, 1], { shape: [2], spacing: [0] }, "OPTION", "spacing is [0]"],
    [[0, 1], { shape: [2], w0: -1 }, "OPTION", "w0 is -1; it is a finite number, 0 or above"],
    [[0, 1], { shape: [2], sigma: 0 }, "OPTION", "sigma is 0; it is a finite number, above 0"],
    [[0, 1], { shape: [2], sigma: Number.POSITIVE_INFINITY }, "OPTION", "sigma is Infinity"],
    [[0, 1], { shape: [2], classBalance: Number.NaN }, "OPTION", "classBalance is NaN"],
    [[0, -1], { shape: [2] }, "LABEL", "voxel 1 has the label -1; a label is 0 (outside) or a positive number"],
    [
      [0, 1],
      { shape: [2], objects: "cells" as "labels" },
      "OPTION",
      'objects is cells; it is "labels" or "components"',
    ],
  ])("refuses %j with %j", (labels, options, code, message) => {
    expect(() => borderWeights(Int8Array.from(labels), options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
