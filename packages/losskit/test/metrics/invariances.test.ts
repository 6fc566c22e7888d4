// What no metric of masks may depend on, and how it does where it may: which mask is which, mirrors, the order of the axes, empty margins, the unit.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indicesOf, type RandomPair, randomPair, valueAt } from "./mask-arbitraries.js";
import { COUNTED, expectClose, GROUPS } from "./metric-groups.js";

const lengthOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Both masks on another grid, each of whose voxels is taken from a place that may lie beyond the masks. */
function regrid(
  pair: RandomPair,
  shape: number[],
  spacing: number[],
  place: (indices: number[]) => number[],
): RandomPair {
  const mask = (values: Uint8Array) =>
    Uint8Array.from({ length: lengthOf(shape) }, (_, at) => valueAt(values, place(indicesOf(at, shape)), pair.shape));
  return { shape, spacing, reference: mask(pair.reference), prediction: mask(pair.prediction) };
}

describe.each(GROUPS)("$name", ({ of, ranges, same, swapped, withBackground, lengths, direction, slices }) => {
  const check = (property: (pair: RandomPair) => void) => fc.assert(fc.property(randomPair, property));

  it("stays within its range", () => {
    check((pair) => {
      for (const [name, value] of Object.entries(of(pair))) {
        if (value === null) continue;
        const [least, most] = ranges?.[name] ?? [0, 1];
        expect(value, name).toBeGreaterThanOrEqual(least);
        expect(value, name).toBeLessThanOrEqual(most);
      }
    });
  });

  it("is best for a mask and itself", () => {
    check((pair) => {
      for (const [name, value] of Object.entries(of({ ...pair, prediction: pair.reference }))) {
        if (value !== null && !COUNTED.slice(0, 3).includes(name)) expectClose(value, same?.[name] ?? 1, name);
      }
    });
  });

  it("is the same, or its partner, where the masks change places", () => {
    check((pair) => {
      const [there, back] = [of(pair), of({ ...pair, reference: pair.prediction, prediction: pair.reference })];
      for (const [name, value] of Object.entries(there)) {
        const partner = swapped?.[name] === undefined ? name : swapped[name];
        if (partner !== null) expectClose(back[partner], value, name);
      }
    });
  });

  if (direction === undefined) {
    it("does not change in a mirror", () => {
      const mirrored = fc.tuple(randomPair, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }));
      fc.assert(
        fc.property(mirrored, ([pair, turned]) => {
          const { shape, spacing } = pair;
          const mirror = regrid(pair, shape, spacing, (indices) =>
            indices.map((index, axis) => (turned[axis] ? shape[axis] - 1 - index : index)),
          );
          const image = of(mirror);
          for (const [name, value] of Object.entries(of(pair))) expectClose(image[name], value, name);
        }),
      );
    });

    it("does not depend on the order of the axes", () => {
      check((pair) => {
        const shape = [...pair.shape].reverse();
        const spacing = [...pair.spacing].reverse();
        const transposed = of(regrid(pair, shape, spacing, (indices) => [...indices].reverse()));
        // A tolerance that is a multiple of another axis's spacing is another tolerance.
        const other = pair.spacing[0] !== spacing[0];
        for (const [name, value] of Object.entries(of(pair))) {
          if (!(other && /nsd|overlapOf/.test(name))) expectClose(transposed[name], value, name);
        }
      });
    });
  }

  it("does not change in an image with an empty margin, but for the background", () => {
    check((pair) => {
      const before = pair.shape.map((extent, axis) => (extent === 1 && slices ? 0 : axis + 1));
      const grown = pair.shape.map((extent, axis) => extent + 2 * before[axis]);
      const padded = of(
        regrid(pair, grown, [...pair.spacing], (indices) => indices.map((index, axis) => index - before[axis])),
      );
      for (const [name, value] of Object.entries(of(pair))) {
        if (!withBackground?.includes(name)) expectClose(padded[name], value, name);
      }
    });
  });

  it("grows with the unit of length by its power", () => {
    const scaled = fc.tuple(randomPair, fc.constantFrom(0.1, 2, 25.4));
    fc.assert(
      fc.property(scaled, ([pair, unit]) => {
        const larger = of({ ...pair, spacing: pair.spacing.map((step) => unit * step) });
        for (const [name, value] of Object.entries(of(pair))) {
          const factor = unit ** (lengths?.[name]?.(pair.shape.length) ?? 0);
          expectClose(larger[name] === null ? null : larger[name] / factor, value, name);
        }
      }),
    );
  });
});
