import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normaliseIntensities } from "../../src/datasets/normalise.js";
import { failure } from "./dataset-folder.js";

const moments = (values: readonly number[]) => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
};

describe("normalising intensities", () => {
  test("each channel gets mean 0 and deviation 1 of its own", () => {
    const out = normaliseIntensities([1, 2, 3, 4, 100, 300, 100, 300], 2);
    const outer = 3 / Math.sqrt(5);
    [-outer, -outer / 3, outer / 3, outer, -1, 1, -1, 1].forEach((z, i) => void expect(out[i]).toBeCloseTo(z, 6));
  });

  test("a constant channel is zeros, also where its mean is not exact", () => {
    expect([...normaliseIntensities(Array(1001).fill(0.1), 1)]).toEqual(Array(1001).fill(0));
    expect([...normaliseIntensities([5, 5, 1, 2], 2).slice(0, 2)]).toEqual([0, 0]);
  });

  test("with a region its voxels alone set the scale, and the others are on the same scale", () => {
    const out = normaliseIntensities([1, 3, 7, 1000], 1, Uint8Array.from([1, 1, 0, 0]));
    expect([...out]).toEqual([-1, 1, 5, 998]);
  });

  test("a region that is empty or constant gives zeros", () => {
    expect([...normaliseIntensities([1, 2, 3], 1, new Uint8Array(3))]).toEqual([0, 0, 0]);
    expect([...normaliseIntensities([4, 4, 9], 1, Uint8Array.from([1, 1, 0]))]).toEqual([0, 0, 0]);
  });

  test("a no-data value outside the region stays finite and leaves the region as it is", () => {
    const out = normaliseIntensities(Float32Array.from([1, 3, -3.4e38]), 1, Uint8Array.from([1, 1, 0]));
    expect([...out]).toEqual([-1, 1, -1000]);
  });

  test("property: any finite image gives finite values, of mean 0 and deviation 1 unless constant", () => {
    const pixel = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(pixel, { minLength: 2, maxLength: 40 }), (image) => {
        const out = [...normaliseIntensities(Float32Array.from(image), 1)];
        const { mean, deviation } = moments(out);
        expect(mean).toBeCloseTo(0, 5);
        expect(deviation).toBeCloseTo(image.every((v) => v === image[0]) ? 0 : 1, 5);
      }),
    );
  });

  test("property: brightness and contrast of the file make no difference", () => {
    const pixels = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 30 });
    fc.assert(
      fc.property(
        pixels,
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: -1000, max: 1000 }),
        (image, gain, offset) => {
          const changed = normaliseIntensities(
            image.map((v) => gain * v + offset),
            1,
          );
          normaliseIntensities(image, 1).forEach((z, i) => void expect(changed[i]).toBeCloseTo(z, 4));
        },
      ),
    );
  });

  test("NaN, infinity and lengths that do not fit are refused", async () => {
    expect(await failure("BAD_DATASET", () => normaliseIntensities([1, Number.NaN], 1))).toMatch(/index 1 is NaN/u);
    await failure("BAD_DATASET", () => normaliseIntensities([Number.NEGATIVE_INFINITY, 0], 1));
    await failure("SIZE_MISMATCH", () => normaliseIntensities([1, 2, 3], 2));
    await failure("SIZE_MISMATCH", () => normaliseIntensities([1, 2, 3], 0));
    await failure("SIZE_MISMATCH", () => normaliseIntensities([1, 2, 3], 1, new Uint8Array(2)));
  });
});
