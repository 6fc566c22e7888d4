import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dilation } from "../../src/routines/dilation.js";
import { cross, masks, neighbourhoods } from "./grids.js";

describe("dilation", () => {
  it("is the maximum over the cross, iteration after iteration", () => {
    fc.assert(
      fc.property(masks, fc.nat(5), ({ values, space }, iterations) => {
        const around = neighbourhoods(space, cross);
        let expected = [...values];
        for (let i = 0; i < iterations; i++) {
          const before = expected;
          expected = around.map((voxels) => Math.max(...voxels.map((j) => before[j])));
        }
        expect([...dilation(values, space, iterations)]).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("makes a voxel a diamond", () => {
    const mask = new Uint8Array(25);
    mask[12] = 1;
    const rows = ["00100", "01110", "11111", "01110", "00100"];
    expect([...dilation(mask, [5, 5], 2)]).toEqual(Array.from(rows.join(""), Number));
  });

  it("fills an image with any mask, and keeps an empty one empty, however many the iterations", () => {
    expect([...dilation([0, 0, 1, 0], [4], 1e15)]).toEqual([1, 1, 1, 1]);
    expect([...dilation([0, 0, 0.5, 0], [2, 2], 1e15)]).toEqual([0, 0, 0, 0]);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d iterations", (iterations) => {
    expect(() => dilation([1, 0], [2], iterations)).toThrow(
      expect.objectContaining({
        code: "PARAMETER",
        message: `dilation got ${iterations} iterations; it takes a whole number from 0`,
      }),
    );
  });
});
