import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Connectivity, components } from "../../src/routines/components.js";
import { box, cross, masks, neighbourhoods } from "./grids.js";

/** Spreads the smallest index through each component until nothing changes, then numbers the smallest indices in order. */
function bySpreading(mask: Float64Array, space: readonly number[], connectivity: Connectivity): number[] {
  const around = neighbourhoods(space, connectivity === "full" ? box : cross);
  let smallest = [...mask].map((value, i) => (value ? i : -1));
  for (let changed = true; changed; ) {
    const next = smallest.map((own, i) =>
      own < 0 ? -1 : Math.min(...around[i].map((j) => smallest[j]).filter((index) => index >= 0)),
    );
    changed = next.some((value, i) => value !== smallest[i]);
    smallest = next;
  }
  const firsts = [...new Set(smallest.filter((index) => index >= 0))].sort((a, b) => a - b);
  return smallest.map((index) => firsts.indexOf(index) + 1);
}

describe("components", () => {
  it.each(["full", "faces"] as const)("numbers components in raster order, connectivity %s", (connectivity) => {
    fc.assert(
      fc.property(masks, ({ values, space }) => {
        expect([...components(values, space, connectivity)]).toEqual(bySpreading(values, space, connectivity));
      }),
      { numRuns: 200 },
    );
  });

  it("joins corners by default and not with faces only", () => {
    const diagonal = [1, 0, 0, 1];
    expect([...components(diagonal, [2, 2])]).toEqual([1, 0, 0, 1]);
    expect([...components(diagonal, [2, 2], "faces")]).toEqual([1, 0, 0, 2]);
    expect([...components([1, 0, 0, 0, 0, 0, 0, 1], [2, 2, 2])]).toEqual([1, 0, 0, 0, 0, 0, 0, 1]);
  });

  it("does not join the end of a row to the start of the next", () => {
    expect([...components([0, 0, 1, 0, 0, 0, 1, 0, 0], [3, 3])]).toEqual([0, 0, 1, 0, 0, 0, 2, 0, 0]);
  });

  it("follows a component that winds through the whole image", () => {
    // A path through all of 400 rows: recursion would overflow the stack.
    const mask = Uint8Array.from({ length: 400 * 400 }, (_, i) => {
      const [y, x] = [Math.floor(i / 400), i % 400];
      return y % 4 === 0 || x === (y % 8 < 4 ? 399 : 0) ? 1 : 0;
    });
    const numbers = components(mask, [400, 400]);
    expect(numbers.includes(2)).toBe(false);
    expect(numbers.every((number, i) => number === mask[i])).toBe(true);
  });

  it("gives nothing for an empty mask, one for a full mask and for one voxel", () => {
    expect([...components([0, 0, 0, 0], [4])]).toEqual([0, 0, 0, 0]);
    expect([...components([1, 1, 1, 1], [2, 2])]).toEqual([1, 1, 1, 1]);
    expect([...components([1], [1, 1, 1])]).toEqual([1]);
  });
});
