import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { distancesTo, signedDistance } from "../../src/routines/distance-transform.js";
import { coordinates, largestDifference, masks } from "./grids.js";

/** Every pair of voxels. */
function bruteForce(mask: ArrayLike<number>, space: readonly number[], spacing: readonly number[]): number[] {
  const points = coordinates(space);
  return points.map((a) => {
    const distances = points.flatMap((b, j) =>
      mask[j] > 0.5 ? [Math.hypot(...a.map((x, axis) => (x - b[axis]) * spacing[axis]))] : [],
    );
    return distances.length ? Math.min(...distances) : 0;
  });
}

const near = (actual: ArrayLike<number>, expected: ArrayLike<number>, bound = 1e-12) =>
  expect(largestDifference(actual, expected)).toBeLessThanOrEqual(bound);

describe("distancesTo", () => {
  it("is the distance to the nearest voxel of the mask, with any spacing", () => {
    fc.assert(
      fc.property(masks, ({ values, space, spacing }) => {
        near(distancesTo(values, space, spacing), bruteForce(values, space, spacing));
      }),
      { numRuns: 300 },
    );
  });

  it("is exact with unit spacing: the square root of a whole number", () => {
    const mask = new Uint8Array(61 * 47);
    for (const at of [5, 300, 1441, 2866]) mask[at] = 1;
    const expected = coordinates([61, 47]).map(([y, x]) =>
      Math.sqrt(Math.min(...[5, 300, 1441, 2866].map((at) => (y - Math.floor(at / 47)) ** 2 + (x - (at % 47)) ** 2))),
    );
    expect([...distancesTo(mask, [61, 47], [1, 1])]).toEqual(expected);
  });

  it("reads a probability above one half as mask", () => {
    expect([...distancesTo([0.5, 0.2, 0.51], [3], [2])]).toEqual([4, 2, 0]);
  });

  it("is 0 everywhere for a mask without a voxel, and for a full one", () => {
    expect([...distancesTo([0, 0, 0, 0], [2, 2], [1, 3])]).toEqual([0, 0, 0, 0]);
    expect([...distancesTo([1, 1, 1, 1], [2, 2], [1, 3])]).toEqual([0, 0, 0, 0]);
    expect([...distancesTo([0], [1], [1])]).toEqual([0]);
  });

  it("keeps its digits with tiny and huge spacings", () => {
    near(distancesTo([1, 0, 0], [3], [1e-200]), [0, 1e-200, 2e-200], 1e-212);
    expect([...distancesTo([1, 0, 0], [3], [1e200])]).toEqual([0, 1e200, 2e200]);
  });

  it.each([
    [[1, 0, 0], [2, 2], [1, 1], "ARRAY"],
    [[1, 0, 0], [3, 1, 1, 1], [1, 1, 1, 1], "SHAPE"],
    [[1, 0, 0], [1.5, 2], [1, 1], "SHAPE"],
    [[1, 0, 0], [], [], "SHAPE"],
    [[1, 0, 0], [3], [0], "OPTION"],
    [[1, 0, 0], [3], [Number.NaN], "OPTION"],
    [[1, 0, 0], [3], [1, 1], "OPTION"],
    [[1, 0, 0], [3, 1], [1, 1e101], "OPTION"],
  ])("refuses %j on [%j] with spacing [%j]", (mask, space, spacing, code) => {
    expect(() => distancesTo(mask, space, spacing)).toThrow(expect.objectContaining({ code }));
  });
});

describe("signedDistance", () => {
  it("is positive outside, 0 on the inner border and negative deeper inside", () => {
    expect([...signedDistance([0, 0, 1, 1, 1, 1, 1, 0], [8], [1])]).toEqual([2, 1, 0, -1, -2, -1, 0, 1]);
    expect([...signedDistance([0, 0, 1, 1, 1, 1, 1, 0], [8], [0.5])]).toEqual([1, 0.5, 0, -0.5, -1, -0.5, 0, 0.5]);
  });

  it("takes the smallest spacing for the inner border, of the axes that have neighbours", () => {
    const column = [0, 1, 1, 0];
    expect([...signedDistance(column, [4, 1], [3, 1])]).toEqual([3, 0, 0, 3]);
    // Rows 3 apart, columns 1 apart; the outside is the first row only.
    expect([...signedDistance([0, 0, 1, 1], [2, 2], [3, 1])]).toEqual([3, 3, -2, -2]);
  });

  it("is the distance to the mask outside, and never positive inside", () => {
    fc.assert(
      fc.property(masks, ({ values, space, spacing }) => {
        const field = signedDistance(values, space, spacing);
        const outside = values.map((value) => 1 - value);
        const [toMask, toOutside] = [values, outside].map((mask) => bruteForce(mask, space, spacing));
        const step = Math.min(...spacing.filter((_, axis) => space[axis] > 1));
        const one = new Set(values).size < 2;
        near(
          field,
          toMask.map((d, i) => (one ? 0 : values[i] ? step - toOutside[i] : d)),
        );
        for (let i = 0; i < field.length; i++) if (values[i]) expect(field[i]).toBeLessThanOrEqual(0);
      }),
      { numRuns: 200 },
    );
  });

  it("is 0 everywhere for an empty and for a full mask", () => {
    expect([...signedDistance([0, 0, 0, 0], [2, 2], [1, 1])]).toEqual([0, 0, 0, 0]);
    expect([...signedDistance([1, 1, 1, 1], [2, 2], [1, 1])]).toEqual([0, 0, 0, 0]);
    expect([...signedDistance([1], [1], [1])]).toEqual([0]);
  });
});

const peers = sharedPath("golden/peers.json");

describe.skipIf(!peers)("against numbers of other libraries", () => {
  interface BoundaryCase {
    readonly loss: string;
    readonly case: string;
    readonly params: { readonly bound: readonly number[]; readonly bound_shape: readonly number[] };
    readonly targets: readonly number[];
  }
  const text = peers ? readFileSync(peers, "utf8") : '{"cases":[]}';
  const cases = (JSON.parse(text).cases as BoundaryCase[]).filter((golden) => golden.loss === "segloss.BDLoss");

  it("gives the signed distance maps that the boundary loss was computed with", () => {
    expect(cases.length).toBeGreaterThanOrEqual(4);
    for (const golden of cases) {
      const [batch, classes, ...space] = golden.params.bound_shape;
      const voxels = space.reduce((a, b) => a * b, 1);
      for (let image = 0; image < batch; image++) {
        const labels = golden.targets.slice(image * voxels, (image + 1) * voxels);
        for (let label = 1; label < classes; label++) {
          const start = (image * classes + label) * voxels;
          const mask = labels.map((value) => (value === label ? 1 : 0));
          near(signedDistance(mask, space, [1, 1, 1]), golden.params.bound.slice(start, start + voxels));
        }
      }
    }
  });
});
