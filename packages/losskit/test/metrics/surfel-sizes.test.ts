import { describe, expect, it } from "vitest";
import { surfaceDistances } from "../../src/metrics/index.js";
import { surfelSizes } from "../../src/metrics/surfel-sizes.js";

/** Total size of the surface of a box of voxels within an image that it fills. */
function sizeOfBox(shape: number[], spacing: number[]): number {
  const box = new Uint8Array(shape.reduce((product, extent) => product * extent, 1)).fill(1);
  const { sizes } = surfaceDistances(box, box, { shape, spacing, border: "surfels" }).referenceToPrediction;
  return (sizes as Float64Array).reduce((sum, size) => sum + size, 0);
}

/** By spacing: the sums of the areas, and of the areas times the code and times its square, of the 256 codes. */
const SUMS_OF_SURFACE_DISTANCE: readonly (readonly [spacing: number[], sums: number[]])[] = [
  [
    [1, 1, 1],
    [241.34313970553737, 30771.250312456024, 5101347.1814056635],
  ],
  [
    [3, 1, 0.75],
    [521.3754634569276, 66475.37159075821, 11128757.791303087],
  ],
  [
    [0.5, 2, 0.8],
    [261.9751266916349, 33401.82865318348, 5504072.779308199],
  ],
];

describe("surfelSizes", () => {
  it("gives a box its faces, its cut edges and its cut corners", () => {
    // Between the centres of the outermost voxels lie the faces; edges are cut from half a step before them to half a step beside.
    for (const shape of [
      [1, 1, 1],
      [2, 3, 4],
      [5, 1, 2],
    ]) {
      const [z, y, x] = [3, 0.5, 1.25];
      const [depth, height, width] = [(shape[0] - 1) * z, (shape[1] - 1) * y, (shape[2] - 1) * x];
      const faces = 2 * (height * width + depth * width + depth * height);
      const edges = 4 * (depth * Math.hypot(y, x) + height * Math.hypot(z, x) + width * Math.hypot(z, y));
      const corners = Math.hypot(y * x, z * x, z * y);
      expect(sizeOfBox(shape, [z, y, x])).toBeCloseTo(faces + edges / 2 + corners, 12);
    }
  });

  it("gives a rectangle its sides and its cut corners, and an interval its two ends", () => {
    expect(sizeOfBox([3, 5], [2, 0.5])).toBeCloseTo(2 * (2 * 2 + 4 * 0.5) + 2 * Math.hypot(2, 0.5), 12);
    expect(sizeOfBox([1, 1], [1, 1])).toBeCloseTo(4 * Math.SQRT1_2, 12);
    expect(sizeOfBox([7], [3])).toBe(2);
  });

  it("is 0 where all are in or all are out, and only there", () => {
    const sizes = surfelSizes(3, [1, 2, 3]);
    expect(Array.from(sizes.keys()).filter((code) => sizes[code] === 0)).toEqual([0, 255]);
  });

  it("is the same where inside and outside are exchanged", () => {
    const sizes = surfelSizes(3, [1, 1.5, 2.5]);
    for (const [code, size] of sizes.entries()) expect(size).toBeCloseTo(sizes[255 - code], 12);
  });

  it("has the areas of the surface-distance package in all codes", () => {
    // Computed by its own code (commit 1f805ce), with codes in our order of bits.
    const sums = (spacing: number[]) => {
      const sizes = surfelSizes(3, spacing);
      return [0, 1, 2].map((power) => sizes.reduce((sum, size, code) => sum + size * code ** power, 0));
    };
    for (const [spacing, expected] of SUMS_OF_SURFACE_DISTANCE) {
      sums(spacing).forEach((sum, power) => {
        expect(Math.abs(sum / expected[power] - 1)).toBeLessThan(1e-12);
      });
    }
  });
});
