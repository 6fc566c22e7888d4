import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ConfusionCounts,
  fBetaScore,
  type OverlapScores,
  overlapScores,
  volumeDifference,
} from "../../src/metrics/index.js";

const countsOf = (tp: number, fp: number, fn: number, tn: number): ConfusionCounts => ({
  truePositives: tp,
  falsePositives: fp,
  falseNegatives: fn,
  trueNegatives: tn,
});

const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 ** 31 }));
const anyCounts = fc.tuple(count, count, count, count).map((four) => countsOf(...four));

/** Scores that go from -1 to 1, and those without bounds. */
const SIGNED = ["informedness", "markedness", "matthewsCorrelation", "cohensKappa"];
const UNBOUNDED = ["volumeDifference", "relativeVolumeDifference"];

const close = (score: number | null, expected: number | null) =>
  expected === null || score === null ? expect(score).toBe(expected) : expect(score).toBeCloseTo(expected, 12);

describe("overlapScores", () => {
  it("has the values of the definitions", () => {
    const scores = overlapScores(countsOf(6, 2, 4, 88), { voxelVolume: 0.5 });
    const chance = (8 * 10 + 92 * 90) / 100 ** 2;
    const expected: Record<keyof OverlapScores, number> = {
      dice: 12 / 18,
      iou: 6 / 12,
      sensitivity: 6 / 10,
      specificity: 88 / 90,
      precision: 6 / 8,
      negativePredictiveValue: 88 / 92,
      missRate: 4 / 10,
      fallOut: 2 / 90,
      falseDiscoveryRate: 2 / 8,
      falseOmissionRate: 4 / 92,
      f2: (5 * 0.75 * 0.6) / (4 * 0.75 + 0.6),
      f05: (1.25 * 0.75 * 0.6) / (0.25 * 0.75 + 0.6),
      accuracy: 94 / 100,
      balancedAccuracy: (0.6 + 88 / 90) / 2,
      informedness: 0.6 + 88 / 90 - 1,
      markedness: 0.75 + 88 / 92 - 1,
      fowlkesMallowsIndex: Math.sqrt(0.75 * 0.6),
      prevalenceThreshold: (Math.sqrt((0.6 * 2) / 90) - 2 / 90) / (0.6 - 2 / 90),
      matthewsCorrelation: (6 * 88 - 2 * 4) / Math.sqrt(8 * 10 * 90 * 92),
      cohensKappa: (0.94 - chance) / (1 - chance),
      volumeDifference: -1,
      relativeVolumeDifference: -0.2,
      volumetricSimilarity: 1 - 2 / 18,
    };
    expect(Object.keys(scores)).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected)) close(scores[name as keyof OverlapScores], value);
  });

  it("stays within its range or is null, whatever the counts", () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        for (const [name, score] of Object.entries(overlapScores(counts)) as [string, number | null][]) {
          if (score === null) continue;
          expect(Number.isFinite(score)).toBe(true);
          if (UNBOUNDED.includes(name)) continue;
          expect(score).toBeLessThanOrEqual(1);
          expect(score).toBeGreaterThanOrEqual(SIGNED.includes(name) ? -1 : 0);
        }
      }),
    );
  });

  it("is null exactly where a denominator is 0", () => {
    const nulls = (counts: ConfusionCounts) =>
      Object.entries(overlapScores(counts)).flatMap(([name, score]) => (score === null ? [name] : []));
    const all = Object.keys(overlapScores(countsOf(1, 1, 1, 1)));
    expect(nulls(countsOf(1, 1, 1, 1))).toEqual([]);
    expect(nulls(countsOf(0, 0, 0, 0))).toEqual(all.filter((name) => name !== "volumeDifference"));
    // Both empty: the background is right and nothing else can be said.
    const sure = [
      "specificity",
      "negativePredictiveValue",
      "fallOut",
      "falseOmissionRate",
      "accuracy",
      "volumeDifference",
    ];
    expect(nulls(countsOf(0, 0, 0, 9))).toEqual(all.filter((name) => !sure.includes(name)));
    expect(nulls(countsOf(0, 0, 3, 9))).toEqual([
      "precision",
      "falseDiscoveryRate",
      "markedness",
      "fowlkesMallowsIndex",
      "prevalenceThreshold",
      "matthewsCorrelation",
    ]);
    expect(nulls(countsOf(0, 3, 0, 9))).toEqual([
      "sensitivity",
      "missRate",
      "balancedAccuracy",
      "informedness",
      "fowlkesMallowsIndex",
      "prevalenceThreshold",
      "matthewsCorrelation",
      "relativeVolumeDifference",
    ]);
  });

  it("is perfect for equal masks and 0 beyond chance for independent ones", () => {
    const perfect = overlapScores(countsOf(123457, 0, 0, 9876543));
    for (const name of ["dice", "iou", "f2", "matthewsCorrelation", "cohensKappa", "markedness"] as const) {
      expect(perfect[name]).toBe(1);
    }
    const independent = overlapScores(countsOf(2, 6, 3, 9));
    for (const name of ["matthewsCorrelation", "cohensKappa", "informedness", "markedness"] as const) {
      close(independent[name], 0);
    }
    expect(independent.prevalenceThreshold).toBeCloseTo(0.5, 12);
  });

  it("turns with the roles of the maps and of the classes", () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = counts;
        const scores = overlapScores(counts);
        const swapped = overlapScores(countsOf(tp, fn, fp, tn));
        const inverted = overlapScores(countsOf(tn, fn, fp, tp));
        for (const name of [
          "dice",
          "iou",
          "accuracy",
          "matthewsCorrelation",
          "cohensKappa",
          "volumetricSimilarity",
        ] as const) {
          close(swapped[name], scores[name]);
        }
        close(swapped.sensitivity, scores.precision);
        close(swapped.specificity, scores.negativePredictiveValue);
        expect(swapped.volumeDifference).toBe(0 - scores.volumeDifference);
        for (const name of ["accuracy", "matthewsCorrelation", "cohensKappa"] as const)
          close(inverted[name], scores[name]);
        close(inverted.sensitivity, scores.specificity);
      }),
    );
  });
});

describe("fBetaScore", () => {
  it("goes from precision to sensitivity through Dice", () => {
    const counts = countsOf(6, 2, 4, 88);
    const scores = overlapScores(counts);
    close(fBetaScore(counts, 0), scores.precision);
    close(fBetaScore(counts), scores.dice);
    close(fBetaScore(counts, 1e100), scores.sensitivity);
  });

  it("refuses a beta that is no weight", () => {
    for (const beta of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e200]) {
      expect(() => fBetaScore(countsOf(1, 1, 1, 1), beta)).toThrow(expect.objectContaining({ code: "OPTION" }));
    }
  });
});

it("volumeDifference refuses a voxel volume that is none", () => {
  for (const volume of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => volumeDifference(countsOf(1, 1, 1, 1), volume)).toThrow(expect.objectContaining({ code: "OPTION" }));
  }
});
