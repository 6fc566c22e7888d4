// Focal loss of the paper: each voxel's cross entropy, scaled down where the voxel is already right.

import { defineLoss } from "./define.js";

export const focal = defineLoss({
  name: "focal",
  title: "Focal loss",
  family: "distribution",
  parameters: {
    foregroundWeight: {
      symbol: "alpha",
      default: 0.25,
      min: 0,
      max: 1,
      meaning: "weight of foreground voxels; background voxels weigh 1 - alpha",
    },
    focus: { symbol: "gamma", default: 2, min: 0, meaning: "how much less a voxel counts that is already right" },
  },
  formula: `
    foreground = alpha * y * (1 - p)^gamma * log(p)
    background = (1 - alpha) * (1 - y) * p^gamma * log(1 - p)
    loss = -mean(foreground + background)
  `,
  activations: ["sigmoid", "none"],
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 / 16 },
  weighs: { foregroundWeight: "foreground" },
  identities: [
    {
      parameters: { foregroundWeight: 0.5, focus: 0 },
      equals: [{ weight: 0.5, loss: "bce", parameters: {} }],
    },
  ],
  elsewhere: {
    monai: { name: "FocalLoss(alpha=0.25)" },
    smp: { name: 'FocalLoss("binary", alpha=0.25)' },
    kornia: { name: 'binary_focal_loss_with_logits(reduction="mean")' },
    keras: { name: "losses.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True)" },
    optax: { name: "sigmoid_focal_loss", differs: "one number per element, not their mean" },
  },
  use:
    "Use it where most voxels are easy background and a few hard ones decide. " +
    "Avoid it with noisy labels, whose wrong voxels look hard and get all the attention.",
  references: ["lin2017"],
});
