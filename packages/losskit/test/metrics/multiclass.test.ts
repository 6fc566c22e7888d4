import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cohensKappa,
  confusionCounts,
  confusionMatrix,
  diceScore,
  frequencyWeightedIou,
  type GeneralisedWeights,
  generalisedDiceScore,
  iouScore,
  meanOverClasses,
  multiclassKappa,
  pixelAccuracy,
} from "../../src/metrics/index.js";

const CLASSES = 4;
const voxels = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), { maxLength: 40 });
const matrixOf = (pairs: readonly (readonly [number, number])[]) =>
  confusionMatrix(
    pairs.map(([r]) => r),
    pairs.map(([, p]) => p),
    { classes: CLASSES },
  );

describe("meanOverClasses", () => {
  it("leaves out classes without a score and says how many are left", () => {
    const counts = confusionCounts([0, 0, 1, 1], [0, 1, 1, 1], { classes: 4 });
    expect(meanOverClasses(counts, iouScore)).toEqual({ mean: (1 / 2 + 2 / 3) / 2, classes: 2 });
    expect(meanOverClasses(counts.slice(1), diceScore)).toEqual({ mean: 4 / 5, classes: 1 });
    expect(meanOverClasses(counts.slice(2), diceScore)).toEqual({ mean: null, classes: 0 });
  });
});

describe("scores of a matrix", () => {
  it("are what counting says", () => {
    fc.assert(
      fc.property(voxels, (pairs) => {
        const matrix = matrixOf(pairs);
        const n = pairs.length;
        if (n === 0) {
          expect([pixelAccuracy(matrix), frequencyWeightedIou(matrix), multiclassKappa(matrix)]).toEqual([
            null,
            null,
            null,
          ]);
          return;
        }
        const right = pairs.filter(([r, p]) => r === p).length / n;
        expect(pixelAccuracy(matrix)).toBeCloseTo(right, 12);
        const share = (k: number, map: 0 | 1) => pairs.filter((pair) => pair[map] === k).length / n;
        const labels = [0, 1, 2, 3];
        const weighted = labels.map((k) => {
          const union = pairs.filter(([r, p]) => r === k || p === k).length;
          return union && (share(k, 0) * pairs.filter(([r, p]) => r === k && p === k).length) / union;
        });
        expect(frequencyWeightedIou(matrix)).toBeCloseTo(
          weighted.reduce((a, b) => a + b),
          12,
        );
        const chance = labels.reduce((sum, k) => sum + share(k, 0) * share(k, 1), 0);
        const kappa = multiclassKappa(matrix);
        if (labels.some((k) => share(k, 0) === 1 && share(k, 1) === 1)) expect(kappa).toBeNull();
        else expect(kappa).toBeCloseTo((right - chance) / (1 - chance), 10);
      }),
    );
  });

  it("of two classes has Cohen's kappa of the foreground", () => {
    const matrix = confusionMatrix([0, 0, 1, 1, 1, 0, 1], [0, 1, 1, 1, 0, 0, 1], { classes: 2 });
    const [, foreground] = confusionCounts([0, 0, 1, 1, 1, 0, 1], [0, 1, 1, 1, 0, 0, 1], { classes: 2 });
    expect(multiclassKappa(matrix)).toBeCloseTo(cohensKappa(foreground) as number, 12);
  });
});

describe("generalisedDiceScore", () => {
  const score = (reference: number[], prediction: number[], weights?: GeneralisedWeights) =>
    generalisedDiceScore(confusionCounts(reference, prediction, { classes: 3 }), { weights });

  it("weighs classes by their volume in the reference", () => {
    const [reference, prediction] = [
      [0, 0, 0, 0, 1, 1, 2],
      [0, 0, 0, 1, 1, 1, 0],
    ];
    // Shared voxels 3, 2, 0; sums 8, 5, 1; volumes 4, 2, 1.
    expect(score(reference, prediction)).toBeCloseTo((2 * (3 / 16 + 2 / 4)) / (8 / 16 + 5 / 4 + 1), 12);
    expect(score(reference, prediction, "square")).toBe(score(reference, prediction));
    expect(score(reference, prediction, "simple")).toBeCloseTo((2 * (3 / 4 + 2 / 2)) / (8 / 4 + 5 / 2 + 1), 12);
    expect(score(reference, prediction, "uniform")).toBeCloseTo((2 * 5) / 14, 12);
  });

  it("gives a class that only the prediction has the largest weight of the others", () => {
    // Shared 2, 1; sums 4, 3, 1; volumes 2, 2, 0: weights 1/4, 1/4, 1/4.
    expect(score([0, 0, 1, 1], [0, 0, 1, 2])).toBeCloseTo((2 * 3) / 8, 12);
  });

  it("of one class is Dice", () => {
    fc.assert(
      fc.property(voxels, (pairs) => {
        for (const counts of confusionCounts(
          pairs.map(([r]) => r),
          pairs.map(([, p]) => p),
          { classes: CLASSES },
        )) {
          const [ours, dice] = [generalisedDiceScore([counts]), diceScore(counts)];
          if (dice === null) expect(ours).toBeNull();
          else expect(ours).toBeCloseTo(dice, 12);
        }
      }),
    );
  });

  it("is null where there is nothing, 0 where there is only a prediction, and refuses other weights", () => {
    const [, one, two] = confusionCounts([0, 0], [0, 1], { classes: 3 });
    expect(generalisedDiceScore([])).toBeNull();
    expect(generalisedDiceScore([two])).toBeNull();
    expect(generalisedDiceScore([one, two])).toBe(0);
    expect(() => generalisedDiceScore([one], { weights: "squares" as GeneralisedWeights })).toThrow(
      "did you mean square?",
    );
    expect(() => generalisedDiceScore([one], { weights: "toString" as GeneralisedWeights })).toThrow("weights is");
  });
});
