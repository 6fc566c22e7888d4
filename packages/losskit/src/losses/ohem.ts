// Online hard example mining: cross entropy of the voxels whose own class is less likely than a threshold, but of some share at least.

import { defineLoss } from "./define.js";

export const ohem = defineLoss({
  name: "ohem",
  title: "OHEM cross entropy",
  family: "distribution",
  parameters: {
    threshold: {
      symbol: "threshold",
      default: 0.7,
      min: 1e-6,
      max: 1,
      meaning: "voxels whose own class is less likely than this count",
    },
    fraction: {
      symbol: "fraction",
      default: 0.05,
      min: 1e-6,
      max: 1,
      meaning: "share of the voxels that counts at least",
    },
  },
  formula: `
    errors = -classes_sum(y * log(p))
    loss = hard_mean(errors, -log(threshold), fraction)
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  identities: [{ parameters: { threshold: 1, fraction: 1 }, equals: [{ weight: 1, loss: "ce", parameters: {} }] }],
  use:
    "Use it for many exclusive classes where easy voxels drown the rest and TopK's fixed share is too rigid. " +
    "Avoid it with noisy labels: wrong labels stay hard for ever.",
  references: ["shrivastava2016"],
});
