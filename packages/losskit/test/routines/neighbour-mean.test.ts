import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { gaussianMean, neighbourMean } from "../../src/routines/neighbour-mean.js";
import { box, coordinates, distinct, dot, images, largestDifference, neighbourhoods, product } from "./grids.js";

const real = fc.double({ min: -3, max: 3, noNaN: true });

describe("neighbourMean", () => {
  it("is the sum over the box, over 3^axes at the edge too", () => {
    fc.assert(
      fc.property(images(real), ({ values, space }) => {
        const expected = neighbourhoods(space, box).map(
          (around) => around.reduce((sum, j) => sum + values[j], 0) / 3 ** space.length,
        );
        expect(largestDifference(neighbourMean(values, space), expected)).toBeLessThanOrEqual(1e-14);
      }),
    );
  });

  it("counts what lies beyond the edge as 0", () => {
    expect([...neighbourMean(Float64Array.of(3, 3, 3), [3])]).toEqual([2, 3, 2]);
    expect([...neighbourMean(Float64Array.of(27), [1, 1, 1])]).toEqual([1]);
  });
});

/** Integral of the Gaussian over the voxel at a distance, by Simpson's rule. */
function voxelIntegral(distance: number, sigma: number): number {
  const steps = 2000;
  const density = (x: number) => Math.exp(-(x * x) / (2 * sigma * sigma)) / (sigma * Math.sqrt(2 * Math.PI));
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * density(distance - 0.5 + i / steps);
  }
  return sum / (3 * steps);
}

describe("gaussianMean", () => {
  it("weighs with the integrals of the Gaussian over voxels, up to 4 sigma", () => {
    fc.assert(
      fc.property(images(real), fc.constantFrom(0.3, 0.5, 0.8, 1, 1.7), ({ values, space }, sigma) => {
        const reach = Math.floor(Math.max(4 * sigma, 0.5) + 0.5);
        const kernel = Array.from({ length: 7 }, (_, k) => (k <= reach ? voxelIntegral(k, sigma) : 0));
        const points = coordinates(space);
        const expected = points.map((a) =>
          points.reduce((sum, b, j) => sum + values[j] * product(a.map((x, axis) => kernel[Math.abs(x - b[axis])])), 0),
        );
        expect(largestDifference(gaussianMean(values, space, sigma), expected)).toBeLessThanOrEqual(1e-10);
      }),
      { numRuns: 60 },
    );
  });

  it("has at sigma 1 the 9 weights of the normal distribution's table, ending at 4 sigma", () => {
    const impulse = new Float64Array(13);
    impulse[6] = 1;
    const kernel = gaussianMean(impulse, [13], 1);
    // Φ(0.5) - Φ(-0.5), Φ(1.5) - Φ(0.5), …, Φ(4.5) - Φ(3.5).
    const table = [0.382924922548, 0.241730337457, 0.060597535943, 0.005977036247, 0.000229231408];
    table.forEach((weight, k) => {
      expect(Math.abs(kernel[6 + k] - weight)).toBeLessThan(1e-11);
      expect(kernel[6 - k]).toBe(kernel[6 + k]);
    });
    expect([kernel[1], kernel[11]]).toEqual([0, 0]);
  });

  it("leaves the image alone for a tiny sigma, and takes no longer for a huge one", () => {
    const values = distinct(12, 1);
    expect(gaussianMean(values, [3, 4], 1e-9)).toEqual(values);
    const flat = gaussianMean(values, [3, 4], 1e9);
    // Of so wide a Gaussian every voxel has the density of its middle.
    const density = 1 / (1e9 * Math.sqrt(2 * Math.PI));
    const sum = values.reduce((a, b) => a + b);
    for (const value of flat) expect(value / (sum * density ** 2)).toBeCloseTo(1, 6);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses the sigma %d", (sigma) => {
    expect(() => gaussianMean(new Float64Array(4), [2, 2], sigma)).toThrow(
      expect.objectContaining({
        code: "PARAMETER",
        message: `gaussian_mean got the sigma ${sigma}; it takes a number of voxels above 0`,
      }),
    );
  });
});

it.each([
  ["neighbourMean", neighbourMean],
  ["gaussianMean", (values: Float64Array, space: readonly number[]) => gaussianMean(values, space, 0.9)],
] as const)("%s is its own product: cotangent · f(values) = f(cotangent) · values", (_, filter) => {
  fc.assert(
    fc.property(images(real), ({ values, space }) => {
      const cotangent = distinct(values.length, 3);
      const there = dot(cotangent, filter(values, space));
      expect(Math.abs(there - dot(filter(cotangent, space), values))).toBeLessThanOrEqual(1e-12 * values.length);
    }),
  );
});

const peers = sharedPath("golden/peers.json");

describe.skipIf(!peers)("against numbers of other libraries", () => {
  interface NaclCase {
    readonly loss: string;
    readonly case: string;
    readonly shape: readonly number[];
    readonly params: {
      readonly kernel_ops: string;
      readonly distance_type: string;
      readonly alpha: number;
      readonly sigma: number;
    };
    readonly logits: readonly number[];
    readonly targets: readonly number[];
    readonly value: number;
  }
  const text = peers ? readFileSync(peers, "utf8") : '{"cases":[]}';
  const cases = (JSON.parse(text).cases as NaclCase[]).filter((golden) => golden.loss === "monai.NACLLoss");

  it.each(cases)("gives MONAI's NACL loss, case $case", (golden) => {
    const [batch, channels, ...space] = golden.shape;
    const { kernel_ops: kernel, distance_type: distanceType, alpha, sigma } = golden.params;
    const voxels = product(space);
    let [entropy, penalty] = [0, 0];
    for (let image = 0; image < batch; image++) {
      const labels = golden.targets.slice(image * voxels, (image + 1) * voxels);
      const logit = (c: number, v: number) => golden.logits[(image * channels + c) * voxels + v];
      labels.forEach((label, v) => {
        const exponentials = Array.from({ length: channels }, (_, c) => Math.exp(logit(c, v)));
        entropy += Math.log(exponentials.reduce((a, b) => a + b)) - logit(label, v);
      });
      for (let c = 0; c < channels; c++) {
        const mask = Float64Array.from(labels, (label) => Number(label === c));
        const soft = kernel === "mean" ? neighbourMean(mask, space) : gaussianMean(mask, space, sigma);
        soft.forEach((u, v) => {
          penalty += distanceType === "l1" ? Math.abs(u - logit(c, v)) : (u - logit(c, v)) ** 2;
        });
      }
    }
    const value = entropy / (batch * voxels) + (alpha * penalty) / (batch * channels * voxels);
    // MONAI makes its kernels in float32, whatever the logits.
    expect(Math.abs(value - golden.value)).toBeLessThanOrEqual(1e-8);
  });
});
