// Boundary IoU and clDice by name: widths as voxels or shares of the whole image, single slices, and the words.

import fc from "fast-check";
import { boundaryIou, centrelineDice } from "losskit/metrics";
import { describe, expect, test } from "vitest";
import { scorePair } from "../../src/evaluation/measure-case.js";
import { type BoundaryWidth, describeParts, partScores } from "../../src/evaluation/part-scores.js";
import type { LabelPair } from "../../src/evaluation/read-pair.js";
import { maskCutter } from "../../src/evaluation/structure-masks.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";

const structure = { name: "s", labels: [1] };
const pairOf = (reference: Uint8Array, prediction: Uint8Array, shape: number[]): LabelPair => ({
  reference,
  prediction,
  shape,
  spacing: shape.map(() => 1),
  unit: "mm",
  notes: [],
});
/** A square from one row and column to before another, in an image of 200 x 150. */
const square = (from: number, to: number) =>
  Uint8Array.from({ length: 200 * 150 }, (_, i) => {
    const [y, x] = [Math.floor(i / 150), i % 150];
    return y >= from && y < to && x >= from && x < to ? 1 : 0;
  });
const measure = (pair: LabelPair, boundary?: BoundaryWidth) =>
  scorePair(pair, {
    structures: [structure],
    metrics: ["boundaryIou", "clDice"],
    surface: DEFAULT_SURFACE,
    allow: {},
    ...(boundary && { boundary }),
  }).scores[0]!.values;

describe("boundary IoU", () => {
  const [reference, prediction] = [square(20, 80), square(22, 80)];

  test("takes its share of the diagonal of the whole image, not of the box around the structure", () => {
    // 2 % of a diagonal of 250 pixels are 5.
    const { value } = boundaryIou(reference, prediction, { shape: [200, 150], distance: 5 });
    expect(measure(pairOf(reference, prediction, [200, 150])).boundaryIou).toBe(value);
    expect(boundaryIou(reference, prediction, { shape: [200, 150], distance: 2 }).value).not.toBe(value);
    expect(measure(pairOf(reference, prediction, [200, 150]), { share: 0.008 }).boundaryIou).toBe(
      boundaryIou(reference, prediction, { shape: [200, 150], distance: 2 }).value,
    );
  });

  test("of a single slice is that of an image", () => {
    expect(measure(pairOf(reference, prediction, [1, 200, 150]))).toEqual(
      measure(pairOf(reference, prediction, [200, 150])),
    );
  });
});

/** Whether a voxel lies in the second slice along an axis; all do where there is no such axis. */
function inSlice(at: number, shape: readonly number[], axis: number): boolean {
  const stride = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
  return axis >= shape.length || Math.floor(at / stride) % shape[axis]! === 1;
}

test("cutting out the bounding box changes nothing, be it a slice", () => {
  const thin = fc.constantFrom(0, 1, 2, 3);
  const voxels = fc.array(fc.tuple(fc.constantFrom(0, 0, 1, 1, 2), fc.constantFrom(0, 0, 1, 1, 2)), {
    minLength: 60,
    maxLength: 60,
  });
  fc.assert(
    fc.property(voxels, fc.constantFrom<number[][]>([3, 4, 5], [5, 2, 6], [6, 10]), thin, (pairs, shape, axis) => {
      const [first, second] = [0, 1].map((side) =>
        Uint8Array.from(pairs, (one, at) => (inSlice(at, shape, axis) ? one[side as 0 | 1] : 0)),
      );
      const masks = maskCutter(pairOf(first!, second!, shape))(structure);
      const options = { shape, label: 1 };
      expect(partScores(masks, ["boundaryIou", "clDice"], { distance: 1 }, shape)).toEqual({
        boundaryIou: boundaryIou(first!, second!, { ...options, distance: 1 }).value,
        clDice: centrelineDice(first!, second!, options).value,
      });
    }),
  );
});

test("words name the width", () => {
  expect(describeParts(["boundaryIou"], { share: 0.07 })[0]).toContain("at most 7 % of the image's diagonal");
  expect(describeParts(["boundaryIou"], { distance: 1 })[0]).toContain("at most 1 voxel from the outside");
  expect(describeParts(["clDice"], { distance: 3 })).toEqual([expect.stringContaining("skeletons by thinning")]);
  expect(describeParts([], { distance: 3 })).toEqual([]);
});
