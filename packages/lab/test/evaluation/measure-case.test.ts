// Counts and scores of one case: labels and regions from one table, ignored voxels, labels as found.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scorePair } from "../../src/evaluation/measure-case.js";
import type { MeasureSettings } from "../../src/evaluation/results.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";

const score = (
  reference: readonly number[],
  prediction: readonly number[],
  settings: Partial<MeasureSettings> = {},
) => {
  const wide = [...reference, ...prediction].some((label) => label > 255);
  const map = (labels: readonly number[]) => (wide ? Uint16Array.from(labels) : Uint8Array.from(labels));
  return scorePair(
    {
      shape: [1, reference.length],
      spacing: [2, 0.5],
      unit: "mm",
      reference: map(reference),
      prediction: map(prediction),
      notes: [],
    },
    { metrics: ["dice"], surface: DEFAULT_SURFACE, allow: {}, ...settings },
  );
};

const counts = ({
  truePositives: tp,
  falsePositives: fp,
  falseNegatives: fn,
  trueNegatives: tn,
}: ReturnType<typeof score>["scores"][number]) => [tp, fp, fn, tn];

describe("scores", () => {
  test("of every label that is found, in their order", () => {
    const { scores, voxels } = score([0, 1, 1, 2, 0, 7], [0, 1, 2, 2, 9, 0]);
    expect(voxels).toBe(6);
    expect(scores.map(({ structure }) => structure)).toEqual(["1", "2", "7", "9"]);
    expect(scores.map(counts)).toEqual([
      [1, 0, 1, 4],
      [1, 1, 0, 4],
      [0, 0, 1, 5],
      [0, 1, 0, 5],
    ]);
    expect(scores.map(({ empty }) => empty)).toEqual(["neither", "neither", "prediction", "reference"]);
    expect(scores[0]!.values.dice).toBe(2 / 3);
  });

  test("of a region count its labels as one", () => {
    const whole = { name: "whole", labels: [1, 2] };
    const { scores } = score([0, 1, 1, 2, 0], [1, 1, 2, 2, 0], { structures: [whole] });
    expect(counts(scores[0]!)).toEqual([3, 1, 0, 1]);
  });

  test("leave out voxels that the reference ignores", () => {
    const { scores, voxels } = score([0, 1, 255, 255, 1], [1, 1, 1, 0, 0], { ignore: 255 });
    expect(voxels).toBe(3);
    expect(scores.map(({ structure }) => structure)).toEqual(["1"]);
    expect(counts(scores[0]!)).toEqual([1, 1, 1, 0]);
  });

  test("the volume difference is in cubes of the spacing's unit", () => {
    expect(score([0, 0, 1], [1, 1, 1]).scores[0]!.values.volumeDifference).toBe(2);
    expect(score([1, 1, 1, 1], [1, 0, 0, 0]).scores[0]!.values.volumeDifference).toBe(-3);
  });

  test("labels that no structure has are named", () => {
    const structures = [{ name: "liver", labels: [1] }];
    const { scores, notes } = score([0, 1, 5], [0, 1, 6], { structures });
    expect(counts(scores[0]!)).toEqual([1, 0, 0, 2]);
    expect(notes).toEqual([expect.stringContaining("hold 5, 6, which no structure has")]);
  });

  test("a structure that is in neither map has no Dice and is empty in both", () => {
    const { scores } = score([0, 1], [0, 1], { structures: [{ name: "cyst", labels: [3] }] });
    expect(scores[0]).toMatchObject({ empty: "both", values: { dice: null } });
  });

  test("more labels than a table of all pairs holds are refused with what to do", () => {
    const numbers = Array.from({ length: 4096 }, (_, i) => i);
    expect(() => score([...numbers, 4096], [...numbers, 0])).toThrow(/hold 4097 labels, .*detectionF1/u);
  });

  test("equal a count voxel by voxel, whatever the labels and regions", () => {
    const label = fc.constantFrom(0, 1, 2, 3, 200, 1000);
    const maps = fc.array(fc.tuple(label, label), { minLength: 1, maxLength: 40 });
    const region = fc.uniqueArray(fc.constantFrom<number[]>(1, 2, 3, 200, 1000), { minLength: 1 });
    fc.assert(
      fc.property(maps, region, fc.option(fc.constantFrom(2, 200), { nil: undefined }), (pairs, labels, ignore) => {
        const { scores } = score(
          pairs.map(([r]) => r),
          pairs.map(([, p]) => p),
          { structures: [{ name: "region", labels }], ignore },
        );
        const expected = [0, 0, 0, 0];
        for (const [r, p] of pairs) {
          if (r === ignore) continue;
          const [inReference, inPrediction] = [labels.includes(r), labels.includes(p)];
          expected[inReference ? (inPrediction ? 0 : 2) : inPrediction ? 1 : 3]!++;
        }
        expect(counts(scores[0]!)).toEqual(expected);
      }),
    );
  });
});
