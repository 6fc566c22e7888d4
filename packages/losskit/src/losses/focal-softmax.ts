// Focal loss over exclusive classes: cross entropy, scaled down where the voxel's own class is already likely.

import { defineLoss } from "./define.js";

export const focalSoftmax = defineLoss({
  name: "focal-softmax",
  title: "Softmax focal loss",
  family: "distribution",
  parameters: {
    focus: { symbol: "gamma", default: 2, min: 0, meaning: "how much less a voxel counts that is already right" },
  },
  formula: "loss = -mean(classes_sum(y * (1 - p)^gamma * log(p)))",
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 / 4 },
  identities: [{ parameters: { focus: 0 }, equals: [{ weight: 1, loss: "ce", parameters: {} }] }],
  elsewhere: {
    monai: {
      name: "FocalLoss(use_softmax=True)",
      differs: "divides by the classes too, as it takes the mean over channels",
    },
    segloss: { name: "FocalLoss", differs: "adds 1e-5 to every probability" },
    keras: { name: "losses.CategoricalFocalCrossentropy", differs: "one factor alpha for all classes" },
    kornia: { name: 'focal_loss(alpha=None, reduction="mean")', differs: "divides by the classes too" },
  },
  use:
    "Use it for several exclusive classes where most voxels are easy; class weights take the place of alpha. " +
    "Avoid it with noisy labels, whose wrong voxels look hard and get all the attention.",
  references: ["lin2017"],
});
