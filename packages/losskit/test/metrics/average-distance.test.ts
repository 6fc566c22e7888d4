import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AverageDefinition,
  averageDistance,
  averageDistanceOf,
  hausdorffOf,
  surfaceDistances,
} from "../../src/metrics/index.js";
import { randomPair } from "./mask-arbitraries.js";

const DEFINITIONS: readonly AverageDefinition[] = [
  "assd",
  "masd",
  "reference-to-prediction",
  "prediction-to-reference",
];

describe("averageDistance", () => {
  it("has four definitions, which differ", () => {
    // Three voxels at 0, 1 and 4, and one at 0: distances 0, 1 and 4 one way, 0 the other.
    const [reference, prediction] = [
      [1, 1, 0, 0, 1],
      [1, 0, 0, 0, 0],
    ];
    const of = (definition: AverageDefinition) =>
      averageDistance(reference, prediction, { shape: [5], spacing: [2], definition }).value;
    expect(DEFINITIONS.map(of)).toEqual([10 / 4, 10 / 3 / 2, 10 / 3, 0]);
  });

  it("weighs surfels by their length", () => {
    // A rectangle of 1 × 3 and the same one row lower, in rows 2 apart. Ends have cut corners of half a diagonal, √5/2.
    const [reference, prediction] = [
      [1, 1, 1, 0, 0, 0],
      [0, 0, 0, 1, 1, 1],
    ];
    const distances = surfaceDistances(reference, prediction, { shape: [2, 3], spacing: [2, 1], border: "surfels" });
    const corner = Math.sqrt(5) / 2;
    // Of the upper and the lower side (2 pieces of 1 and 2 corners each) the upper is 2 away from the other's, the lower is on it.
    const expected = (2 * (2 + 2 * corner)) / (4 + 4 * corner);
    for (const definition of DEFINITIONS) {
      const { value, border } = averageDistanceOf(distances, { definition });
      expect(value).toBeCloseTo(expected, 12);
      expect(border).toBe("surfels");
    }
  });

  it("equals sums over the distances, lies between the two directions, and is at most the Hausdorff distance", () => {
    fc.assert(
      fc.property(randomPair, fc.constantFrom("voxels" as const, "surfels" as const), (pair, border) => {
        const distances = surfaceDistances(pair.reference, pair.prediction, { ...pair, border });
        const values = DEFINITIONS.map((definition) => averageDistanceOf(distances, { definition }).value);
        if (distances.empty !== "neither") {
          expect(values).toEqual([null, null, null, null]);
          return;
        }
        const [assd, masd, ofReference, ofPrediction] = values as number[];
        expect(masd).toBeCloseTo((ofReference + ofPrediction) / 2, 12);
        const pieces = [distances.referenceToPrediction, distances.predictionToReference].flatMap((directed) =>
          Array.from(directed.distances, (distance, i) => [distance, directed.sizes?.[i] ?? 1]),
        );
        const [moment, area] = pieces.reduce(([m, a], [distance, size]) => [m + distance * size, a + size], [0, 0]);
        expect(assd).toBeCloseTo(moment / area, 12);
        expect(assd).toBeGreaterThanOrEqual(Math.min(ofReference, ofPrediction) - 1e-12);
        expect(assd).toBeLessThanOrEqual(Math.max(ofReference, ofPrediction) + 1e-12);
        expect(Math.max(...(values as number[]))).toBeLessThanOrEqual((hausdorffOf(distances).value as number) + 1e-12);
      }),
    );
  });

  it("names what it is, and refuses what it is not", () => {
    expect(averageDistance([0, 1], [0, 0], { shape: [2] })).toEqual({
      value: null,
      definition: "assd",
      border: "voxels",
      metric: "euclidean",
      empty: "prediction",
    });
    expect(() => averageDistance([1], [1], { shape: [1], definition: "asd" as AverageDefinition })).toThrow(
      "did you mean assd?",
    );
  });
});
