import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  averagePrecision,
  bestThreshold,
  confusionCounts,
  countsAtThresholds,
  countsOfSweep,
  diceScore,
  precisionRecallCurve,
  sensitivity,
  thresholdSweep,
} from "../../src/metrics/index.js";

/** Probabilities with many ties. */
const voxels = fc.array(
  fc.record({ label: fc.constantFrom(0, 1, 1, 255), p: fc.integer({ min: 0, max: 8 }).map((eighth) => eighth / 8) }),
  { maxLength: 40 },
);

describe("thresholdSweep", () => {
  it("counts at each different probability as thresholding there does", () => {
    fc.assert(
      fc.property(voxels, (given) => {
        const [labels, p] = [given.map(({ label }) => label), given.map((voxel) => voxel.p)];
        const sweep = thresholdSweep(labels, p, { ignore: 255 });
        const different = new Set(given.filter(({ label }) => label !== 255).map((voxel) => voxel.p));
        expect(Array.from(sweep.thresholds)).toEqual([...different].sort((a, b) => b - a));
        const thresholded = (threshold: number) =>
          confusionCounts(
            labels,
            p.map((one) => (one >= threshold ? 1 : 0)),
            { classes: 2, ignore: 255 },
          )[1];
        for (const [k, threshold] of sweep.thresholds.entries()) {
          expect(countsOfSweep(sweep, k)).toEqual(thresholded(threshold));
        }
        const thresholds = [0.5, 0.3, 0.5, -1, 2, 0.875];
        expect(countsAtThresholds(labels, p, thresholds, { ignore: 255 })).toEqual(thresholds.map(thresholded));
      }),
    );
  });

  it("takes one label and a mask, and nothing where nothing counts", () => {
    const sweep = thresholdSweep([2, 1, 2], [0.5, 0.25, 0.75], { label: 2, mask: [1, 1, 0] });
    expect(sweep).toEqual({
      thresholds: Float64Array.of(0.5, 0.25),
      truePositives: Float64Array.of(1, 1),
      falsePositives: Float64Array.of(0, 1),
      positives: 1,
      negatives: 1,
    });
    expect(thresholdSweep([], []).thresholds).toHaveLength(0);
    expect(countsAtThresholds([1], [0.5], [])).toEqual([]);
  });

  it("refuses probabilities and thresholds that are none", () => {
    expect(() => thresholdSweep([0], [1.5])).toThrow(expect.objectContaining({ code: "PROBABILITY_RANGE" }));
    expect(() => countsAtThresholds([0], [Number.NaN], [0.5])).toThrow(
      expect.objectContaining({ code: "PROBABILITY_RANGE" }),
    );
    expect(() => countsAtThresholds([0], [0.5], [Number.NaN])).toThrow(expect.objectContaining({ code: "OPTION" }));
  });
});

describe("averagePrecision", () => {
  it("has the curve and the value of the example in scikit-learn's documents", () => {
    const sweep = thresholdSweep([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
    expect(precisionRecallCurve(sweep)).toEqual({
      thresholds: Float64Array.of(0.8, 0.4, 0.35, 0.1),
      precision: Float64Array.of(1, 1 / 2, 2 / 3, 1 / 2),
      recall: Float64Array.of(0.5, 0.5, 1, 1),
    });
    const { value, definition } = averagePrecision(sweep);
    expect(value).toBeCloseTo(0.8333333333333333, 12);
    expect(definition).toBe("step-wise");
  });

  it("is the area of the steps under the curve, 1 for a perfect order and the prevalence for one probability", () => {
    fc.assert(
      fc.property(voxels, (given) => {
        const labels = given.map(({ label }) => (label === 1 ? 1 : 0));
        const sweep = thresholdSweep(
          labels,
          given.map(({ p }) => p),
        );
        const curve = precisionRecallCurve(sweep);
        const { value } = averagePrecision(sweep);
        if (curve === null) {
          expect(value).toBeNull();
          expect(labels).not.toContain(1);
          return;
        }
        let area = 0;
        for (let k = 0; k < curve.recall.length; k++) {
          area += (curve.recall[k] - (curve.recall[k - 1] ?? 0)) * curve.precision[k];
        }
        expect(value).toBeCloseTo(area, 12);
        expect(averagePrecision(thresholdSweep(labels, labels)).value).toBe(1);
        const prevalence = labels.filter((label) => label === 1).length / labels.length;
        expect(
          averagePrecision(
            thresholdSweep(
              labels,
              labels.map(() => 0.3),
            ),
          ).value,
        ).toBeCloseTo(prevalence, 12);
      }),
    );
  });
});

describe("bestThreshold", () => {
  it("has the highest Dice, and of equal ones the highest threshold", () => {
    const sweep = thresholdSweep([1, 0, 1, 0], [0.9, 0.7, 0.5, 0.1]);
    expect(bestThreshold(sweep)).toEqual({ threshold: 0.5, score: 4 / 5 });
    // At 0.9 Dice is 2/3, as it is at 0.1.
    expect(bestThreshold(thresholdSweep([1, 0, 0, 1], [0.9, 0.7, 0.5, 0.1]))?.threshold).toBe(0.9);
    expect(bestThreshold(sweep, sensitivity)).toEqual({ threshold: 0.5, score: 1 });
  });

  it("is null where there is no score", () => {
    expect(bestThreshold(thresholdSweep([], []))).toBeNull();
    expect(bestThreshold(thresholdSweep([0], [0.5]), sensitivity)).toBeNull();
    expect(bestThreshold(thresholdSweep([0], [0.5]))).toEqual({ threshold: 0.5, score: 0 });
  });

  it("is no worse than any threshold", () => {
    fc.assert(
      fc.property(voxels, (given) => {
        const sweep = thresholdSweep(
          given.map(({ label }) => label),
          given.map(({ p }) => p),
          { ignore: 255 },
        );
        const best = bestThreshold(sweep);
        for (const k of sweep.thresholds.keys()) {
          expect(best?.score).toBeGreaterThanOrEqual(diceScore(countsOfSweep(sweep, k)) as number);
        }
      }),
    );
  });
});
