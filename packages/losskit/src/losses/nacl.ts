// Neighbour-aware calibration loss: cross entropy, and logits held to the share of each class around the voxel.

import { defineLoss } from "./define.js";

export const nacl = defineLoss({
  name: "nacl",
  title: "NACL loss",
  family: "distribution",
  parameters: {
    penalty: {
      symbol: "alpha",
      default: 0.1,
      min: 0,
      meaning: "weight of the distance between logits and the mean label of the 3 x 3 (x 3) neighbourhood",
    },
  },
  formula: `
    CE = -mean(classes_sum(y * log(p)))
    loss = CE + alpha * mean(classes_mean(abs(neighbour_mean(y) - x)))
  `,
  activations: ["softmax"],
  severalChannels: true,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: null, inverted: null, empty: null, falseAlarm: null, half: null },
  identities: [{ parameters: { penalty: 0 }, equals: [{ weight: 1, loss: "ce", parameters: {} }] }],
  elsewhere: {
    monai: { name: 'NACLLoss(classes, dim, distance_type="l1")' },
  },
  use:
    "Use it where probabilities are read as such and borders are uncertain. " +
    "Avoid it with other losses on top that want large logits.",
  references: ["murugesan2023"],
});
