import { describe, expect, it } from "vitest";
import type { Case } from "../../src/datasets/dataset.js";
import { randomStream } from "../../src/random-stream.js";
import { createBatchSource, IGNORED } from "../../src/training/batches.js";

/** Every pixel of the image is its own number, so that a crop says where it was cut. */
function numbered(height: number, width: number, labels = new Uint8Array(height * width)): Case {
  const image = Float32Array.from({ length: height * width }, (_, i) => i);
  return { id: "numbered", shape: [height, width], spacing: [1, 1], channels: 1, image, labels };
}

describe("crops", () => {
  it("are pieces of the image, flipped and turned, with the labels that belong to them", () => {
    const labels = Uint8Array.from({ length: 20 * 30 }, (_, i) => (i % 7 === 0 ? 1 : 0));
    const next = createBatchSource([numbered(20, 30, labels)], { batch: 50, crop: 8 }, randomStream("batches", 1));
    const batch = next();
    const corners = new Set<number>();
    for (let b = 0; b < 50; b++) {
      const pixels = batch.image.subarray(b * 64, (b + 1) * 64);
      const lowest = Math.min(...pixels);
      corners.add(lowest);
      const expected = new Set(Array.from({ length: 64 }, (_, i) => lowest + Math.floor(i / 8) * 30 + (i % 8)));
      expect(new Set(pixels)).toEqual(expected);
      // Neighbours in a row of the crop are neighbours in the image.
      expect([1, 30]).toContain(Math.abs(pixels[1] - pixels[0]));
      pixels.forEach((pixel, i) => {
        expect(batch.labels[b * 64 + i]).toBe(labels[pixel]);
      });
    }
    expect(corners.size).toBeGreaterThan(30);
  });

  it("of an image that is too small have it in the middle, and the rest does not count", () => {
    const { labels, image } = createBatchSource([numbered(4, 6)], { batch: 1, crop: 8 }, randomStream("batches", 2))();
    expect(labels.filter((label) => label === IGNORED)).toHaveLength(64 - 24);
    expect(new Set(image.filter((_, i) => labels[i] !== IGNORED))).toEqual(
      new Set(Array.from({ length: 24 }, (_, i) => i)),
    );
  });

  it("lie anywhere with the same chance: a rare object is as rare in them", () => {
    const labels = new Uint8Array(60 * 60);
    labels[30 * 60 + 31] = 1;
    const next = createBatchSource([numbered(60, 60, labels)], { batch: 600, crop: 16 }, randomStream("batches", 3));
    const { labels: drawn } = next();
    let seen = 0;
    for (let b = 0; b < 600; b++) if (drawn.subarray(b * 256, (b + 1) * 256).includes(1)) seen++;
    // 16 of 45 places along each axis: 75.9 of 600, give or take four standard deviations of 8.1.
    expect(seen).toBeGreaterThan(43);
    expect(seen).toBeLessThan(109);
  });

  it("mark what lies outside the region of interest", () => {
    const whole = numbered(16, 16);
    const regionOfInterest = Uint8Array.from({ length: 256 }, (_, i) => (i < 128 ? 1 : 0));
    const next = createBatchSource(
      [{ ...whole, regionOfInterest }],
      { batch: 1, crop: 16 },
      randomStream("batches", 4),
    );
    const { image, labels } = next();
    labels.forEach((label, i) => {
      expect(label).toBe(image[i] < 128 ? 0 : IGNORED);
    });
  });

  it("go on with the border of the image where that ends", () => {
    const { image } = createBatchSource([numbered(4, 6)], { batch: 1, crop: 8 }, randomStream("batches", 2))();
    // Whatever the turn, every pixel is one of the image, and the corners of the crop are its corners.
    expect(Math.max(...image)).toBe(23);
    expect([image[0], image[7], image[56], image[63]].sort((a, b) => a - b)).toEqual([0, 5, 18, 23]);
  });

  it("come from the slices of a volume, as they lie, with all channels", () => {
    const image = Float32Array.from({ length: 2 * 3 * 8 * 8 }, (_, i) => i);
    const volume: Case = {
      id: "volume",
      shape: [3, 8, 8],
      spacing: [1, 1, 1],
      channels: 2,
      image,
      labels: new Uint8Array(3 * 64),
    };
    const batch = createBatchSource([volume], { batch: 60, crop: 8 }, randomStream("batches", 5))();
    const slices = new Set<number>();
    for (let b = 0; b < 60; b++) {
      const [first, second] = [batch.image[b * 128], batch.image[b * 128 + 64]];
      expect(second - first).toBe(3 * 64);
      expect(first % 64).toBe(0);
      slices.add(Math.floor(first / 64));
    }
    expect(slices).toEqual(new Set([0, 1, 2]));
  });
});
