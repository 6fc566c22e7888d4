// Makes the arrays that all contestants of a case read: logits with labels, masks, or pairs of label maps.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LABEL_PAIRS } from "./label-pairs.mjs";
import { normal, uniform } from "./random.mjs";

/** Share of foreground voxels. */
const FOREGROUND = 0.15;
const SEED = 20240607;

/**
 * How logits are spread, by name. A voxel's own class gets `own`, all other classes `other`; one channel is the foreground's,
 * and background voxels get `background`.
 */
export const SPREADS = {
  // Of a half-trained network: 27 % of the voxels have a hinge error above 0.
  usual: {
    background: (draw) => -3 + 3 * draw.normal(),
    foreground: (draw) => 2 + 3 * draw.normal(),
    own: (draw) => 3 + 2 * draw.normal(),
    other: (draw) => 2 * draw.normal(),
  },
  // Of a network before training: every hinge error is above 0.
  random: {
    background: (draw) => 0.1 * draw.normal(),
    foreground: (draw) => 0.1 * draw.normal(),
    own: (draw) => 0.1 * draw.normal(),
    other: (draw) => 0.1 * draw.normal(),
  },
  // A near-perfect mask: 1 - p rounds to 0 in float32 wherever p is 1.
  saturated: {
    background: (draw) => -16 - 4 * draw.uniform(),
    foreground: (draw) => 16 + 4 * draw.uniform(),
    own: (draw) => 16 + 4 * draw.uniform(),
    other: (draw) => draw.uniform(),
  },
};

/**
 * Logits, channels first, and the label map. Voxels are drawn apart from one another.
 *
 * @param {{ voxels: number, classes: number, spread: keyof typeof SPREADS }} data
 * @returns {{ logits: Float32Array, labels: Uint8Array }}
 */
export function makeVoxels({ voxels, classes, spread }) {
  const random = uniform(SEED);
  const draw = { uniform: random, normal: normal(random) };
  const { background, foreground, own, other } = SPREADS[spread];
  const logits = new Float32Array(classes * voxels);
  const labels = new Uint8Array(voxels);
  for (let i = 0; i < voxels; i++) {
    const inside = random() < FOREGROUND;
    if (classes === 1) {
      labels[i] = inside ? 1 : 0;
      logits[i] = inside ? foreground(draw) : background(draw);
      continue;
    }
    labels[i] = inside ? 1 + Math.floor(random() * (classes - 1)) : 0;
    for (let c = 0; c < classes; c++) logits[c * voxels + i] = c === labels[i] ? own(draw) : other(draw);
  }
  return { logits, labels };
}

/** Masks to measure distances to, by name: extents, slowest first, and 1 on the mask. */
export const MASKS = {
  discs: () => balls([1024, 1024], 60, 8, 60),
  spheres: () => balls([256, 256, 256], 60, 6, 30),
  // The far corners of the volume are some 150 voxels from any seed: the worst case for a search in windows.
  seeds: () => balls([256, 256, 256], 8, 0, 0),
};

function balls(space, count, smallest, largest) {
  const random = uniform(SEED);
  const [rows, columns] = space.slice(-2);
  const slices = space.length === 3 ? space[0] : 1;
  const mask = new Uint8Array(slices * rows * columns);
  for (let ball = 0; ball < count; ball++) {
    const radius = smallest + random() * (largest - smallest);
    const [z, y, x] = [slices, rows, columns].map((extent) => Math.floor(random() * extent));
    const reach = Math.floor(radius);
    const from = (centre) => Math.max(0, centre - reach);
    const to = (centre, extent) => Math.min(extent - 1, centre + reach);
    for (let k = from(z); k <= to(z, slices); k++) {
      for (let j = from(y); j <= to(y, rows); j++) {
        for (let i = from(x); i <= to(x, columns); i++) {
          const inside = (k - z) ** 2 + (j - y) ** 2 + (i - x) ** 2 <= radius * radius;
          if (inside) mask[(k * rows + j) * columns + i] = 1;
        }
      }
    }
  }
  return { space, mask };
}

const write = (path, array) => {
  writeFileSync(path, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return path;
};

/**
 * Writes the files of a case: raw numbers, little-endian.
 *
 * @param {object} data of a case
 * @param {string} folder
 * @returns the arrays, and `files`: arguments for the contestants
 */
export function writeData(data, folder) {
  if (data.mask) {
    const { space, mask } = MASKS[data.mask]();
    return { space, mask, files: { mask: write(join(folder, "mask.u8"), mask), space: space.join("x") } };
  }
  if (data.pair) {
    const { space, classes, reference, prediction, spacings } = LABEL_PAIRS[data.pair](data.count);
    const files = {
      space: space.join("x"),
      voxels: reference.length,
      classes,
      reference: write(join(folder, "reference.u8"), reference),
      prediction: write(join(folder, "prediction.u8"), prediction),
      spacings: write(join(folder, "spacings.f64"), spacings),
    };
    return { reference, prediction, files };
  }
  const { logits, labels } = makeVoxels(data);
  const files = {
    voxels: data.voxels,
    classes: data.classes,
    logits: write(join(folder, "logits.f32"), logits),
    labels: write(join(folder, "labels.u8"), labels),
  };
  if (data.classes === 1) files.targets = write(join(folder, "targets.f32"), Float32Array.from(labels));
  return { logits, labels, files };
}
