// Focal loss that leaves hard voxels at their full cross entropy and scales down only those above a threshold.

import { defineLoss } from "./define.js";

export const reducedFocal = defineLoss({
  name: "reduced-focal",
  title: "Reduced focal loss",
  family: "distribution",
  parameters: {
    focus: { symbol: "gamma", default: 2, min: 0, meaning: "how much less a voxel counts that is already right" },
    threshold: {
      symbol: "t",
      default: 0.5,
      min: 1e-3,
      max: 1,
      meaning: "probability of the right class from which on a voxel counts less",
    },
  },
  formula: `
    right = y * p + (1 - y) * (1 - p)
    wrong = y * (1 - p) + (1 - y) * p
    factor = where(right < t, 1, (wrong / t)^gamma)
    loss = -mean(factor * (y * log(p) + (1 - y) * log(1 - p)))
  `,
  activations: ["sigmoid", "none"],
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  identities: [],
  elsewhere: {
    smp: { name: 'FocalLoss("binary", reduced_threshold=0.5)' },
  },
  use:
    "Use it in place of focal loss where missing objects costs more than false alarms. " +
    "Avoid it with soft labels, for which the threshold has no meaning.",
  references: ["sergievskiy2019"],
});
