// Every surface metric against its definition, computed from all pairs of points of small masks.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  averageDistance,
  type BorderKind,
  type DistanceMetric,
  hausdorff,
  surfaceDice,
  surfaceOverlap,
} from "../../src/metrics/index.js";
import { bruteDistances, brutePoints, bruteSizes } from "./brute-surfaces.js";
import { type RandomPair, randomPair } from "./mask-arbitraries.js";

/** A distance, and the size of the piece of surface that it is of. */
type Piece = readonly [distance: number, size: number];

/** The pieces of one mask's surface with their distances to the other's. */
function pieces(
  from: Uint8Array,
  to: Uint8Array,
  pair: RandomPair,
  border: BorderKind,
  metric: DistanceMetric,
): Piece[] {
  const { shape, spacing } = pair;
  const sizes = border === "surfels" ? bruteSizes(from, shape, spacing) : undefined;
  const distances = bruteDistances(brutePoints(from, shape, border), brutePoints(to, shape, border), spacing, metric);
  return distances.map((distance, i) => [distance, sizes?.[i] ?? 1]);
}

const sizeOf = (some: readonly Piece[]) => some.reduce((sum, [, size]) => sum + size, 0);
const mean = (some: readonly Piece[]) =>
  some.reduce((sum, [distance, size]) => sum + distance * size, 0) / sizeOf(some);

/** NumPy's percentile of the distances alone: a rank between two values is on the line between them. */
function percentile(some: readonly Piece[], q: number): number {
  const values = some.map(([distance]) => distance).sort((a, b) => a - b);
  const rank = (q / 100) * (values.length - 1);
  const [below, above] = [values[Math.floor(rank)], values[Math.ceil(rank)]];
  return below + (above - below) * (rank - Math.floor(rank));
}

/** The smallest distance within which the percentage of the surface lies. */
function areaPercentile(some: readonly Piece[], q: number): number {
  const enough = (q / 100) * sizeOf(some) * (1 - 1e-12);
  const reached = some.map(([distance]) => distance).filter((limit) => sizeOf(within(some, limit)) >= enough);
  return Math.min(...reached);
}

const within = (some: readonly Piece[], limit: number) => some.filter(([distance]) => distance <= limit);

const close = (ours: number | null, expected: number, what: string) => {
  expect(ours, what).not.toBeNull();
  expect(Math.abs((ours as number) - expected), `${what}: ${ours} and ${expected}`).toBeLessThan(
    1e-11 * Math.max(1, expected),
  );
};

const BORDERS: readonly BorderKind[] = ["voxels", "surfels", "points"];

describe.each(BORDERS)("with a border of %s", (border) => {
  it.each(["euclidean", "taxicab", "chessboard"] as const)("every %s metric is what its definition says", (metric) => {
    let measured = 0;
    const property = fc.property(randomPair, fc.constantFrom(50, 90, 95, 99), (pair, q) => {
      const { reference, prediction, shape, spacing } = pair;
      const options = { shape, spacing, border, metric };
      const there = pieces(reference, prediction, pair, border, metric);
      const back = pieces(prediction, reference, pair, border, metric);
      if (there.length === 0 || back.length === 0) {
        expect(hausdorff(reference, prediction, options).value).toBeNull();
        expect(averageDistance(reference, prediction, options).value).toBeNull();
        return;
      }
      measured++;
      const both = [...there, ...back];
      const hd = (extra: object) => hausdorff(reference, prediction, { ...options, ...extra }).value;
      close(hd({}), Math.max(...both.map(([distance]) => distance)), "HD");
      close(hd({ percentile: q }), Math.max(percentile(there, q), percentile(back, q)), "max of directed");
      close(hd({ percentile: q, definition: "pooled" }), percentile(both, q), "pooled");
      close(
        hd({ percentile: q, definition: "surface-area" }),
        Math.max(areaPercentile(there, q), areaPercentile(back, q)),
        "surface area",
      );
      close(hd({ percentile: q, direction: "reference-to-prediction" }), percentile(there, q), "one direction");

      const average = (definition: "assd" | "masd" | "reference-to-prediction" | "prediction-to-reference") =>
        averageDistance(reference, prediction, { ...options, definition }).value;
      close(average("assd"), mean(both), "ASSD");
      close(average("masd"), (mean(there) + mean(back)) / 2, "MASD");
      close(average("reference-to-prediction"), mean(there), "reference to prediction");
      close(average("prediction-to-reference"), mean(back), "prediction to reference");

      // Between two distances, so that rounding decides nothing.
      const tolerance = percentile(both, q) + 1e-9;
      const share = (some: readonly Piece[]) => sizeOf(within(some, tolerance)) / sizeOf(some);
      close(surfaceDice(reference, prediction, { ...options, tolerance }).value, share(both), "surface Dice");
      const overlap = surfaceOverlap(reference, prediction, { ...options, tolerance });
      close(overlap.reference, share(there), "overlap of the reference");
      close(overlap.prediction, share(back), "overlap of the prediction");
    });
    fc.assert(property, { numRuns: 100 });
    // What is empty was no test.
    expect(measured).toBeGreaterThan(30);
  });
});
