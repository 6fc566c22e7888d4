// Deep supervision: the weighted sum of a loss at several scales with its gradients, and the coarser label maps.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LabelArray } from "../../src/formula/options.js";
import { ce, dice, diceCe } from "../../src/losses/catalogue.js";
import { deepSupervision, downsampleLabels, type Scale, type ScaleWeights } from "../../src/losses/deep-supervision.js";
import { add } from "../../src/losses/define.js";
import type { Loss } from "../../src/losses/loss.js";
import { centralDifferences, distance, exampleCall } from "./calls.js";

const code = (expected: string) => expect.objectContaining({ name: "LosskitError", code: expected });

function scalesOf(seed: number, count: number): Scale<Float64Array>[] {
  return Array.from({ length: count }, (_, i) => {
    const { logits, target, options } = exampleCall(seed + i, { channels: 3, space: [2 ** (count - i), 3] });
    return { logits, target, ...options };
  });
}

describe("the weights", () => {
  const weightsOf = (weights: ScaleWeights, count: number) =>
    deepSupervision(dice(), { weights }).valueAndGradient(scalesOf(1, count)).weights;

  it.each([
    ["halving", 1, [1]],
    ["halving", 3, [4 / 7, 2 / 7, 1 / 7]],
    ["nnunet", 2, [1, 0]],
    ["nnunet", 4, [4 / 7, 2 / 7, 1 / 7, 0]],
    ["equal", 4, [1 / 4, 1 / 4, 1 / 4, 1 / 4]],
    [[3, 0, 0.5], 3, [3, 0, 0.5]],
  ] as const)("%j of %d scales", (rule, count, expected) => {
    const weights = weightsOf(rule, count);
    expect(distance(weights, expected)).toBeLessThan(1e-15);
  });

  it("are halving where nothing is said", () => {
    expect(deepSupervision(dice()).valueAndGradient(scalesOf(1, 2)).weights).toEqual([2 / 3, 1 / 3]);
  });

  it("are those given when the loss was made", () => {
    const list = [1, 2];
    const supervised = deepSupervision(dice(), { weights: list });
    list[0] = 5;
    const { weights } = supervised.valueAndGradient(scalesOf(1, 2));
    expect(weights).toEqual([1, 2]);
  });
});

describe("value and gradients", () => {
  const rules = fc.constantFrom<ScaleWeights>("halving", "nnunet", "equal", [0.3, 0, 2]);

  it("are those of each scale, times the weight", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), rules, (seed, rule) => {
        const scales = scalesOf(seed, 3);
        const { value, values, gradients, weights } = deepSupervision(diceCe(), { weights: rule }).valueAndGradient(
          scales,
        );
        const alone = scales.map(({ logits, target, ...options }) =>
          diceCe().valueAndGradient(logits, target, options),
        );
        expect(
          distance(
            values,
            alone.map((result) => result.value),
          ),
        ).toBeLessThan(1e-14);
        expect(Math.abs(value - weights.reduce((sum, weight, i) => sum + weight * alone[i].value, 0))).toBeLessThan(
          1e-14,
        );
        gradients.forEach((gradient, i) => {
          expect(
            distance(
              gradient,
              alone[i].gradient.map((slope) => weights[i] * slope),
            ),
          ).toBeLessThan(1e-16);
        });
      }),
      { numRuns: 30 },
    );
  });

  it("are a function and its slopes", () => {
    const scales = scalesOf(7, 2);
    const supervised = deepSupervision(add(dice(), [0.5, ce()]));
    const { gradients } = supervised.valueAndGradient(scales);
    scales.forEach(({ logits, target, ...options }, i) => {
      const total = {
        value: (moved: Float64Array) =>
          supervised.valueAndGradient(scales.map((scale, j) => (i === j ? { ...scale, logits: moved } : scale))).value,
      };
      const slopes = centralDifferences(total as unknown as Loss, logits, target, options);
      expect(distance(gradients[i], slopes)).toBeLessThan(1e-9);
    });
  });

  it("writes where it is told, also zeros over what was there", () => {
    const scales = scalesOf(8, 2).map((scale) => ({ ...scale, gradient: scale.logits.map(() => 99) }));
    const { gradients } = deepSupervision(dice(), { weights: "nnunet" }).valueAndGradient(scales);
    expect(gradients[0]).toBe(scales[0].gradient);
    expect(gradients[1]).toBe(scales[1].gradient);
    expect(gradients[1].every((slope) => slope === 0)).toBe(true);
    expect(gradients[0].some((slope) => slope !== 0 && slope !== 99)).toBe(true);
  });

  it("keeps float32 in float32, and its options with each scale", () => {
    const [fine, coarse] = scalesOf(9, 2);
    const target = coarse.target.slice() as Uint8Array;
    target.fill(255, 0, 2);
    const { gradients } = deepSupervision(dice()).valueAndGradient([
      { ...fine, logits: Float32Array.from(fine.logits) },
      { ...coarse, logits: Float32Array.from(coarse.logits), target, ignore: 255 },
    ]);
    expect(gradients.every((gradient) => gradient instanceof Float32Array)).toBe(true);
    expect([...gradients[1].subarray(0, 2)]).toEqual([0, 0]);
  });
});

describe("what is refused", () => {
  it.each([
    "double",
    [],
    [0, 0],
    [1, -1],
    [1, Number.NaN],
    [1, Number.POSITIVE_INFINITY],
    3,
  ] as unknown as ScaleWeights[])("weights %j", (weights) => {
    expect(() => deepSupervision(dice(), { weights })).toThrow(code("OPTION"));
  });

  it("scales that the weights do not fit", () => {
    expect(() => deepSupervision(dice(), { weights: [1, 1] }).valueAndGradient(scalesOf(1, 3))).toThrow(code("OPTION"));
    expect(() => deepSupervision(dice(), { weights: "nnunet" }).valueAndGradient(scalesOf(1, 1))).toThrow(
      code("OPTION"),
    );
    expect(() => deepSupervision(dice()).valueAndGradient([])).toThrow(code("OPTION"));
    expect(() => deepSupervision(dice()).valueAndGradient({} as Scale[])).toThrow(code("OPTION"));
    expect(() => deepSupervision(dice()).valueAndGradient([undefined as unknown as Scale])).toThrow(code("OPTION"));
  });

  it("a factory in place of a loss", () => {
    expect(() => deepSupervision(dice as unknown as Loss)).toThrow(code("DEFINITION"));
    expect(() => deepSupervision(undefined as unknown as Loss)).toThrow(code("DEFINITION"));
  });

  it("a target of another resolution, and says at which scale", () => {
    const [fine, coarse] = scalesOf(1, 2);
    const scales = [fine, { ...coarse, target: fine.target }];
    for (const weights of ["halving", "nnunet"] as const) {
      const run = () => deepSupervision(dice(), { weights }).valueAndGradient(scales);
      expect(run).toThrow(code("ARRAY"));
      expect(run).toThrow(/^scale 1: /);
    }
  });

  it("weights that lead to infinity", () => {
    const far = scalesOf(1, 2).map((scale) => ({ ...scale, logits: scale.logits.map((x) => 1e10 * x) }));
    expect(() => deepSupervision(ce(), { weights: [1e307, 1] }).valueAndGradient(far)).toThrow(code("NOT_FINITE"));
  });
});

describe("downsampleLabels", () => {
  /** The nearest voxel by distance between centres; of two the later. */
  function nearest(labels: ArrayLike<number>, shape: readonly number[], to: readonly number[]): number[] {
    const pick = (i: number, axis: number) => {
      const centre = ((i + 0.5) * shape[axis]) / to[axis];
      let best = 0;
      for (let j = 0; j < shape[axis]; j++) {
        if (Math.abs(j + 0.5 - centre) <= Math.abs(best + 0.5 - centre) + 1e-9) best = j;
      }
      return best;
    };
    const total = to.reduce((product, extent) => product * extent, 1);
    return Array.from({ length: total }, (_, index) => {
      let rest = index;
      const position = [...to].reverse().map((extent) => {
        const at = rest % extent;
        rest = Math.floor(rest / extent);
        return at;
      });
      return labels[position.reverse().reduce((flat, i, axis) => flat * shape[axis] + pick(i, axis), 0)];
    });
  }

  const axes = fc.array(fc.record({ coarse: fc.integer({ min: 1, max: 4 }), factor: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 4,
  });

  it("takes the voxel at the centre along each axis, by factors and by extents alike", () => {
    fc.assert(
      fc.property(axes, (list) => {
        const shape = list.map(({ coarse, factor }) => coarse * factor);
        const to = list.map(({ coarse }) => coarse);
        const labels = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
        const result = downsampleLabels(labels, { shape, factors: list.map(({ factor }) => factor) });
        expect([...result]).toEqual(nearest(labels, shape, to));
        expect(downsampleLabels(labels, { shape, to })).toEqual(result);
      }),
    );
  });

  it("does so for extents that no factor divides", () => {
    const extents = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(extents, { minLength: 1, maxLength: 3 }), (pairs) => {
        const shape = pairs.map((pair) => Math.max(...pair));
        const to = pairs.map((pair) => Math.min(...pair));
        const labels = Uint16Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
        expect([...downsampleLabels(labels, { shape, to })]).toEqual(nearest(labels, shape, to));
      }),
    );
  });

  it("takes the second of two, and the middle of three", () => {
    const row = Uint8Array.of(0, 1, 2, 3, 4, 5);
    expect([...downsampleLabels(row, { shape: [6], factors: [2] })]).toEqual([1, 3, 5]);
    expect([...downsampleLabels(row, { shape: [6], factors: [3] })]).toEqual([1, 4]);
    // PyTorch's nearest-exact from 5 to 2: floor(0.5 · 2.5), floor(1.5 · 2.5).
    expect([...downsampleLabels(row.subarray(0, 5), { shape: [5], to: [2] })]).toEqual([1, 3]);
  });

  it("keeps the type, and gives an array of its own where nothing changes", () => {
    const types = [Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Int32Array, Uint32Array];
    for (const type of types) {
      const labels: LabelArray = type.of(1, 2, 3, 4);
      const result = downsampleLabels(labels, { shape: [2, 2], factors: [1, 1] });
      expect(result).toEqual(labels);
      expect(result).toBeInstanceOf(type);
      expect(result).not.toBe(labels);
    }
    const buffer = Buffer.from([1, 2, 3, 4]);
    const half = downsampleLabels(buffer, { shape: [4], factors: [2] });
    half[0] = 9;
    expect([...buffer]).toEqual([1, 2, 3, 4]);
  });

  const labels = new Uint8Array(12);
  it.each([
    ["ARRAY", [0, 1] as unknown as Uint8Array, { shape: [2], factors: [2] }],
    ["ARRAY", new Float32Array(2) as unknown as Uint8Array, { shape: [2], factors: [2] }],
    ["ARRAY", labels, { shape: [3, 5], factors: [1, 1] }],
    ["SHAPE", labels, { shape: [], factors: [] }],
    ["SHAPE", labels, { shape: [3, -4], factors: [1, 1] }],
    ["SHAPE", labels, { shape: [1, 1, 1, 1, 3, 4], factors: [1, 1, 1, 1, 1, 1] }],
    ["SHAPE", labels, { shape: undefined as unknown as number[], factors: [1] }],
    ["OPTION", labels, { shape: [3, 4], factors: [2, 2] }],
    ["OPTION", labels, { shape: [3, 4], factors: [2] }],
    ["OPTION", labels, { shape: [3, 4], factors: [1, 0.5] }],
    ["OPTION", labels, { shape: [3, 4], factors: [1, 0] }],
    ["OPTION", labels, { shape: [3, 4], factors: [1, Number.NaN] }],
    ["OPTION", labels, { shape: [3, 4], to: [4, 4] }],
    ["OPTION", labels, { shape: [3, 4], to: [0, 4] }],
    ["OPTION", labels, { shape: [3, 4] } as unknown as { shape: number[]; to: number[] }],
    ["OPTION", labels, { shape: [3, 4], factors: [1, 2], to: [3, 2] }],
  ] as const)("refuses with %s what it cannot take (%#)", (expected, given, options) => {
    expect(() => downsampleLabels(given, options)).toThrow(code(expected));
  });
});
