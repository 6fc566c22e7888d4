// The language holds losses that the catalogue does not have yet: each as its paper prints it, against a plain computation of the same.

import { describe, expect, it } from "vitest";
import type { CallOptions } from "../../src/formula/options.js";
import { type FormulaOptions, lossFromFormula } from "../../src/index.js";
import { centralDifferences, distance, largest, uniformSequence } from "../losses/calls.js";
import { PLAIN, type Plain, type PlainCall } from "./plain-losses.js";

interface Example {
  readonly name: string;
  readonly formula: string;
  readonly channels: number;
  readonly space: readonly number[];
  readonly plain: Plain;
  readonly options?: FormulaOptions;
}

const s = 1e-5;
const M = [
  [0, 1, 1],
  [1, 0, 0.5],
  [1, 0.5, 0],
];

const EXAMPLES: readonly Example[] = [
  {
    // Sudre et al., DLMIA 2017; an absent class weighs as much as the rarest that is there.
    name: "generalised Dice",
    formula: `
      Y = sum(y)
      rarest = classes_max(where(Y > 0, 1 / Y^2, 0))
      v = where(Y > 0, 1 / Y^2, rarest)
      loss = 1 - (2 * classes_sum(v * sum(p*y)) + s) / (classes_sum(v * (sum(p) + sum(y))) + s)`,
    channels: 4,
    space: [5, 6],
    plain: PLAIN.generalisedDice,
    options: { parameters: { s } },
  },
  {
    // Fidon et al., BrainLes 2017; M holds the distances between classes.
    name: "generalised Wasserstein Dice",
    formula: `
      W = classes_sum(y * matmul(M, p))
      T = sum(classes_sum(y * (class > 0)) * (1 - W))
      loss = 1 - (2*T + s) / (2*T + sum(W) + s)`,
    channels: 3,
    space: [5, 6],
    plain: PLAIN.wassersteinDice,
    options: { parameters: { s, M } },
  },
  {
    // Yeung et al., Computerized Medical Imaging and Graphics 2022: the foreground is enhanced, the background is not.
    name: "asymmetric unified focal",
    formula: `
      ce = -y * log(p)
      focal = classes_sum(where(class > 0, d * ce, (1 - d) * (1 - p)^g * ce))
      TI = (sum(p*y) + s) / (sum(p*y) + d * sum((1 - p)*y) + (1 - d) * sum(p*(1 - y)) + s)
      tversky = classes_mean(where(class > 0, (1 - TI)^(1 - g), 1 - TI))
      loss = lambda * mean(focal) + (1 - lambda) * tversky`,
    channels: 3,
    space: [5, 6],
    plain: PLAIN.unifiedFocal,
    options: { parameters: { s, d: 0.6, g: 0.4, lambda: 0.3 } },
  },
  {
    // Kim and Ye, IEEE TIP 2020: piecewise constant image, short borders.
    name: "Mumford-Shah",
    formula: `
      c = sum(image*p) / sum(p)
      loss = mean(classes_sum((image - c)^2 * p)) + mu * mean(classes_sum(absolute_gradient(p)))`,
    channels: 2,
    space: [5, 6],
    plain: PLAIN.mumfordShah,
    options: { parameters: { mu: 0.1 }, fields: { image: "voxel" } },
  },
  {
    // Kofler et al., IPMI 2023: the Dice of each object against all background.
    name: "blob loss",
    formula: `
      id = components(y)
      outside = sum(p * (1 - y))
      I = sum_by(id, p)
      loss = instances_mean(1 - (2*I + s) / (I + outside + sum_by(id, y) + s))`,
    channels: 1,
    space: [6, 7],
    plain: PLAIN.blob,
    options: { parameters: { s }, images: "each" },
  },
  {
    // Sun et al., MICCAI 2023: the smaller an object is for its border, the less its inside counts.
    name: "boundary DoU",
    formula: `
      a = min(1 - 2 * (sum(border(y)) + s) / (sum(y) + s), 0.8)
      z = sum(p^2) + sum(y^2)
      I = sum(p*y)
      loss = (z - 2*I + s) / (z - (1 + a)*I + s)`,
    channels: 1,
    space: [6, 7],
    plain: PLAIN.boundaryDou,
    options: { parameters: { s } },
  },
  {
    // Karimi and Salcudean, IEEE TMI 2020, with exponent 2: errors far from the borders cost more.
    name: "Hausdorff distance by distance transform",
    formula: `
      marked = p > 0.5
      dp = distance(marked) + distance(1 - marked)
      dy = distance(y) + distance(1 - y)
      loss = mean((p - y)^2 * (dp^2 + dy^2))`,
    channels: 1,
    space: [6, 7],
    plain: PLAIN.hausdorff,
  },
  {
    // Shit et al., CVPR 2021.
    name: "clDice",
    formula: `
      sp = soft_skeleton(p, 3)
      sy = soft_skeleton(y, 3)
      precision = (sum(sp*y) + 1) / (sum(sp) + 1)
      sensitivity = (sum(sy*p) + 1) / (sum(sy) + 1)
      loss = 1 - 2 * precision * sensitivity / (precision + sensitivity)`,
    channels: 1,
    space: [8, 7],
    plain: PLAIN.clDice,
  },
];

/** Two images: random logits; blocks of foreground for one channel, so that there are borders, objects and skeletons. */
function randomCall({ channels, space: [height, width] }: Example, seed: number) {
  const uniform = uniformSequence(seed);
  const voxels = height * width;
  const labels = Uint8Array.from({ length: 2 * voxels }, (_, i) => {
    // Class 3 of four is absent from both images.
    if (channels > 1) return Math.floor(uniform() * Math.min(channels, 3));
    const [row, column] = [Math.floor((i % voxels) / width), i % width];
    const first = row < 3 && column < 3;
    const second = row > 3 && column > 4;
    return first || second || (i > voxels && row === 4 && column === 0) ? 1 : 0;
  });
  const logits = Float64Array.from({ length: 2 * channels * voxels }, () => 4 * uniform() - 2);
  const image = Float64Array.from({ length: 2 * voxels }, uniform);
  return { logits, labels, image };
}

describe.each(EXAMPLES)("$name", (example) => {
  const { formula, options = {}, channels, space, plain } = example;
  const each = lossFromFormula(formula, { ...options, images: "each" });

  it.each([1, 2, 3])("is what its formula says, image by image (seed %i)", (seed) => {
    const { logits, labels, image } = randomCall(example, seed);
    const call: CallOptions = { shape: [2, channels, ...space], ...(options.fields && { fields: { image } }) };
    const voxels = space[0] * space[1];
    const expected = [0, 1].map((n) => {
      const one: PlainCall = {
        p: probabilities(logits.subarray(n * channels * voxels, (n + 1) * channels * voxels), channels),
        y: oneHot(labels.subarray(n * voxels, (n + 1) * voxels), channels),
        image: [...image.subarray(n * voxels, (n + 1) * voxels)],
        height: space[0],
        width: space[1],
        parameters: (options.parameters ?? {}) as PlainCall["parameters"],
      };
      return plain(one);
    });
    expect(each.value(logits, labels, call)).toBeCloseTo((expected[0] + expected[1]) / 2, 12);
  });

  it.each([1, 2])("has the gradient of central differences (seed %i)", (seed) => {
    const { logits, labels, image } = randomCall(example, seed);
    const call: CallOptions = { shape: [2, channels, ...space], ...(options.fields && { fields: { image } }) };
    const losses = [each];
    if (!formula.includes("components")) losses.push(lossFromFormula(formula, { ...options, images: "together" }));
    for (const loss of losses) {
      const { gradient } = loss.valueAndGradient(logits, labels, call);
      const measured = centralDifferences(loss, logits, labels, call);
      expect(largest(measured)).toBeGreaterThan(1e-4);
      expect(distance(gradient, measured)).toBeLessThan(1e-7 * Math.max(1, largest(measured)));
    }
  });

  it("is finite on an empty target, with a gradient", () => {
    const { logits, labels, image } = randomCall(example, 4);
    const call: CallOptions = { shape: [2, channels, ...space], ...(options.fields && { fields: { image } }) };
    const { value, gradient } = each.valueAndGradient(logits, labels.fill(0), call);
    expect(Number.isFinite(value)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});

/** Softmax over several channels, sigmoid of one; by class, then voxel. */
function probabilities(logits: Float64Array, channels: number): number[][] {
  const voxels = logits.length / channels;
  if (channels === 1) return [Array.from(logits, (x) => 1 / (1 + Math.exp(-x)))];
  return Array.from({ length: channels }, (_, c) =>
    Array.from({ length: voxels }, (_, v) => {
      let sum = 0;
      for (let k = 0; k < channels; k++) sum += Math.exp(logits[k * voxels + v] - logits[c * voxels + v]);
      return 1 / sum;
    }),
  );
}

function oneHot(labels: Uint8Array, channels: number): number[][] {
  const first = channels === 1 ? 1 : 0;
  return Array.from({ length: channels }, (_, c) => Array.from(labels, (label) => (label === c + first ? 1 : 0)));
}
