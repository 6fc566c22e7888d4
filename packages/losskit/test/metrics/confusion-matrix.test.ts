import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  confusionCounts,
  confusionMatrix,
  countsOfMatrix,
  mergeConfusionMatrices,
  mergeCounts,
} from "../../src/metrics/index.js";

/** Beyond this many voxels bytes are counted in words. */
const LONG = 1 << 18;

/** Labels 0 to 4 in runs of 1 to 64 voxels. */
const mapOf = (seed: number) =>
  Uint8Array.from({ length: LONG }, (_, i) => Math.imul((i >> (i & 4096 ? 6 : 0)) + seed, 0x9e3779b1) >>> 28).map(
    (value) => value % 5,
  );

describe("confusionMatrix", () => {
  it("has the reference in rows and the prediction in columns", () => {
    expect(confusionMatrix([0, 0, 1, 2, 2, 2], [0, 1, 1, 0, 2, 2], { classes: 3 })).toEqual({
      classes: 3,
      cells: Float64Array.of(1, 1, 0, 0, 1, 0, 1, 0, 2),
    });
  });

  it("leaves out masked voxels and those of an ignored label, whatever was predicted there", () => {
    const options = { classes: 2, ignore: 255, mask: [1, 1, 0, 1] };
    expect(Array.from(confusionMatrix([1, 255, 0, 0], [1, 9, 9, 1], options).cells)).toEqual([0, 1, 0, 1]);
  });

  it("gives the same for bytes as for other arrays", () => {
    const [reference, prediction] = [mapOf(1), mapOf(2)];
    for (const ignore of [undefined, 0, 3, 255]) {
      const withVoid = reference.map((label, i) => (ignore === 255 && i % 1000 < 10 ? 255 : label));
      const options = { classes: 5, ignore };
      const expected = confusionMatrix(Array.from(withVoid), Float32Array.from(prediction), options);
      expect(confusionMatrix(withVoid, prediction, options)).toEqual(expected);
      expect(confusionMatrix(withVoid, prediction, { ...options, mask: new Uint8Array(LONG).fill(1) })).toEqual(
        expected,
      );
    }
  });

  it("leaves out masked bytes", () => {
    const [reference, prediction] = [mapOf(1), mapOf(2)];
    const mask = reference.map((_, i) => (i % 3 === 0 ? 1 : 0));
    const kept = (map: Uint8Array) => map.filter((_, i) => i % 3 === 0);
    expect(confusionMatrix(reference, prediction, { classes: 5, mask })).toEqual(
      confusionMatrix(kept(reference), kept(prediction), { classes: 5 }),
    );
  });

  it("names the voxel of a label that is none, in bytes too", () => {
    const [reference, prediction] = [mapOf(1), mapOf(2)];
    reference[LONG - 7] = 5;
    expect(() => confusionMatrix(reference, prediction, { classes: 5 })).toThrow(
      expect.objectContaining({
        code: "LABEL",
        message: expect.stringContaining(`the reference holds 5 at voxel ${LONG - 7}`),
      }),
    );
    prediction[LONG - 8] = 255;
    expect(() => confusionMatrix(reference, prediction, { classes: 6, ignore: 255 })).toThrow(
      `the prediction holds 255 at voxel ${LONG - 8}`,
    );
    for (const bad of [-1, 0.5, Number.NaN]) {
      expect(() => confusionMatrix([0, bad], [0, bad], { classes: 2 })).toThrow("at voxel 1");
    }
  });

  it("refuses more classes than it has room for, and what confusionCounts refuses", () => {
    expect(() => confusionMatrix([0], [0], { classes: 5000 })).toThrow(expect.objectContaining({ code: "OPTION" }));
    expect(() => confusionMatrix([0], [0, 1], { classes: 2 })).toThrow(expect.objectContaining({ code: "ARRAY" }));
  });
});

describe("counts of many classes", () => {
  it("are those of the matrix, up to 256 classes and beyond", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), { maxLength: 40 }),
        (voxels) => {
          const [reference, prediction] = [voxels.map(([r]) => 50 * r), voxels.map(([, p]) => 50 * p)];
          const options = { classes: 301, ignore: 50 };
          const counts = confusionCounts(reference, prediction, options);
          expect(counts).toEqual(countsOfMatrix(confusionMatrix(reference, prediction, options)));
          for (const { truePositives, falsePositives, falseNegatives, trueNegatives } of counts) {
            expect(truePositives + falsePositives + falseNegatives + trueNegatives).toBe(
              reference.filter((label) => label !== 50).length,
            );
          }
        },
      ),
    );
    expect(() => confusionCounts([0, 400], [0, 0], { classes: 301 })).toThrow("the reference holds 400 at voxel 1");
    expect(() => confusionCounts([0, 300], [0, 301], { classes: 301 })).toThrow("the prediction holds 301 at voxel 1");
  });
});

describe("merging", () => {
  it("adds matrices and counts as if the maps were one", () => {
    const [a, b] = [mapOf(1), mapOf(2)];
    const half = LONG / 2 + 3;
    const parts = [
      confusionMatrix(a.subarray(0, half), b.subarray(0, half), { classes: 5 }),
      confusionMatrix(a.subarray(half), b.subarray(half), { classes: 5 }),
    ];
    const whole = confusionMatrix(a, b, { classes: 5 });
    expect(mergeConfusionMatrices(parts)).toEqual(whole);
    const [first, second] = parts.map(countsOfMatrix);
    expect(first.map((counts, k) => mergeCounts([counts, second[k]]))).toEqual(countsOfMatrix(whole));
    expect(mergeCounts([])).toEqual({ truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 });
  });

  it("refuses nothing and matrices of other classes", () => {
    const matrix = (classes: number) => confusionMatrix([0], [0], { classes });
    expect(() => mergeConfusionMatrices([])).toThrow(expect.objectContaining({ code: "ARRAY" }));
    expect(() => mergeConfusionMatrices([matrix(2), matrix(3)])).toThrow(expect.objectContaining({ code: "ARRAY" }));
  });
});
