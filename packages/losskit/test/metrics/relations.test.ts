// How metrics stand to each other: over three masks, and over one pair.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundaryIou, confusionCounts, hausdorff, overlapScores } from "../../src/metrics/index.js";
import { randomPair } from "./mask-arbitraries.js";
import { DISTANCES, expectClose, overlap, surfaces } from "./metric-groups.js";

describe("three masks", () => {
  /** A third mask on the grid of a pair. */
  const three = fc.tuple(randomPair, randomPair).map(([pair, other]) => ({
    ...pair,
    third: pair.reference.map((value, i) => value ^ other.reference[i % other.reference.length]),
  }));

  it.each(["voxels", "surfels"] as const)(
    "Hausdorff distances of a border of %s obey the triangle inequality, in one direction too",
    (border) => {
      fc.assert(
        fc.property(
          three,
          fc.constantFrom("both" as const, "reference-to-prediction" as const, "prediction-to-reference" as const),
          ({ reference, prediction, third, shape, spacing }, direction) => {
            const between = (a: Uint8Array, b: Uint8Array) =>
              hausdorff(a, b, { shape, spacing, border, direction }).value;
            const [ab, bc, ac] = [
              between(reference, prediction),
              between(prediction, third),
              between(reference, third),
            ];
            if (ab === null || bc === null || ac === null) return;
            expect(ac).toBeLessThanOrEqual((ab + bc) * (1 + 1e-12));
          },
        ),
      );
    },
  );

  it("1 - IoU and 1 - boundary IoU obey it (the Jaccard distance is a metric), and differences of volume add up", () => {
    fc.assert(
      fc.property(three, ({ reference, prediction, third, shape }) => {
        const scores = (a: Uint8Array, b: Uint8Array) => overlapScores(confusionCounts(a, b, { classes: 2 })[1]);
        const boundary = (a: Uint8Array, b: Uint8Array) => boundaryIou(a, b, { shape, distance: 1 }).value;
        for (const score of [boundary, (a: Uint8Array, b: Uint8Array) => scores(a, b).iou]) {
          const distance = (a: Uint8Array, b: Uint8Array) => 1 - (score(a, b) ?? 1);
          expect(distance(reference, third)).toBeLessThanOrEqual(
            distance(reference, prediction) + distance(prediction, third) + 1e-12,
          );
        }
        const volume = (a: Uint8Array, b: Uint8Array) => scores(a, b).volumeDifference as number;
        expect(volume(reference, third)).toBe(volume(reference, prediction) + volume(prediction, third));
        expect(volume(prediction, reference)).toBe(0 - volume(reference, prediction));
      }),
    );
  });
});

it("metrics of one pair stand in the order that their definitions give", () => {
  fc.assert(
    fc.property(randomPair, fc.constantFrom("voxels" as const, "surfels" as const), (pair, border) => {
      const of = surfaces(border).of(pair);
      const { dice, iou } = overlap.of(pair);
      if (dice !== null && iou !== null) {
        expect(iou).toBeLessThanOrEqual(dice);
        expectClose(dice, (2 * iou) / (1 + iou), "Dice by IoU");
      }
      if (of.hd === null) return;
      for (const name of DISTANCES) expect(of[name], name).toBeLessThanOrEqual(of.hd * (1 + 1e-12));
      const { reference, prediction, shape } = pair;
      const [most, direct, sum] = (["chessboard", "euclidean", "taxicab"] as const).map(
        (metric) => hausdorff(reference, prediction, { shape, border, metric }).value as number,
      );
      expect(most).toBeLessThanOrEqual(direct * (1 + 1e-12));
      expect(direct).toBeLessThanOrEqual(sum * (1 + 1e-12));
    }),
  );
});
