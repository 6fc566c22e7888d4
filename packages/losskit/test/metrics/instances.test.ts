import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type InstanceOptions,
  instanceScores,
  type Matching,
  matchInstances,
  poolInstanceScores,
} from "../../src/metrics/index.js";

/** A picture with one character per voxel; space is background. */
const picture = (...rows: string[]) => ({
  map: rows.flatMap((row) => Array.from(row, (letter) => (letter === " " ? 0 : Number(letter)))),
  shape: [rows.length, rows[0].length],
});

const reference = picture(
  "111   2 ", //
  "111   2 ",
  "        ",
  "3    44 ",
);
const prediction = picture(
  "111   22", //
  "11     2",
  "      5 ",
  " 3  4   ",
);
const { shape } = reference;

describe("matchInstances", () => {
  it("matches numbered objects by their IoU", () => {
    const { definition, referenceVoxels, predictionVoxels, pairs } = matchInstances(reference.map, prediction.map, {
      shape,
      objects: "labels",
    });
    expect(definition).toEqual({ objects: "labels", connectivity: undefined, matching: "iou-above", threshold: 0.5 });
    expect(referenceVoxels).toEqual([6, 2, 1, 2]);
    // In the order of first voxels: 1, 2, 5, 3, 4.
    expect(predictionVoxels).toEqual([5, 3, 1, 1, 1]);
    expect(pairs).toEqual([{ reference: 0, prediction: 0, shared: 5, iou: 5 / 6 }]);
  });

  it("matches at any overlap, or the best pairs first", () => {
    const options = { shape, objects: "labels" } as const;
    const pairs = [
      { reference: 0, prediction: 0, shared: 5, iou: 5 / 6 },
      { reference: 1, prediction: 1, shared: 1, iou: 1 / 4 },
    ];
    expect(matchInstances(reference.map, prediction.map, { ...options, matching: "any-overlap" }).pairs).toEqual(pairs);
    expect(matchInstances(reference.map, prediction.map, { ...options, matching: "greedy-iou" }).pairs).toEqual(pairs);
    const above = (threshold: number) =>
      matchInstances(reference.map, prediction.map, { ...options, matching: "greedy-iou", threshold }).pairs.length;
    expect([above(0.2), above(0.25), above(0.9)]).toEqual([2, 1, 0]);
  });

  it("gives each object one partner in a greedy matching, several at any overlap", () => {
    // The prediction joins two objects; its IoU is 3/6 with the first and 2/6 with the second.
    const two = [1, 1, 1, 0, 2, 2];
    const joined = [7, 7, 7, 7, 7, 7];
    const match = (matching: Matching) =>
      matchInstances(two, joined, { shape: [6], objects: "labels", matching }).pairs.map((pair) => pair.reference);
    expect(match("iou-above")).toEqual([]); // Above one half, not at it.
    expect(match("greedy-iou")).toEqual([0]);
    expect(match("any-overlap")).toEqual([0, 1]);
  });

  it("finds components by corners or by faces only", () => {
    const { map, shape: square } = picture("1 ", " 1");
    const count = (connectivity: "full" | "faces") =>
      matchInstances(map, map, { shape: square, connectivity }).referenceVoxels;
    expect([count("full"), count("faces")]).toEqual([[2], [1, 1]]);
    expect(matchInstances(map, map, { shape: square }).definition.connectivity).toBe("full");
    // One label of a map.
    expect(matchInstances(reference.map, prediction.map, { shape, label: 2 }).predictionVoxels).toEqual([3]);
  });

  it("agrees with sets of voxels", () => {
    const map = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(map, map, (first, second) => {
        const names = (values: number[]) => [...new Set(values)].filter((value) => value > 0);
        const voxelsOf = (values: number[], name: number) => values.flatMap((value, i) => (value === name ? [i] : []));
        const pairs = names(first).flatMap((r, reference) =>
          names(second).flatMap((p, prediction) => {
            const [a, b] = [voxelsOf(first, r), voxelsOf(second, p)];
            const shared = a.filter((voxel) => b.includes(voxel)).length;
            return shared ? [{ reference, prediction, shared, iou: shared / new Set([...a, ...b]).size }] : [];
          }),
        );
        const options = { shape: [12], objects: "labels" } as const;
        expect(matchInstances(first, second, { ...options, matching: "any-overlap" }).pairs).toEqual(pairs);
        expect(matchInstances(first, second, options).pairs).toEqual(pairs.filter(({ iou }) => iou > 0.5));
        // At one half and above greedy pairs are those of Kirillov et al., who prove that they are unique.
        expect(matchInstances(first, second, { ...options, matching: "greedy-iou", threshold: 0.5 }).pairs).toEqual(
          pairs.filter(({ iou }) => iou > 0.5),
        );
        const greedy = matchInstances(first, second, { ...options, matching: "greedy-iou" }).pairs;
        expect(new Set(greedy.map((pair) => pair.reference)).size).toBe(greedy.length);
        expect(new Set(greedy.map((pair) => pair.prediction)).size).toBe(greedy.length);
        // Maximal: of every pair left out, one object has a partner of at least its IoU.
        for (const pair of pairs) {
          expect(
            greedy.some(
              (one) => (one.reference === pair.reference || one.prediction === pair.prediction) && one.iou >= pair.iou,
            ),
          ).toBe(true);
        }
      }),
    );
  });

  it("refuses options that make no sense and values that are no numbers of objects", () => {
    const run =
      (options: Partial<Record<keyof InstanceOptions, unknown>>, map: number[] = [0, 1]) =>
      () =>
        matchInstances(map, [0, 1], { shape: [2], ...options } as InstanceOptions);
    for (const options of [
      { threshold: 0.4 },
      { threshold: 1 },
      { threshold: Number.NaN },
      { matching: "greedy-iou", threshold: -0.1 },
      { matching: "any-overlap", threshold: 0.5 },
      { matching: "constructor" },
      { objects: "blobs" },
      { connectivity: "corners" },
      { objects: "labels", label: 1 },
    ]) {
      expect(run(options)).toThrow(expect.objectContaining({ code: "OPTION" }));
    }
    expect(run({ matching: "greedy-iu" })).toThrow("did you mean greedy-iou?");
    for (const bad of [-1, 0.5, Number.NaN]) {
      expect(run({ objects: "labels" }, [0, bad])).toThrow(`the reference holds ${bad} at voxel 1`);
    }
    expect(run({ objects: "labels" }, [0])).toThrow(expect.objectContaining({ code: "ARRAY" }));
    expect(run({}, [0])).toThrow(expect.objectContaining({ code: "ARRAY" }));
  });
});

describe("instanceScores", () => {
  it("counts found, missed and false objects, and the panoptic quality of the matches", () => {
    const scores = instanceScores(reference.map, prediction.map, { shape, objects: "labels" });
    expect(scores).toMatchObject({
      referenceObjects: 4,
      predictedObjects: 5,
      found: 1,
      missed: 3,
      falsePositives: 4,
      sensitivity: 1 / 4,
      precision: 1 / 5,
      segmentationQuality: 5 / 6,
      recognitionQuality: 1 / (1 + 4 / 2 + 3 / 2),
    });
    expect(scores.f1).toBeCloseTo(2 / 9, 12);
    expect(scores.panopticQuality).toBeCloseTo(5 / 6 / (1 + 4 / 2 + 3 / 2), 12);
    expect(scores.objects.map(({ dice }) => dice)).toEqual([10 / 11, 0, 0, 0]);
    expect(scores.meanObjectDice).toBeCloseTo(10 / 11 / 4, 12);
    expect(scores.lesionWiseDice).toBeCloseTo(10 / 11 / 8, 12);
  });

  it("takes all partners of an object together at any overlap", () => {
    const scores = instanceScores([1, 1, 1, 1, 1, 0, 0, 1], [1, 1, 0, 1, 1, 1, 0, 0], {
      shape: [8],
      matching: "any-overlap",
    });
    expect(scores).toMatchObject({ found: 1, missed: 1, falsePositives: 0, sensitivity: 0.5, precision: 1 });
    expect(scores.objects).toEqual([
      { voxels: 5, partners: 2, dice: 8 / 10 },
      { voxels: 1, partners: 0, dice: 0 },
    ]);
    expect([scores.panopticQuality, scores.segmentationQuality, scores.recognitionQuality]).toEqual([null, null, null]);
  });

  it("has null where there is nothing to score", () => {
    const scores = (first: number[], second: number[]) => instanceScores(first, second, { shape: [2] });
    const names = [
      "sensitivity",
      "precision",
      "f1",
      "panopticQuality",
      "segmentationQuality",
      "meanObjectDice",
    ] as const;
    const valuesOf = (first: number[], second: number[]) => names.map((name) => scores(first, second)[name]);
    expect(valuesOf([0, 0], [0, 0])).toEqual([null, null, null, null, null, null]);
    expect(valuesOf([1, 0], [0, 0])).toEqual([0, null, 0, 0, null, 0]);
    expect(valuesOf([0, 0], [0, 1])).toEqual([null, 0, 0, 0, null, null]);
    expect(valuesOf([1, 1], [1, 1])).toEqual([1, 1, 1, 1, 1, 1]);
    expect([scores([0, 0], [0, 1]).lesionWiseDice, scores([0, 0], [0, 0]).lesionWiseDice]).toEqual([0, null]);
  });

  it("turns sensitivity into precision when the maps are swapped", () => {
    const map = fc.array(fc.constantFrom(0, 0, 1), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(map, map, fc.constantFrom<Matching>("iou-above", "any-overlap"), (first, second, matching) => {
        const options = { shape: [5, 6], matching, connectivity: "faces" } as const;
        const [there, back] = [instanceScores(first, second, options), instanceScores(second, first, options)];
        expect(back.sensitivity).toBe(there.precision);
        expect(back.f1).toBe(there.f1);
        expect(back.missed).toBe(there.falsePositives);
        if (there.panopticQuality === null) expect(back.panopticQuality).toBeNull();
        else {
          expect(back.panopticQuality).toBeCloseTo(there.panopticQuality, 12);
          // PQ = SQ × RQ, and RQ is F1 where matches are one to one.
          const product = (there.segmentationQuality ?? 0) * (there.recognitionQuality as number);
          expect(there.panopticQuality).toBeCloseTo(product, 12);
          expect(there.recognitionQuality).toBeCloseTo(there.f1 as number, 12);
        }
      }),
    );
  });
});

describe("poolInstanceScores", () => {
  it("adds objects over images", () => {
    const images = [
      instanceScores([1, 0, 1], [1, 0, 0], { shape: [3] }),
      instanceScores([0, 0, 0], [1, 0, 1], { shape: [3] }),
    ];
    expect(poolInstanceScores(images)).toEqual({
      images: 2,
      referenceObjects: 2,
      predictedObjects: 3,
      found: 1,
      missed: 1,
      falsePositives: 2,
      falsePositivesPerImage: 1,
      sensitivity: 1 / 2,
      precision: 1 / 3,
      f1: (2 * (1 / 2) * (1 / 3)) / (1 / 2 + 1 / 3),
    });
    expect(poolInstanceScores([])).toMatchObject({ sensitivity: null, f1: null, falsePositivesPerImage: null });
  });
});
