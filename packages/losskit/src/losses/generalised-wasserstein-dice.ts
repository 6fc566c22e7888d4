// Generalised Wasserstein Dice loss: mistaking one class for another costs their distance.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const generalisedWassersteinDice = defineLoss({
  name: "generalised-wasserstein-dice",
  title: "Generalised Wasserstein Dice loss",
  family: "region",
  parameters: {
    distances: {
      symbol: "M",
      default: 1,
      kind: "matrix",
      min: 0,
      max: 1,
      meaning:
        "distance between two classes, from 0 to 1: a number for all pairs, or a matrix with zeros on the diagonal",
    },
    ...smoothing(1e-5),
  },
  formula: `
    W = classes_sum(y * matmul(M, p))
    TP = sum(classes_sum(y * (class > 0)) * (1 - W))
    loss = 1 - (2 * TP + s) / (2 * TP + sum(W) + s_d)
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 1 / 3 },
  identities: [],
  elsewhere: {
    monai: {
      name: "GeneralizedWassersteinDiceLoss",
      differs: "broadcasts over the batch by mistake: right for one item only",
    },
  },
  use:
    "Use it for classes in a hierarchy, where some confusions are worse than others. " +
    "Avoid it without distances to give it: with equal ones it is close to Dice over all foreground.",
  references: ["fidon2017"],
});
