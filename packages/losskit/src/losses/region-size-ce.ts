// Cross entropy, and the difference between the predicted and the true share of each class.

import { defineLoss } from "./define.js";

export const regionSizeCe = defineLoss({
  name: "region-size-ce",
  title: "Cross entropy with region size",
  family: "distribution",
  parameters: {
    penalty: { symbol: "alpha", default: 1, min: 0, meaning: "weight of the difference in size" },
  },
  formula: `
    CE = -mean(classes_sum(y * log(p)))
    loss = CE + alpha * classes_mean(abs(mean(p - y)))
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 1.19315 },
  identities: [{ parameters: { penalty: 0 }, equals: [{ weight: 1, loss: "ce", parameters: {} }] }],
  use:
    "Use it on small regions where cross entropy predicts too little and Dice is unsteady. " +
    "Avoid it as a balance of its own: the size says nothing of the place.",
  references: ["liu2022"],
});
