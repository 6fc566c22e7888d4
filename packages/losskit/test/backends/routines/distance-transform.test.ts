// The compiled distance transform against its float64 twin.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { release, reserve, reservedBytes, views } from "../../../src/backends/wasm/memory.js";
import type { Calls } from "../../../src/backends/wasm/routines/calls.js";
import { callsAtOnce } from "../../../src/backends/wasm/routines/calls.js";
import { distancesTo, signedDistance } from "../../../src/backends/wasm/routines/distance-transform.js";
import { distancesTo as plain, signedDistance as plainSigned } from "../../../src/routines/distance-transform.js";
import { type Image, images, masks, product } from "../../routines/grids.js";
import { differences, sequence } from "./in-memory.js";

type Transform = typeof distancesTo;

function compiled(transform: Transform, { values, space, spacing }: Image, type: "uint8" | "float32" = "float32") {
  const mask = reserve(4 * values.length);
  const result = reserve(4 * values.length);
  try {
    if (type === "uint8") views().u8.set(values, mask);
    else views().f32.set(values, mask / 4);
    views().f32.fill(-7, result / 4, result / 4 + values.length);
    transform({ address: mask, type }, result, space, spacing);
    return views().f32.slice(result / 4, result / 4 + values.length);
  } finally {
    release(mask);
    release(result);
  }
}

const BOTH: readonly (readonly [string, Transform, typeof plain])[] = [
  ["distancesTo", distancesTo, plain],
  ["signedDistance", signedDistance, plainSigned],
];

/** Bit for bit with unit spacing. Otherwise the last bit of float32 may differ: the twin rounds steps and units in another order. */
function expectEqual(image: Image, type: "uint8" | "float32" = "float32") {
  for (const [name, transform, twin] of BOTH) {
    const actual = compiled(transform, image, type);
    const expected = Float32Array.from(twin(image.values, image.space, image.spacing));
    if (image.spacing.every((step) => step === 1)) {
      expect(differences(actual, expected), name).toEqual([]);
    } else {
      const largest = Math.max(...image.spacing);
      actual.forEach((value, i) => {
        const bound = 2 ** -23 * Math.max(Math.abs(expected[i]), name === "signedDistance" ? largest : 0);
        expect(Math.abs(value - expected[i]), `${name} at ${i}`).toBeLessThanOrEqual(bound);
      });
    }
  }
}

const withSpacing = (image: Image, spacing: (axis: number) => number): Image => ({
  ...image,
  spacing: image.space.map((_, axis) => spacing(axis)),
});

/** Masks of up to 3 axes, one of which may be longer than the lines that are searched together, with few or many voxels. */
const largerMasks: fc.Arbitrary<Image> = fc
  .record({
    space: fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 90 })),
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
      fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 })),
    ),
    share: fc.constantFrom(0.001, 0.01, 0.1, 0.5, 0.99),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  .map(({ space, share, seed }) => {
    const random = sequence(seed);
    const values = Float64Array.from({ length: product(space) }, () => (random() < share ? 1 : 0));
    return { space, spacing: space.map(() => 1), values };
  });

describe("the compiled distance transform", () => {
  it("equals its twin on small masks, unit spacing", () => {
    fc.assert(
      fc.property(masks, (image) => {
        const unit = withSpacing(image, () => 1);
        expectEqual(unit);
        expectEqual(unit, "uint8");
      }),
      { numRuns: 300 },
    );
  });

  it("equals its twin on larger masks, unit spacing", () => {
    fc.assert(
      fc.property(largerMasks, (image) => {
        expectEqual(image);
        expectEqual(image, "uint8");
      }),
      { numRuns: 300 },
    );
  });

  it("equals its twin with any spacing", () => {
    fc.assert(
      fc.property(masks, (image) => expectEqual(image)),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(
        largerMasks,
        fc.array(fc.double({ min: 0.3, max: 4, noNaN: true }), { minLength: 3 }),
        (image, steps) => {
          expectEqual(withSpacing(image, (axis) => steps[axis]));
          expectEqual(withSpacing(image, () => steps[0]));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("takes values above one half as the mask", () => {
    fc.assert(
      fc.property(images(fc.constantFrom(0, 0.5, 0.5000001, 0.75, 1, -3)), (image) => {
        expectEqual(withSpacing({ ...image, values: image.values.map(Math.fround) }, () => 1));
      }),
    );
  });

  it.each([[[1]], [[1, 1, 1]], [[1, 37]], [[37, 1]], [[1, 19, 1]], [[5, 1, 18]], [[6, 17, 1]], [[1, 33, 21]]])(
    "equals its twin on thin volumes of %j",
    (space) => {
      const random = sequence(product(space));
      const spacing = space.map(() => 1);
      for (const share of [0, 0.05, 0.5, 1]) {
        const values = Float64Array.from({ length: product(space) }, () => (random() < share ? 1 : 0));
        expectEqual({ space, spacing, values });
        expectEqual({ space, spacing: spacing.map((_, axis) => 1.5 + axis), values });
      }
    },
  );

  it("is exact far from the mask, where squares are near 2^24 and where they are beyond", () => {
    for (const side of [4096, 4097, 5000]) {
      const values = new Float64Array(side * 3);
      values[0] = 1;
      expectEqual({ space: [side, 3], spacing: [1, 1], values });
      expectEqual({ space: [3, side], spacing: [1, 1], values });
    }
  });

  it("looks far enough for a value that a neighbour's own value beats by little", () => {
    // At row 24 of the first column the site 21 rows up (21² = 441) is nearer than the one across a row down (20.99² + 1 = 441.58), but it is
    // farther from row 25, whose own value is 20.99², than the root of that value.
    const values = new Float64Array(80);
    values[2 * 3] = 1;
    values[2 * 25 + 1] = 1;
    const image = { space: [40, 2], spacing: [1, 20.99], values };
    expect(compiled(distancesTo, image)[2 * 24]).toBe(21);
    expectEqual(image);
  });

  it("is 0 everywhere without a mask, and the signed one also for a full mask", () => {
    for (const value of [0, 1]) {
      const image = { space: [5, 7], spacing: [1, 2], values: new Float64Array(35).fill(value) };
      for (const [, transform] of BOTH) expect(new Set(compiled(transform, image))).toEqual(new Set([0]));
    }
  });

  it("neither overflows nor vanishes with extreme spacings", () => {
    const values = Float64Array.from({ length: 60 }, (_, i) => (i === 13 ? 1 : 0));
    for (const scale of [1e-30, 1e-20, 1e20, 1e30]) {
      expectEqual({ space: [6, 10], spacing: [scale, 2.5 * scale], values });
      expectEqual({ space: [6, 10], spacing: [scale, scale], values });
    }
  });

  it("does not depend on the order of the calls or on who makes them", () => {
    const random = sequence(9);
    const space = [70, 40, 50];
    const values = Float64Array.from({ length: product(space) }, () => (random() < 0.001 ? 1 : 0));
    for (const spacing of [
      [1, 1, 1],
      [3, 1, 1],
    ]) {
      const backwards = (calls: Calls) => callsAtOnce({ ...calls, items: [...calls.items].reverse() });
      let most = 0;
      const counted: Transform = (mask, result, space, spacing) =>
        signedDistance(mask, result, space, spacing, (calls) => {
          most = Math.max(most, calls.items.length);
          backwards(calls);
        });
      const image = { space, spacing, values };
      expect(differences(compiled(counted, image), compiled(signedDistance, image))).toEqual([]);
      expect(most).toBeGreaterThan(1);
    }
  });

  it("refuses what is no grid, and gives its memory back", () => {
    const before = reservedBytes();
    const call = (space: number[], spacing: number[]) => () =>
      distancesTo({ address: 64, type: "uint8" }, 64, space, spacing);
    expect(call([0, 3], [1, 1])).toThrow(expect.objectContaining({ code: "SHAPE" }));
    expect(call([2, 3], [1])).toThrow(expect.objectContaining({ code: "OPTION" }));
    expect(call([2, 3], [1, Number.NaN])).toThrow(expect.objectContaining({ code: "OPTION" }));
    compiled(signedDistance, { space: [9, 9], spacing: [1, 2], values: new Float64Array(81).fill(1, 3, 9) });
    expect(reservedBytes()).toBe(before);
  });
});
