// Scores of objects by name: values worked out by hand, matching rules, sums over cases, and what the definitions say of themselves.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scorePair } from "../../src/evaluation/measure-case.js";
import { isObjectMetric, METRICS, type ObjectMetric } from "../../src/evaluation/metric-catalogue.js";
import {
  describeObjects,
  objectDefinition,
  objectScores,
  pooledObjects,
  withoutValue,
} from "../../src/evaluation/object-scores.js";
import type { MeasuredCase } from "../../src/evaluation/results.js";
import { maskCutter } from "../../src/evaluation/structure-masks.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { measured } from "./measured.js";

const ALL: readonly ObjectMetric[] = METRICS.map(({ key }) => key).filter(isObjectMetric);

/** A picture with one character per voxel; space is background. */
const picture = (...rows: string[]) =>
  Uint8Array.from(rows.flatMap((row) => Array.from(row, (letter) => (letter === " " ? 0 : Number(letter)))));

// Of the reference's three objects the first is found with IoU 3/4, the second touched with IoU 1/3, the third missed; one is false.
const reference = picture(
  "11   111", //
  "11      ",
  "       1",
  "        ",
);
const prediction = picture(
  "11   1  ", //
  "1       ",
  "        ",
  "   11   ",
);
const shape = [4, 8];
const pair = { reference, prediction, shape, spacing: [1, 1], unit: "px" as const, notes: [] };

describe("values", () => {
  test("of masks with one object found, two missed, and two false", () => {
    const { values, objects } = objectScores(pair, ALL, objectDefinition());
    expect(values).toEqual({
      detectionPrecision: 1 / 3,
      detectionRecall: 1 / 3,
      detectionF1: 1 / 3,
      panopticQuality: (2 * 0.75) / 6,
      segmentationQuality: 0.75,
      recognitionQuality: 1 / 3,
      lesionWiseDice: 6 / 7 / 5,
      falsePositiveObjects: 2,
      missedObjects: 2,
      referenceObjects: 3,
      predictedObjects: 3,
    });
    expect(objects).toEqual({ referenceObjects: 3, predictedObjects: 3, found: 1, falsePositives: 2 });
  });

  test("go by matching, threshold and connectivity", () => {
    const found = (given: Parameters<typeof objectDefinition>[0]) =>
      objectScores(pair, [], objectDefinition(given)).objects.found;
    expect(found({ matching: "iou-above", threshold: 0.75 })).toBe(0);
    expect(found({ matching: "greedy-iou" })).toBe(2);
    expect(found({ matching: "greedy-iou", threshold: 0.4 })).toBe(1);
    expect(found({ matching: "any-overlap" })).toBe(2);
    const corners = { ...pair, reference: picture("1  ", " 1 ", "  1"), prediction: new Uint8Array(9), shape: [3, 3] };
    const objects = (connectivity: "full" | "faces") =>
      objectScores(corners, [], objectDefinition({ connectivity })).objects.referenceObjects;
    expect([objects("full"), objects("faces")]).toEqual([1, 3]);
  });

  test("the default is the library's, written out", () => {
    expect(objectDefinition()).toEqual({ matching: "iou-above", threshold: 0.5, connectivity: "full" });
    expect(objectDefinition({ matching: "greedy-iou" }).threshold).toBe(0);
    expect(objectDefinition({ matching: "any-overlap" })).toEqual({ matching: "any-overlap", connectivity: "full" });
  });

  test("are measured of a structure where they are asked for, and only there", () => {
    const settings = { surface: DEFAULT_SURFACE, allow: {}, structures: [{ name: "s", labels: [1] }] };
    const score = (metrics: readonly (ObjectMetric | "dice")[]) =>
      scorePair(pair, { ...settings, metrics, objects: objectDefinition({ matching: "greedy-iou" }) }).scores[0]!;
    const asked = score(["dice", "detectionRecall"]);
    expect(asked.values.detectionRecall).toBe(2 / 3);
    expect(asked.values.detectionPrecision).toBeUndefined();
    expect(asked.objects).toMatchObject({ found: 2 });
    expect(score(["dice"]).objects).toBeUndefined();
  });

  test("matches one to one are needed for panoptic quality", () => {
    const overlap = objectDefinition({ matching: "any-overlap" });
    expect(withoutValue(["detectionF1", "recognitionQuality"], overlap)).toBe("recognitionQuality");
    expect(withoutValue(["detectionF1", "lesionWiseDice"], overlap)).toBeUndefined();
    expect(withoutValue(ALL, objectDefinition())).toBeUndefined();
    // What is refused is what would have no value in any case.
    const { values } = objectScores(pair, ALL, overlap);
    expect(ALL.filter((metric) => values[metric] === null)).toEqual(
      ALL.filter((metric) => withoutValue([metric], overlap) !== undefined),
    );
  });
});

test("cutting out the bounding box changes nothing", () => {
  const voxels = fc.array(fc.tuple(fc.constantFrom(0, 0, 1, 2), fc.constantFrom(0, 0, 1, 2)), {
    minLength: 36,
    maxLength: 36,
  });
  fc.assert(
    fc.property(voxels, fc.constantFrom("full" as const, "faces" as const), (pairs, connectivity) => {
      const [first, second] = [0, 1].map((side) => Uint8Array.from(pairs, (one) => one[side as 0 | 1]));
      const maps = { reference: first!, prediction: second!, shape: [3, 3, 4], spacing: [1, 1, 1] };
      const masks = maskCutter({ ...maps, unit: "mm", notes: [] })({ name: "s", labels: [1] });
      const [r, p] = [first!, second!].map((map) => map.map((label) => (label === 1 ? 1 : 0)));
      const whole = { ...maps, reference: r!, prediction: p! };
      const definition = objectDefinition({ connectivity });
      expect(objectScores(masks, ALL, definition)).toEqual(objectScores(whole, ALL, definition));
    }),
  );
});

test("over the cases objects are added up, and a case without the structure has none", () => {
  const withObjects = (id: string, found: number, falsePositives: number): MeasuredCase => {
    const one = measured(id, {});
    const objects = { referenceObjects: 4, predictedObjects: found + falsePositives, found, falsePositives };
    return { ...one, scores: [{ ...one.scores[0]!, objects }] };
  };
  const cases = [withObjects("a", 4, 0), withObjects("b", 1, 3), measured("c", {}, "neither", "spleen")];
  const liver = { name: "liver", labels: [1] };
  expect(pooledObjects(cases, liver, ["dice", "detectionF1"])).toMatchObject({
    referenceObjects: 8,
    sensitivity: 5 / 8,
    precision: 5 / 8,
    falsePositivesPerImage: 1,
  });
  expect(pooledObjects(cases, liver, ["dice"])).toBeUndefined();
});

describe("words", () => {
  test("name matching, threshold and connectivity", () => {
    expect(describeObjects(["panopticQuality", "referenceObjects"], objectDefinition())).toEqual([
      expect.stringMatching(/^PQ: SQ × RQ/u),
      "Objects are the connected components of a structure; voxels that share a corner are neighbours (full). " +
        "They match with an IoU above 0.5 (iou-above, as in panoptic quality).",
    ]);
    expect(
      describeObjects(["detectionRecall"], objectDefinition({ matching: "any-overlap", connectivity: "faces" }))[1],
    ).toMatch(/face are neighbours \(faces\)\. They match where they share a voxel/u);
    expect(describeObjects([], objectDefinition())).toEqual([]);
  });
});
