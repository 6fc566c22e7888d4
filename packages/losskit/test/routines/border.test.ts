import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { border } from "../../src/routines/border.js";
import { coordinates, masks } from "./grids.js";

describe("border", () => {
  it("is the mask minus its erosion by the cross, with background beyond the edge", () => {
    fc.assert(
      fc.property(masks, ({ values, space }) => {
        const points = coordinates(space);
        const inside = new Set(points.filter((_, i) => values[i] > 0.5).map(String));
        const expected = points.map((point) => {
          if (!inside.has(String(point))) return 0;
          const neighbours = point.flatMap((_, axis) =>
            [-1, 1].map((by) => point.map((x, other) => (other === axis ? x + by : x))),
          );
          return neighbours.every((neighbour) => inside.has(String(neighbour))) ? 0 : 1;
        });
        expect([...border(values, space)]).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("does not count a voxel that touches the outside by a corner only", () => {
    const mask = new Uint8Array(25).fill(1);
    mask[0] = 0;
    expect(border(mask, [5, 5])[6]).toBe(0);
    expect(border(mask, [5, 5])[12]).toBe(0);
    expect(border(mask, [5, 5])[4]).toBe(1);
  });

  it("is nothing of an empty mask and all of one voxel", () => {
    expect([...border([0, 0, 0], [3])]).toEqual([0, 0, 0]);
    expect([...border([1], [1])]).toEqual([1]);
    expect([...border([0, 1, 0], [3])]).toEqual([0, 1, 0]);
  });

  it("refuses a mask that does not fit the space", () => {
    expect(() => border([0, 1], [3])).toThrow("the array holds 2 voxels; a space of [3] has 3");
  });
});
