// Cross entropy of the hardest voxels only: the mean of the largest k per cent.

import { defineLoss } from "./define.js";

export const topk = defineLoss({
  name: "topk",
  title: "TopK cross entropy",
  family: "distribution",
  parameters: {
    fraction: { symbol: "fraction", default: 0.1, min: 1e-6, max: 1, meaning: "share of the voxels that count" },
  },
  formula: `
    errors = -classes_sum(y * log(p))
    loss = top_mean(errors, fraction)
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  identities: [{ parameters: { fraction: 1 }, equals: [{ weight: 1, loss: "ce", parameters: {} }] }],
  elsewhere: {
    nnunet: { name: "TopKLoss(k=10)", differs: "counts ignored voxels in the share" },
    segloss: { name: "TopKLoss(k=10)", differs: "counts ignored voxels in the share" },
  },
  use:
    "Use it where most voxels are easy, together with Dice. " +
    "Avoid it alone and with noisy labels: wrong labels are the hardest voxels of all.",
  references: ["wu2016", "isensee2021"],
});
