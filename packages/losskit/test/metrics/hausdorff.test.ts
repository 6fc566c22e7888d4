import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type HausdorffDefinition,
  hausdorff,
  hausdorffOf,
  type PercentileOptions,
  type SurfaceOptions,
  surfaceDistances,
} from "../../src/metrics/index.js";
import { randomPair } from "./mask-arbitraries.js";

const DEFINITIONS: readonly HausdorffDefinition[] = ["max-of-directed", "pooled", "surface-area"];

// Ten single voxels in a row, and one at the end of the row: distances 0 to 9 one way, and 0 the other way.
const reference = Uint8Array.from({ length: 10 }, () => 1);
const prediction = Uint8Array.from({ length: 10 }, (_, i) => (i === 0 ? 1 : 0));
const points = (options: PercentileOptions & Partial<SurfaceOptions>) =>
  hausdorff(reference, prediction, { shape: [10], border: "points", ...options });

describe("hausdorff", () => {
  it("is the farthest that a point of either mask is from the other", () => {
    expect(points({ spacing: [0.5] })).toEqual({
      value: 4.5,
      percentile: 100,
      definition: "max-of-directed",
      direction: "both",
      border: "points",
      metric: "euclidean",
      empty: "neither",
    });
    expect(points({ direction: "prediction-to-reference" }).value).toBe(0);
    expect(points({ direction: "reference-to-prediction" }).value).toBe(9);
  });

  it("has three percentiles, which differ", () => {
    // 95 % of the way from the first of 10 ranks to the last is rank 8.55.
    expect(points({ percentile: 95 }).value).toBeCloseTo(8.55, 12);
    // Of the 11 distances 0 0 1 … 9 rank 9.5 is between 8 and 9.
    expect(points({ percentile: 95, definition: "pooled" }).value).toBeCloseTo(8.5, 12);
    const exchanged = { shape: [10], border: "points", percentile: 95, definition: "pooled" } as const;
    expect(hausdorff(prediction, reference, exchanged).value).toBeCloseTo(8.5, 12);
    // Nine voxels are 90 % of the reference, so that 95 % need the tenth; of exactly 90 % nine are enough.
    expect(points({ percentile: 95, definition: "surface-area" }).value).toBe(9);
    expect(points({ percentile: 90, definition: "surface-area" }).value).toBe(8);
    expect(points({ percentile: 0, definition: "max-of-directed" }).value).toBe(0);
  });

  it("weighs surfels by their area: a far piece counts by its size, not as one of many points", () => {
    // A slab and the same slab with one voxel on top, in thick slices: the bump is five of few points but a small area.
    const shape = [4, 9, 9];
    const slab = Uint8Array.from({ length: 4 * 81 }, (_, i) => (i < 81 ? 1 : 0));
    const bump = slab.slice();
    bump[81 + 40] = 1;
    bump[2 * 81 + 40] = 1;
    const options = {
      shape,
      spacing: [3, 1, 1],
      border: "surfels" as const,
      direction: "prediction-to-reference",
    } as const;
    const distances = surfaceDistances(slab, bump, options);
    const { distances: all, sizes = new Float64Array(0) } = distances.predictionToReference;
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const within = (limit: number) => sizes.reduce((sum, size, i) => sum + (all[i] <= limit ? size : 0), 0) / total;
    for (const percentile of [50, 88, 90, 93, 96, 99, 100]) {
      const { value } = hausdorffOf(distances, { ...options, percentile, definition: "surface-area" });
      const smallest = Math.min(...Array.from(all).filter((distance) => within(distance) >= percentile / 100 - 1e-12));
      expect(value).toBe(smallest);
    }
    expect(hausdorffOf(distances, { ...options, percentile: 100 }).value).toBe(6);
  });

  it("takes surfels for the definition by area and voxels for the others, unless told", () => {
    const borderOf = (options: PercentileOptions & Partial<SurfaceOptions>) =>
      hausdorff(reference, prediction, { shape: [10], ...options }).border;
    expect(DEFINITIONS.map((definition) => borderOf({ definition }))).toEqual(["voxels", "voxels", "surfels"]);
    expect(borderOf({ definition: "surface-area", border: "voxels" })).toBe("voxels");
  });

  it("ignores the spacing where steps are counted", () => {
    const [one, other] = [
      [1, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ];
    const options = { shape: [2, 3], spacing: [10, 20] };
    expect(hausdorff(one, other, { ...options, metric: "chessboard" }).value).toBe(2);
    expect(hausdorff(one, other, { ...options, metric: "taxicab" }).value).toBe(3);
    expect(hausdorff(one, other, options).value).toBeCloseTo(Math.hypot(10, 40), 12);
  });

  it("is 0 of a mask and itself, grows with the percentile, and all definitions meet at 100", () => {
    fc.assert(
      fc.property(randomPair, fc.constantFrom("voxels" as const, "surfels" as const), (pair, border) => {
        const distances = surfaceDistances(pair.reference, pair.prediction, { ...pair, border });
        const same = hausdorff(pair.reference, pair.reference, { ...pair, border });
        expect(same.value).toBe(same.empty === "neither" ? 0 : null);
        const farthest = hausdorffOf(distances).value;
        for (const definition of DEFINITIONS) {
          const values = [0, 30, 50, 95, 100].map(
            (percentile) => hausdorffOf(distances, { definition, percentile }).value,
          );
          expect(values[4]).toBe(farthest);
          if (farthest === null) expect(values).toEqual([null, null, null, null, null]);
          else for (let i = 1; i < 5; i++) expect(values[i]).toBeGreaterThanOrEqual((values[i - 1] as number) - 1e-12);
        }
        // Each direction is at most both.
        for (const direction of ["reference-to-prediction", "prediction-to-reference"] as const) {
          expect(hausdorffOf(distances, { direction }).value ?? 0).toBeLessThanOrEqual(farthest ?? 0);
        }
      }),
    );
  });

  it("obeys the triangle inequality over three masks", () => {
    fc.assert(
      fc.property(randomPair, randomPair, (pair, other) => {
        const third = pair.reference.map((value, i) => value ^ other.reference[i % other.reference.length]);
        const between = (a: Uint8Array, b: Uint8Array) => hausdorff(a, b, { ...pair, border: "points" }).value;
        const [ab, bc, ac] = [
          between(pair.reference, pair.prediction),
          between(pair.prediction, third),
          between(pair.reference, third),
        ];
        if (ab === null || bc === null || ac === null) return;
        expect(ac).toBeLessThanOrEqual(ab + bc + 1e-12);
      }),
    );
  });

  it("has no value where a mask is empty, and says which", () => {
    const none = new Uint8Array(10);
    expect(hausdorff(reference, none, { shape: [10] })).toMatchObject({ value: null, empty: "prediction" });
    expect(hausdorff(none, reference, { shape: [10], percentile: 95 })).toMatchObject({
      value: null,
      empty: "reference",
    });
    expect(hausdorff(none, none, { shape: [10], definition: "pooled" })).toMatchObject({ value: null, empty: "both" });
  });

  it("refuses percentiles, definitions and directions that do not exist", () => {
    const code = expect.objectContaining({ code: "OPTION" });
    expect(() => points({ percentile: 101 })).toThrow("from 0 to 100");
    expect(() => points({ percentile: Number.NaN })).toThrow(code);
    expect(() => points({ definition: "poled" as HausdorffDefinition })).toThrow("did you mean pooled?");
    expect(() => points({ direction: "forward" as "both" })).toThrow(code);
  });
});
