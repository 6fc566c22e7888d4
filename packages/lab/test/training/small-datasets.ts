// Tiny data sets whose answer is known: a bright disc on noise, and bright and dark halves of a box.

import type { Case, Dataset } from "../../src/datasets/dataset.js";
import { normal, uniformSource } from "../experiment-statistics/normal.js";

const splits = (train: number, test: number) => ({
  train: Array.from({ length: train }, (_, i) => `train-${i}`),
  validation: [],
  test: Array.from({ length: test }, (_, i) => `test-${i}`),
});

/** Images of `height` × `width` with one bright disc; place and noise follow from the id. */
export function discs(options: { height: number; width: number; train?: number; regionOfInterest?: boolean }): Dataset {
  const { height, width, train = 3, regionOfInterest = false } = options;
  return {
    name: "discs",
    dimension: 2,
    channels: 1,
    classes: ["disc"],
    splits: splits(train, 2),
    splitNote: "made for a test",
    async load(id): Promise<Case> {
      const random = uniformSource([...id].reduce((hash, letter) => (31 * hash + letter.charCodeAt(0)) | 0, 7));
      const radius = Math.min(height, width) / 5;
      const cy = radius + random() * (height - 2 * radius);
      const cx = radius + random() * (width - 2 * radius);
      const labels = new Uint8Array(height * width);
      for (let i = 0; i < labels.length; i++) {
        labels[i] = Math.hypot(Math.floor(i / width) - cy, (i % width) - cx) < radius ? 1 : 0;
      }
      const image = Float32Array.from(labels, (label) => 2 * label - 0.5 + 0.3 * normal(random));
      return {
        id,
        shape: [height, width],
        spacing: [1, 1],
        channels: 1,
        image,
        labels,
        ...(regionOfInterest && { regionOfInterest: labels.map((_, i) => (i % width < width / 2 ? 1 : 0)) }),
      };
    },
  };
}

/** Volumes of 4 × 20 × 20 whose left half is class 1 and right half class 2 inside a box. */
export function halves(): Dataset {
  return {
    name: "halves",
    dimension: 3,
    channels: 1,
    classes: ["left", "right"],
    splits: splits(2, 1),
    splitNote: "made for a test",
    async load(id): Promise<Case> {
      const random = uniformSource(id.length);
      const labels = Uint8Array.from({ length: 4 * 20 * 20 }, (_, i) => {
        const [y, x] = [Math.floor(i / 20) % 20, i % 20];
        return y > 3 && y < 16 && x > 3 && x < 16 ? (x < 10 ? 1 : 2) : 0;
      });
      const image = Float32Array.from(labels, (label) => [0, 1.5, -1.5][label] + 0.2 * normal(random));
      return { id, shape: [4, 20, 20], spacing: [1, 1, 1], channels: 1, image, labels };
    },
  };
}

export const settings = { steps: 30, batch: 4, crop: 16, seed: 1, peakRate: 0.02, baseChannels: 4, depth: 2 };
