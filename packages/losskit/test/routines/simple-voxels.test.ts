import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNeighbourhood, isEnd, isSimple } from "../../src/routines/simple-voxels.js";
import { middleOf, topology } from "./topology.js";

const blockOf = (pattern: number) => Array.from({ length: 27 }, (_, i) => (pattern >>> i) & 1);
const MIDDLE = 1 << 13;
const patterns = fc
  .tuple(fc.nat(2 ** 27 - 1), fc.nat(2 ** 27 - 1), fc.nat(2))
  .map(([a, b, kind]) => (kind === 0 ? a & b : kind === 1 ? a : a | b) | MIDDLE);

describe("isSimple", () => {
  it("is what counting the pieces of the block says, in volumes", () => {
    fc.assert(
      fc.property(patterns, (pattern) => {
        expect(isSimple(pattern)).toBe(middleOf(blockOf(pattern)).simple);
        expect(isSimple(pattern ^ MIDDLE)).toBe(isSimple(pattern));
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps the topology in every slice of 3 × 3, and says no only where removing changes it", () => {
    for (let ring = 0; ring < 256; ring++) {
      // Bits 9 to 17 are the middle slice, 13 its middle.
      const pattern = MIDDLE | ((ring & 15) << 9) | ((ring >> 4) << 14);
      const slice = blockOf(pattern).slice(9, 18);
      const without = slice.map((value, i) => (i === 4 ? 0 : value));
      const [before, after] = [slice, without].map((mask) => topology(mask, [3, 3]));
      // Where the ring is whole but for corners, a voxel may join its ends into nothing seen in 3 × 3: it must see the outside, too.
      expect(isSimple(pattern), slice.join("")).toBe(JSON.stringify(before) === JSON.stringify(after));
    }
  });
});

describe("isEnd", () => {
  it("has one neighbour", () => {
    fc.assert(
      fc.property(patterns, (pattern) => {
        expect(isEnd(pattern)).toBe(middleOf(blockOf(pattern)).neighbours === 1);
      }),
    );
    for (let i = 0; i < 27; i++) expect(isEnd(MIDDLE | (1 << i))).toBe(i !== 13);
  });
});

it("lists the steps of the neighbourhood row by row", () => {
  expect([...createNeighbourhood(10, 100)].slice(9, 18)).toEqual([-11, -10, -9, -1, 0, 1, 9, 10, 11]);
  expect(createNeighbourhood(10, 100)[0]).toBe(-111);
});
