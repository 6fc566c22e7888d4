// Counts of classes and weights from them: against the formulas as the papers print them, and at the edges.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dice } from "../../src/losses/catalogue.js";
import { type ClassWeightMethod, classWeights, countClasses } from "../../src/losses/class-weights.js";
import { exampleCall } from "./calls.js";

const METHODS = ["inverse", "inverse-root", "median", "effective"] as const satisfies readonly ClassWeightMethod[];
const code = (expected: string) => expect.objectContaining({ name: "LosskitError", code: expected });
const counts = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e9 })), { minLength: 1, maxLength: 8 })
  .filter((list) => list.some((count) => count > 0));
const close = (a: number, b: number, bound = 1e-13) => Math.abs(a - b) <= bound * Math.max(Math.abs(a), Math.abs(b));

describe("countClasses", () => {
  it("counts each class, without what is ignored, for every type of label map", () => {
    const types = [Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Int32Array, Uint32Array];
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 })),
        fc.constantFrom(...types),
        fc.constantFrom(undefined, 2, 100),
        (values, type, ignore) => {
          const labels = type.from(ignore === 100 ? [...values, 100, 100] : values);
          const result = countClasses(labels, 6, { ignore });
          expect([...result]).toEqual(
            Array.from({ length: 6 }, (_, c) =>
              c === ignore ? 0 : Array.from(labels).filter((label) => label === c).length,
            ),
          );
        },
      ),
    );
  });

  it("adds up over pieces of an image", () => {
    const labels = Uint8Array.of(0, 1, 1, 2, 0, 1);
    const parts = [labels.subarray(0, 4), labels.subarray(4)].map((part) => countClasses(part, 3));
    expect([...countClasses(labels, 3)]).toEqual([0, 1, 2].map((c) => parts[0][c] + parts[1][c]));
  });

  it.each([
    ["LABEL", () => countClasses(Uint8Array.of(0, 3), 3)],
    ["LABEL", () => countClasses(Uint8Array.of(0, 255), 3, { ignore: 254 })],
    ["LABEL", () => countClasses(Int8Array.of(-1), 3)],
    ["ARRAY", () => countClasses([0, 1] as unknown as Uint8Array, 2)],
    ["ARRAY", () => countClasses(Float32Array.of(0, 1) as unknown as Uint8Array, 2)],
    ["ARRAY", () => countClasses(undefined as unknown as Uint8Array, 2)],
    ["PARAMETER", () => countClasses(Uint8Array.of(0, 1), 1)],
    ["PARAMETER", () => countClasses(Uint8Array.of(0, 1), Number.NaN)],
    ["PARAMETER", () => countClasses(Uint8Array.of(0, 1), 2.5)],
    ["OPTION", () => countClasses(Uint8Array.of(0, 1), 2, { ignore: Number.NaN })],
  ] as const)("refuses with %s what it cannot count", (expected, call) => {
    expect(call).toThrow(code(expected));
  });

  it("names the voxel and what to do", () => {
    expect(() => countClasses(Uint8Array.of(0, 255), 2)).toThrow(/voxel 1 has the label 255.*ignore: 255/);
  });
});

describe("classWeights", () => {
  it.each(METHODS)("%s gives 0 to absent classes, and never less to a rarer class", (method) => {
    fc.assert(
      fc.property(counts, (list) => {
        const weights = classWeights(list, method);
        expect(weights).toHaveLength(list.length);
        list.forEach((count, i) => {
          expect(weights[i] > 0 && Number.isFinite(weights[i])).toBe(count > 0);
          if (count === 0) expect(weights[i]).toBe(0);
          list.forEach((other, j) => {
            if (count > 0 && count < other) expect(weights[i]).toBeGreaterThanOrEqual(weights[j] * (1 - 1e-14));
          });
        });
      }),
    );
  });

  it.each(METHODS)("%s gives the same weights to the classes that occur, whatever others do not", (method) => {
    fc.assert(
      fc.property(counts, (list) => {
        const present = list.filter((count) => count > 0);
        expect(classWeights(list, method).filter((weight) => weight > 0)).toEqual(classWeights(present, method));
      }),
    );
  });

  it("inverse is N / (C n_c), inverse-root its root: the mean weight of a voxel is 1", () => {
    fc.assert(
      fc.property(counts, (list) => {
        const present = list.filter((count) => count > 0);
        const total = list.reduce((sum, count) => sum + count, 0);
        const weights = classWeights(list, "inverse");
        const roots = classWeights(list, "inverse-root");
        list.forEach((count, c) => {
          if (count === 0) return;
          expect(close(weights[c], total / (present.length * count))).toBe(true);
          expect(close(roots[c] ** 2, weights[c])).toBe(true);
        });
        const mean = list.reduce((sum, count, c) => sum + count * weights[c], 0) / total;
        expect(close(mean, 1)).toBe(true);
      }),
    );
  });

  it("median is the median frequency over that of the class", () => {
    expect(classWeights([900, 90, 10], "median")).toEqual([0.1, 1, 9]);
    expect(classWeights([8, 0, 2], "median")).toEqual([5 / 8, 0, 5 / 2]);
    // Eigen and Fergus: class 1 is in a tenth of the images only, and there it is frequent.
    const frequencies = [900 / 1000, 90 / 100, 10 / 1000];
    const weights = classWeights([900, 90, 10], "median", { imageVoxels: [1000, 100, 1000] });
    weights.forEach((weight, c) => {
      expect(weight).toBeCloseTo(0.9 / frequencies[c], 12);
    });
  });

  it("effective is (1 - beta) / (1 - beta^n), scaled to the number of classes that occur", () => {
    fc.assert(
      fc.property(counts, fc.constantFrom(0, 0.3, 0.9, 0.99, 0.9999, 0.9999999), (list, beta) => {
        const weights = classWeights(list, "effective", { beta });
        const present = list.filter((count) => count > 0).length;
        expect(
          close(
            weights.reduce((sum, weight) => sum + weight, 0),
            present,
          ),
        ).toBe(true);
        const effective = list.map((count) => (count > 0 ? (1 - beta) / (1 - beta ** count) : 0));
        const sum = effective.reduce((total, weight) => total + weight, 0);
        // The plain form loses digits where beta^n is near 1.
        weights.forEach((weight, c) => {
          expect(close(weight, (effective[c] * present) / sum, 1e-7)).toBe(true);
        });
      }),
    );
  });

  it("effective goes from no weights to inverse frequency as beta goes from 0 to 1, and keeps its digits there", () => {
    expect(classWeights([1000, 10, 1], "effective", { beta: 0 })).toEqual([1, 1, 1]);
    const beta = 1 - 1e-10;
    const d = 1 - beta;
    // 1 - (1 - d)^n by the first terms of its series; the next is 1e-23 of it.
    const lost = [3000, 20, 1].map((n) => n * d * (1 - ((n - 1) * d) / 2 + ((n - 1) * (n - 2) * d * d) / 6));
    const sum = lost.reduce((total, own) => total + 1 / own, 0);
    classWeights([3000, 20, 1], "effective", { beta }).forEach((weight, c) => {
      expect(close(weight, 3 / lost[c] / sum)).toBe(true);
    });
    // Millions of voxels: the default beta has no more to tell, and gives no NaN.
    expect(classWeights([1e9, 1e7], "effective")).toEqual([1, 1]);
  });

  it("takes frequencies for counts, except for effective", () => {
    for (const method of ["inverse", "inverse-root", "median"] as const) {
      const weights = classWeights([0.9, 0.09, 0.01], method);
      classWeights([900, 90, 10], method).forEach((weight, c) => {
        expect(close(weight, weights[c])).toBe(true);
      });
    }
    expect(() => classWeights([0.9, 0.1], "effective")).toThrow(code("PARAMETER"));
  });

  it("makes weights that a loss takes", () => {
    const { logits, target, options } = exampleCall(1, { channels: 3 });
    const weights = classWeights(countClasses(target, 3), "inverse");
    expect(dice({ classWeights: weights }).value(logits, target, options)).not.toBe(
      dice().value(logits, target, options),
    );
  });

  it.each([
    ["PARAMETER", () => classWeights([0, 0], "inverse")],
    ["PARAMETER", () => classWeights([], "inverse")],
    ["PARAMETER", () => classWeights([1, -1], "median")],
    ["PARAMETER", () => classWeights([1, Number.NaN], "median")],
    ["PARAMETER", () => classWeights([1, Number.POSITIVE_INFINITY], "effective")],
    ["PARAMETER", () => classWeights([1e308, 5e-324], "inverse")],
    ["OPTION", () => classWeights([1, 2], "inverted" as "inverse")],
    ["OPTION", () => classWeights([1, 2], "effective", { beta: 1 })],
    ["OPTION", () => classWeights([1, 2], "effective", { beta: -0.1 })],
    ["OPTION", () => classWeights([1, 2], "effective", { beta: Number.NaN })],
    ["OPTION", () => classWeights([1, 2], "median", { imageVoxels: [3] })],
    ["OPTION", () => classWeights([1, 2], "median", { imageVoxels: [3, 1] })],
    ["OPTION", () => classWeights([1, 2], "median", { imageVoxels: [3, Number.POSITIVE_INFINITY] })],
  ] as const)("refuses with %s what gives no weights", (expected, call) => {
    expect(call).toThrow(code(expected));
  });

  it("never gives NaN or infinity, for any counts", () => {
    const any = fc.array(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(any, fc.constantFrom(...METHODS), (list, method) => {
        try {
          expect(classWeights(list, method).every((weight) => weight >= 0 && Number.isFinite(weight))).toBe(true);
        } catch (error) {
          expect(error).toEqual(code("PARAMETER"));
        }
      }),
      { numRuns: 500 },
    );
  });
});
