import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { confusionCounts, diceScore, iouScore, precision, sensitivity } from "../../src/metrics/index.js";

const CLASSES = 4;
const IGNORE = 255;

describe("confusionCounts", () => {
  const voxel = fc.record({
    reference: fc.constantFrom(0, 1, 2, 3, IGNORE),
    prediction: fc.integer({ min: 0, max: 3 }),
    inMask: fc.boolean(),
  });

  it("counts each label against the others, without ignored and masked voxels", () => {
    fc.assert(
      fc.property(fc.array(voxel, { maxLength: 60 }), (voxels) => {
        const counts = confusionCounts(
          Uint8Array.from(voxels, (v) => v.reference),
          Uint8Array.from(voxels, (v) => v.prediction),
          { classes: CLASSES, ignore: IGNORE, mask: Uint8Array.from(voxels, (v) => (v.inMask ? 1 : 0)) },
        );
        const counted = voxels.filter((v) => v.inMask && v.reference !== IGNORE);
        const expected = Array.from({ length: CLASSES }, (_, k) => ({
          truePositives: counted.filter((v) => v.reference === k && v.prediction === k).length,
          falsePositives: counted.filter((v) => v.reference !== k && v.prediction === k).length,
          falseNegatives: counted.filter((v) => v.reference === k && v.prediction !== k).length,
          trueNegatives: counted.filter((v) => v.reference !== k && v.prediction !== k).length,
        }));
        expect(counts).toEqual(expected);
      }),
    );
  });

  it("ignores a value that is a class, too: its voxels do not count, predictions of it elsewhere do", () => {
    expect(confusionCounts([0, 0, 1, 1], [0, 1, 0, 1], { classes: 2, ignore: 0 })).toEqual([
      { truePositives: 0, falsePositives: 1, falseNegatives: 0, trueNegatives: 1 },
      { truePositives: 1, falsePositives: 0, falseNegatives: 1, trueNegatives: 0 },
    ]);
  });

  it("does not read the prediction where a voxel does not count", () => {
    const options = { classes: 2, ignore: 255, mask: [1, 1, 0] };
    expect(confusionCounts([1, 255, 7], [1, 255, 9], options)[1].truePositives).toBe(1);
  });

  it("counts nothing in empty maps", () => {
    expect(confusionCounts([], [], { classes: 1 })).toEqual([
      { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 },
    ]);
  });

  it("names an unknown label, its place and what to do", () => {
    expect(() => confusionCounts([0, 255], [0, 0], { classes: 2 })).toThrow(
      "the reference holds 255 at voxel 1; labels are whole numbers from 0 to 1; declare it with { ignore: 255 } if such voxels do not count",
    );
    expect(() => confusionCounts([0, 3], [0, 0], { classes: 2, ignore: 255 })).toThrow(
      expect.objectContaining({ code: "LABEL", message: expect.stringContaining("holds 3 at voxel 1") }),
    );
    expect(() => confusionCounts([0, 1], [0, 2], { classes: 2 })).toThrow(
      expect.objectContaining({ code: "LABEL", message: expect.stringContaining("the prediction holds 2 at voxel 1") }),
    );
    for (const bad of [-1, 0.5, Number.NaN]) {
      expect(() => confusionCounts([bad], [0], { classes: 2 })).toThrow(expect.objectContaining({ code: "LABEL" }));
      expect(() => confusionCounts([0], [bad], { classes: 2 })).toThrow(expect.objectContaining({ code: "LABEL" }));
    }
  });

  it("refuses lengths that differ and options that make no sense", () => {
    expect(() => confusionCounts([0, 1], [0], { classes: 2 })).toThrow(expect.objectContaining({ code: "ARRAY" }));
    expect(() => confusionCounts([0, 1], [0, 1], { classes: 2, mask: [1] })).toThrow(
      expect.objectContaining({ code: "ARRAY" }),
    );
    for (const classes of [0, 1.5, Number.NaN, -2]) {
      expect(() => confusionCounts([0], [0], { classes })).toThrow(expect.objectContaining({ code: "OPTION" }));
    }
    expect(() => confusionCounts([0], [0], { classes: 2, ignore: 0.5 })).toThrow(
      expect.objectContaining({ code: "OPTION" }),
    );
  });
});

describe("scores", () => {
  const counts = { truePositives: 6, falsePositives: 2, falseNegatives: 4, trueNegatives: 88 };
  const none = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 100 };

  it("are the ratios of their definitions", () => {
    expect(diceScore(counts)).toBe(12 / 18);
    expect(iouScore(counts)).toBe(6 / 12);
    expect(sensitivity(counts)).toBe(6 / 10);
    expect(precision(counts)).toBe(6 / 8);
  });

  it("are null only where there is nothing to divide by", () => {
    expect([diceScore, iouScore, sensitivity, precision].map((score) => score(none))).toEqual([null, null, null, null]);
    const missed = { ...none, falseNegatives: 3 };
    expect([diceScore, iouScore, sensitivity, precision].map((score) => score(missed))).toEqual([0, 0, 0, null]);
    const invented = { ...none, falsePositives: 3 };
    expect([diceScore, iouScore, sensitivity, precision].map((score) => score(invented))).toEqual([0, 0, null, 0]);
  });
});

const metrics = sharedPath("golden/metrics.json");

describe.skipIf(!metrics)("against numbers of other libraries", () => {
  type Figure = number | "NaN";
  interface MulticlassCase {
    readonly classes: number;
    readonly gt: readonly number[];
    readonly pred: readonly number[];
    readonly recall_per_class: readonly Figure[];
    readonly precision_per_class: readonly Figure[];
    readonly iou_per_class: readonly Figure[];
    readonly dice_per_class: readonly Figure[];
  }
  interface BinaryCase {
    readonly gt: readonly number[];
    readonly pred: readonly number[];
    readonly confusion: Readonly<Record<string, Figure>>;
  }
  const golden = metrics
    ? (JSON.parse(readFileSync(metrics, "utf8")) as { multiclass: MulticlassCase[]; cases: BinaryCase[] })
    : { multiclass: [], cases: [] };
  /** NaN there is null here. */
  const agrees = (score: number | null, figure: Figure) =>
    figure === "NaN" ? expect(score).toBeNull() : expect(Math.abs((score as number) - figure)).toBeLessThan(1e-12);

  it("gives the counts and scores of binary masks", () => {
    expect(golden.cases.length).toBeGreaterThanOrEqual(22);
    for (const { gt, pred, confusion } of golden.cases) {
      const counts = confusionCounts(gt, pred, { classes: 2 })[1];
      expect([counts.truePositives, counts.falsePositives, counts.falseNegatives, counts.trueNegatives]).toEqual([
        confusion.tp,
        confusion.fp,
        confusion.fn,
        confusion.tn,
      ]);
      agrees(diceScore(counts), confusion.dice);
      agrees(iouScore(counts), confusion.iou);
      agrees(sensitivity(counts), confusion.recall);
      agrees(precision(counts), confusion.precision);
    }
  });

  it("gives the scores of label maps, class by class", () => {
    expect(golden.multiclass.length).toBeGreaterThanOrEqual(3);
    for (const { gt, pred, classes, ...figures } of golden.multiclass) {
      confusionCounts(gt, pred, { classes }).forEach((counts, label) => {
        agrees(diceScore(counts), figures.dice_per_class[label]);
        agrees(iouScore(counts), figures.iou_per_class[label]);
        agrees(sensitivity(counts), figures.recall_per_class[label]);
        agrees(precision(counts), figures.precision_per_class[label]);
      });
    }
  });
});
