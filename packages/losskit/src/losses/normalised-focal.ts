// Focal loss over the sum of its own factors, so that its size does not fall as voxels become right.

import { defineLoss } from "./define.js";

export const normalisedFocal = defineLoss({
  name: "normalised-focal",
  title: "Normalised focal loss",
  family: "distribution",
  parameters: {
    focus: { symbol: "gamma", default: 2, min: 0, meaning: "how much less a voxel counts that is already right" },
  },
  // The divisor has no gradient: with one, voxels that are nearly right are pushed back. 1e-6 keeps an image without errors finite.
  formula: `
    foreground = y * (1 - p)^gamma
    background = (1 - y) * p^gamma
    loss = -sum(foreground * log(p) + background * log(1 - p)) / max(constant(sum(foreground + background)), 1e-6)
  `,
  activations: ["sigmoid", "none"],
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  identities: [],
  elsewhere: {
    smp: {
      name: 'FocalLoss("binary", normalized=True)',
      differs: "divides by the number of voxels once more, and differentiates through the divisor",
    },
  },
  use:
    "Use it in place of focal loss where its gradient dies down too early. " +
    "Avoid it where labels are noisy: late in training only the voxels it gets wrong are left.",
  references: ["sofiiuk2019"],
});
