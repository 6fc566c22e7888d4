// Binary cross entropy, from the logit.

import { defineLoss } from "./define.js";

export const bce = defineLoss({
  name: "bce",
  title: "Binary cross entropy",
  family: "distribution",
  parameters: {},
  formula: "loss = -mean(y * log(p) + (1 - y) * log(1 - p))",
  activations: ["sigmoid", "none"],
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  identities: [],
  elsewhere: {
    monai: {
      name: "DiceCELoss(sigmoid=True, lambda_dice=0)",
      differs: "with several channels its cross entropy is categorical",
    },
    smp: { name: "SoftBCEWithLogitsLoss()" },
    nnunet: { name: "the BCE part of DC_and_BCE_loss" },
    kornia: { name: 'binary_focal_loss_with_logits(alpha=None, gamma=0, reduction="mean")' },
    keras: { name: "losses.BinaryCrossentropy(from_logits=True)" },
    optax: { name: "sigmoid_binary_cross_entropy", differs: "one number per element, not their mean" },
  },
  use:
    "Use it where classes are fairly balanced, or labels are soft, or probabilities are read as such. " +
    "Avoid it alone on tiny objects: the background outvotes them and the network may predict none.",
  references: ["ma2021"],
});
