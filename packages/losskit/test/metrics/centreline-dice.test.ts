import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { centrelineDice } from "../../src/metrics/index.js";

const WIDTH = 16;
const shape = [9, WIDTH];
/** A bar from one column to before another, over the rows from `top` to `bottom`. */
const bar = (from: number, to: number, top = 4, bottom = 4) =>
  Uint8Array.from({ length: 9 * WIDTH }, (_, i) => {
    const [row, column] = [Math.floor(i / WIDTH), i % WIDTH];
    return row >= top && row <= bottom && column >= from && column < to ? 1 : 0;
  });

describe("centrelineDice", () => {
  it("is the harmonic mean of the shares of the skeletons inside the other mask", () => {
    // A line is its own skeleton: all of the prediction lies on it, and 6 of its 10 voxels are found.
    expect(centrelineDice(bar(2, 12), bar(2, 8), { shape })).toEqual({
      value: (2 * 1 * 0.6) / 1.6,
      topologyPrecision: 1,
      topologySensitivity: 0.6,
      skeleton: "thinning",
    });
  });

  it("does not mind how thick a tube is, where Dice does", () => {
    const { value, topologySensitivity } = centrelineDice(bar(2, 13, 3, 5), bar(2, 13), { shape });
    expect(topologySensitivity).toBe(1);
    expect(value).toBe(1);
  });

  it("minds a gap, by the skeleton that is lost", () => {
    const gap = bar(2, 13, 3, 5).map((inside, i) => (i % WIDTH === 7 ? 0 : inside));
    const { topologyPrecision, topologySensitivity } = centrelineDice(bar(2, 13, 3, 5), gap, { shape });
    expect(topologyPrecision).toBe(1);
    expect(topologySensitivity).toBeLessThan(1);
    expect(topologySensitivity).toBeGreaterThan(0.8);
  });

  it("takes one label, and works in a volume", () => {
    const both = bar(2, 12).map((inside, i) => (inside ? 1 : i < WIDTH ? 2 : 0));
    expect(centrelineDice(both, bar(2, 8), { shape, label: 1 }).topologySensitivity).toBe(0.6);
    const volume = (to: number) =>
      Uint8Array.from({ length: 7 * 5 * 5 }, (_, i) => (i % 25 === 12 && i < 25 * to ? 1 : 0));
    expect(centrelineDice(volume(7), volume(4), { shape: [7, 5, 5] }).topologySensitivity).toBe(4 / 7);
  });

  it("is 0 where one mask is empty and null where both are", () => {
    const none = bar(0, 0);
    expect(centrelineDice(none, none, { shape })).toMatchObject({ value: null, topologyPrecision: null });
    expect(centrelineDice(bar(2, 5), none, { shape })).toMatchObject({
      value: 0,
      topologyPrecision: null,
      topologySensitivity: 0,
    });
    expect(centrelineDice(none, bar(2, 5), { shape })).toMatchObject({ value: 0, topologyPrecision: 0 });
    expect(centrelineDice(bar(0, 5), bar(8, 12), { shape }).value).toBe(0);
  });

  it("is 1 of a mask with itself, the same with the maps swapped, and moves with them", () => {
    const mask = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 30, maxLength: 30 });
    const moved = (map: number[]) =>
      Uint8Array.from({ length: 8 * 9 }, (_, i) => {
        const [row, column] = [Math.floor(i / 9) - 2, (i % 9) - 1];
        return row >= 0 && row < 5 && column >= 0 && column < 6 ? map[6 * row + column] : 0;
      });
    fc.assert(
      fc.property(mask, mask, (first, second) => {
        const there = centrelineDice(first, second, { shape: [5, 6] });
        expect(centrelineDice(second, first, { shape: [5, 6] }).value).toBe(there.value);
        expect(centrelineDice(moved(first), moved(second), { shape: [8, 9] })).toEqual(there);
        expect(centrelineDice(first, first, { shape: [5, 6] }).value).toBe(first.includes(1) ? 1 : null);
      }),
    );
  });

  it("refuses arrays that do not fit", () => {
    expect(() => centrelineDice([1], [1], { shape: [2] })).toThrow(expect.objectContaining({ code: "ARRAY" }));
  });
});
