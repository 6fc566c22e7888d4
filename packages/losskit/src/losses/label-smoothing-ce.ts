// Categorical cross entropy whose labels give a share to every class.

import { defineLoss } from "./define.js";

export const labelSmoothingCe = defineLoss({
  name: "label-smoothing-ce",
  title: "Label smoothing cross entropy",
  family: "distribution",
  parameters: {
    labelSmoothing: {
      symbol: "e",
      default: 0.1,
      min: 0,
      max: 1,
      meaning: "share of the label that all classes get alike",
    },
  },
  formula: `
    t = (1 - e) * y + e / class_count
    loss = -mean(classes_sum(t * log(p)))
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: null, inverted: null, empty: null, falseAlarm: null, half: Math.LN2 },
  identities: [{ parameters: { labelSmoothing: 0 }, equals: [{ weight: 1, loss: "ce", parameters: {} }] }],
  elsewhere: {
    monai: { name: "DiceCELoss(softmax=True, lambda_dice=0, label_smoothing=0.1)" },
    smp: { name: "SoftCrossEntropyLoss(smooth_factor=0.1)" },
    nnunet: { name: "RobustCrossEntropyLoss(label_smoothing=0.1)" },
    keras: { name: "losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)" },
  },
  use:
    "Use it where labels have errors or probabilities should not run to 0 and 1. " +
    "Avoid it where a class is rarer than the share it is given: the smoothing then outweighs it.",
  references: ["szegedy2016"],
});
