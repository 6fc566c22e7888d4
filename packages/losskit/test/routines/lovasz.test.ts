import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lovaszWeights } from "../../src/routines/lovasz.js";
import { centralDifferences, distinct, dot, largestDifference } from "./grids.js";

/** Jaccard loss of the voxels of a class when the voxels in `wrong` are mispredicted: |wrong| / |class ∪ wrong|. */
function jaccardLoss(wrong: ReadonlySet<number>, targets: readonly number[]): number {
  const union = targets.filter((target, i) => target === 1 || wrong.has(i)).length;
  return wrong.size === 0 ? 0 : wrong.size / union;
}

/** The Lovász extension by its definition: what the set function grows by, voxel after voxel in descending order of error. */
function byDefinition(errors: Float64Array, targets: readonly number[]): number {
  const order = [...errors.keys()].sort((a, b) => errors[b] - errors[a] || a - b);
  const wrong = new Set<number>();
  let sum = 0;
  for (const i of order) {
    const before = jaccardLoss(wrong, targets);
    sum += errors[i] * (jaccardLoss(wrong.add(i), targets) - before);
  }
  return sum;
}

const voxels = (error: fc.Arbitrary<number>) =>
  fc.array(fc.record({ error, target: fc.constantFrom(0, 1) }), { maxLength: 40 }).map((list) => ({
    errors: Float64Array.from(list, (voxel) => voxel.error),
    targets: list.map((voxel) => voxel.target),
  }));

describe("lovaszWeights", () => {
  it("makes the sum the Lovász extension of the Jaccard loss, ties included", () => {
    const error = fc.oneof(fc.double({ min: -3, max: 3, noNaN: true }), fc.constantFrom(0, 0.5, 1));
    fc.assert(
      fc.property(voxels(error), ({ errors, targets }) => {
        const value = dot(lovaszWeights(errors, targets), errors);
        expect(Math.abs(value - byDefinition(errors, targets))).toBeLessThanOrEqual(1e-12);
      }),
      { numRuns: 300 },
    );
  });

  it("is the Jaccard loss itself for errors of 0 and 1", () => {
    fc.assert(
      fc.property(voxels(fc.constantFrom(0, 1)), ({ errors, targets }) => {
        const wrong = new Set([...errors.keys()].filter((i) => errors[i] === 1));
        expect(dot(lovaszWeights(errors, targets), errors)).toBeCloseTo(jaccardLoss(wrong, targets), 12);
      }),
    );
  });

  it("has weights that add up to 1: all wrong is the loss 1", () => {
    fc.assert(
      fc.property(voxels(fc.double({ min: -1, max: 1, noNaN: true })), ({ errors, targets }) => {
        const weights = lovaszWeights(errors, targets);
        expect(weights.every((weight) => weight >= 0)).toBe(true);
        expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(errors.length === 0 ? 0 : 1, 12);
      }),
    );
  });

  it("is the gradient where the errors differ", () => {
    const errors = distinct(25, 1);
    const targets = Array.from(errors, (_, i) => (i % 3 === 0 ? 1 : 0));
    const weights = lovaszWeights(errors, targets);
    const expected = centralDifferences((moved) => dot(lovaszWeights(moved, targets), moved), errors, 1e-6);
    expect(largestDifference(weights, expected)).toBeLessThanOrEqual(1e-9);
  });

  it("puts all weight on the largest error where the class is absent", () => {
    expect([...lovaszWeights(Float64Array.of(0.2, 0.9, 0.4), [0, 0, 0])]).toEqual([0, 1, 0]);
    expect([...lovaszWeights(Float64Array.of(0.2, 0.9, 0.4), [1, 1, 1])]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });

  it("takes equal errors in the order of their indices", () => {
    // First the background voxel: 1/2 of the loss, then the rest; the other way round the class voxel takes all.
    expect([...lovaszWeights(Float64Array.of(1, 1), [0, 1])]).toEqual([0.5, 0.5]);
    expect([...lovaszWeights(Float64Array.of(1, 1), [1, 0])]).toEqual([1, 0]);
  });

  it("gives no weights for no voxels, and 1 for one", () => {
    expect([...lovaszWeights(new Float64Array(0), [])]).toEqual([]);
    expect([...lovaszWeights(Float64Array.of(0.3), [0])]).toEqual([1]);
    expect([...lovaszWeights(Float64Array.of(0.3), [1])]).toEqual([1]);
  });

  it("keeps its digits on many voxels, where neighbouring losses differ in the last ones", () => {
    const count = 1 << 20;
    const errors = Float64Array.from({ length: count }, (_, i) => ((i * 7919) % count) / count);
    const weights = lovaszWeights(errors, new Uint8Array(count).fill(1, 0, 10));
    const positives = weights.subarray(0, 10);
    // A background voxel behind all of the class adds nothing; any other adds kept / (union (union + 1)) > 0.
    const least = Math.min(...Array.from({ length: 10 }, (_, i) => errors[i]));
    weights.forEach((weight, i) => {
      if (i >= 10 && weight > 0 !== errors[i] > least) expect.fail(`voxel ${i} has weight ${weight}`);
    });
    positives.forEach((weight, i) => {
      const union =
        10 + Math.round((1 - errors[i]) * count) - 1 - positives.filter((_, j) => errors[j] > errors[i]).length;
      expect(weight).toBe(1 / union);
    });
  });
});
