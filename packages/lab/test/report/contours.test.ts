// Outlines of two masks: where they are drawn, and in which colour.

import { describe, expect, test } from "vitest";
import { cropToStructure, OUTLINES, paintOutlines, type Slice } from "../../src/report/contours.js";

const slice = (rows: readonly string[], image?: Uint8Array): Slice => {
  const cells = rows.join("").split("");
  return {
    width: rows[0]!.length,
    height: rows.length,
    reference: Uint8Array.from(cells, (cell) => (cell === "r" || cell === "b" ? 1 : 0)),
    prediction: Uint8Array.from(cells, (cell) => (cell === "p" || cell === "b" ? 1 : 0)),
    ...(image && { image }),
    pixelAspect: 1,
  };
};

const colourAt = ({ data, width }: ReturnType<typeof paintOutlines>, x: number, y: number) => [
  ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3),
];

describe("outlines", () => {
  test("run along the inner side of a mask, and leave its middle to the image", () => {
    const painted = paintOutlines(slice(["....", ".rp.", "...."], new Uint8Array(12).fill(77)));
    // 480 pixels for the longest side of 4.
    expect(painted).toMatchObject({ width: 480, height: 360, channels: 4 });
    expect(colourAt(painted, 180, 180)).toEqual([77, 77, 77]);
    expect(colourAt(painted, 121, 180)).toEqual([...OUTLINES.reference.colour]);
    expect(colourAt(painted, 358, 180)).toEqual([...OUTLINES.prediction.colour]);
    expect(colourAt(painted, 118, 180)).toEqual([77, 77, 77]);
  });

  test("of both masks at one place have a colour of their own", () => {
    const painted = paintOutlines(slice(["b"]));
    expect(colourAt(painted, 0, 0)).toEqual([...OUTLINES.both.colour]);
  });

  test("without an image masks are filled faintly, and outside is dark", () => {
    const painted = paintOutlines(slice(["...", ".b.", "..."]));
    const [outside, middle] = [colourAt(painted, 10, 10), colourAt(painted, 240, 240)];
    expect(outside[0]).toBeLessThan(40);
    expect(middle[0]).toBeGreaterThan(outside[0]!);
    expect(middle).not.toEqual([...OUTLINES.both.colour]);
  });

  test("of a large slice survive shrinking", () => {
    const side = 1000;
    const reference = new Uint8Array(side * side);
    reference[501 * side + 501] = 1;
    const painted = paintOutlines({
      width: side,
      height: side,
      reference,
      prediction: new Uint8Array(side * side),
      pixelAspect: 1,
    });
    expect(painted.width).toBeLessThanOrEqual(480);
    const marked = painted.data.filter((value, i) => i % 4 === 0 && value === OUTLINES.reference.colour[0]);
    expect(marked).toHaveLength(1);
  });
});

describe("cropping", () => {
  test("keeps a margin around both masks, and every array in step", () => {
    const side = 40;
    const at = (y: number, x: number) => y * side + x;
    const [reference, prediction] = [new Uint8Array(side * side), new Uint8Array(side * side)];
    reference[at(20, 10)] = 1;
    prediction[at(22, 30)] = 1;
    const image = Uint8Array.from({ length: side * side }, (_, i) => i % 251);
    const cropped = cropToStructure({ width: side, height: side, reference, prediction, image, pixelAspect: 2 });
    // The farther side is 20 long; the margin is at least 6.
    expect(cropped).toMatchObject({ width: 33, height: 15, pixelAspect: 2 });
    const found = cropped.reference.indexOf(1);
    expect(cropped.image![found]).toBe(at(20, 10) % 251);
    expect(cropped.prediction.indexOf(1) - found).toBe(2 * 33 + 20);
  });

  test("stops at the border of the image, and leaves an empty slice whole", () => {
    const small = slice(["r..", "...", "..."]);
    expect(cropToStructure(small)).toMatchObject({ width: 3, height: 3 });
    const empty = slice(["...", "..."]);
    expect(cropToStructure(empty)).toBe(empty);
  });
});
