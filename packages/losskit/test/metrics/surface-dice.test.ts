import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  surfaceDice,
  surfaceDiceOf,
  surfaceDistances,
  surfaceOverlap,
  surfaceOverlapOf,
} from "../../src/metrics/index.js";
import { randomPair } from "./mask-arbitraries.js";

// Distances 0, 1 and 4 from the reference, 0 from the prediction.
const reference = [1, 1, 0, 0, 1];
const prediction = [1, 0, 0, 0, 0];

describe("surfaceDice and surfaceOverlap", () => {
  it("count the voxels within the tolerance, the tolerance included", () => {
    const at = (tolerance: number) => surfaceDice(reference, prediction, { shape: [5], tolerance }).value;
    expect([0, 0.5, 1, 3.99, 4].map(at)).toEqual([2 / 4, 2 / 4, 3 / 4, 3 / 4, 1]);
    expect(surfaceOverlap(reference, prediction, { shape: [5], tolerance: 1 })).toEqual({
      reference: 2 / 3,
      prediction: 1,
      tolerance: 1,
      border: "voxels",
      metric: "euclidean",
      empty: "neither",
    });
  });

  it("weigh surfels by their length", () => {
    // A square of one pixel and a row of three that begins with it, in rows 3 apart.
    const [one, three] = [
      [1, 0, 0],
      [1, 1, 1],
    ];
    const options = { shape: [1, 3], spacing: [3, 1], border: "surfels", tolerance: 1 } as const;
    const corner = Math.sqrt(10) / 2;
    // Of the row, four pieces of length 1 and four corners, the last corners are 2 away; four corners are the pixel.
    const [whole, far] = [4 + 4 * corner, 2 * corner];
    const overlap = surfaceOverlap(one, three, options);
    expect(overlap.reference).toBe(1);
    expect(overlap.prediction).toBeCloseTo((whole - far) / whole, 12);
    expect(surfaceDice(one, three, options).value).toBeCloseTo((whole - far + 4 * corner) / (whole + 4 * corner), 12);
  });

  it("are shares that grow with the tolerance and reach 1, and Dice lies between the overlaps", () => {
    fc.assert(
      fc.property(randomPair, fc.constantFrom("voxels" as const, "surfels" as const), (pair, border) => {
        const distances = surfaceDistances(pair.reference, pair.prediction, { ...pair, border });
        if (distances.empty !== "neither") return;
        let before = 0;
        for (const tolerance of [0, 0.4, 1, 2.5, 100]) {
          const value = surfaceDiceOf(distances, { tolerance }).value as number;
          const overlap = surfaceOverlapOf(distances, { tolerance });
          const [low, high] = [overlap.reference as number, overlap.prediction as number].sort((a, b) => a - b);
          expect(value).toBeGreaterThanOrEqual(Math.max(before, low) - 1e-12);
          expect(value).toBeLessThanOrEqual(high + 1e-12);
          before = value;
        }
        expect(before).toBe(1);
        expect(surfaceDice(pair.reference, pair.reference, { ...pair, border, tolerance: 0 }).value).toBe(1);
      }),
    );
  });

  it("are 0 to an empty mask, and null where there is no surface to take a share of", () => {
    const none = [0, 0, 0, 0, 0];
    for (const border of ["voxels", "surfels"] as const) {
      const options = { shape: [5], border, tolerance: 100 };
      expect(surfaceDice(reference, none, options)).toMatchObject({ value: 0, empty: "prediction" });
      expect(surfaceDice(none, none, options)).toMatchObject({ value: null, empty: "both" });
      expect(surfaceOverlap(none, prediction, options)).toMatchObject({ reference: null, prediction: 0 });
    }
  });

  it("refuse tolerances that are none", () => {
    for (const tolerance of [-1, Number.NaN, Number.POSITIVE_INFINITY, undefined as unknown as number]) {
      for (const metric of [surfaceDice, surfaceOverlap]) {
        expect(() => metric(reference, prediction, { shape: [5], tolerance })).toThrow("a finite number from 0");
      }
    }
  });
});
