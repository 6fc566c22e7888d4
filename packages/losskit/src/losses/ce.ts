// Categorical cross entropy over the channels, from the logits.

import { defineLoss } from "./define.js";

export const ce = defineLoss({
  name: "ce",
  title: "Categorical cross entropy",
  family: "distribution",
  parameters: {},
  formula: "loss = -mean(classes_sum(y * log(p)))",
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  identities: [],
  elsewhere: {
    monai: { name: "DiceCELoss(softmax=True, lambda_dice=0)" },
    smp: { name: "SoftCrossEntropyLoss(smooth_factor=0)" },
    nnunet: { name: "RobustCrossEntropyLoss()" },
    segloss: { name: "CrossentropyND()" },
    keras: { name: "losses.CategoricalCrossentropy(from_logits=True)" },
    optax: { name: "softmax_cross_entropy", differs: "one number per voxel, not their mean" },
  },
  use:
    "Use it for several exclusive classes of similar size, or as the smooth half of a compound loss. " +
    "Avoid it alone where one class is rare: weight the classes or add a region loss.",
  references: ["ma2021"],
});
