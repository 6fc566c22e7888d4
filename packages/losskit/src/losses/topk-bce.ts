// Binary cross entropy of the hardest voxels only: the mean of the largest k per cent.

import { defineLoss } from "./define.js";

export const topkBce = defineLoss({
  name: "topk-bce",
  title: "TopK binary cross entropy",
  family: "distribution",
  parameters: {
    fraction: { symbol: "fraction", default: 0.1, min: 1e-6, max: 1, meaning: "share of the voxels that count" },
  },
  formula: `
    errors = -(y * log(p) + (1 - y) * log(1 - p))
    loss = top_mean(errors, fraction)
  `,
  activations: ["sigmoid", "none"],
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  identities: [{ parameters: { fraction: 1 }, equals: [{ weight: 1, loss: "bce", parameters: {} }] }],
  use:
    "Use it for one foreground class where most voxels are easy background, together with Dice. " +
    "Avoid it alone and with noisy labels: wrong labels are the hardest voxels of all.",
  references: ["wu2016"],
});
