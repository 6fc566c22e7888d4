// Generalised cross entropy: between cross entropy and mean absolute error, which forgives wrong labels.

import { defineLoss } from "./define.js";

export const gce = defineLoss({
  name: "gce",
  title: "Generalised cross entropy",
  family: "distribution",
  parameters: {
    power: {
      symbol: "q",
      default: 0.7,
      min: 1e-6,
      max: 1,
      meaning: "towards 0 it is cross entropy, at 1 the mean absolute error of the right class",
    },
  },
  formula: "loss = mean(classes_sum(y * (1 - p^q) / q))",
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, 1 / 0.7],
  values: { perfect: 0, inverted: 1 / 0.7, empty: 0, falseAlarm: 1 / 0.7, half: 0.549183 },
  identities: [],
  elsewhere: {
    keras: { name: "losses.CategoricalGeneralizedCrossEntropy(q=0.7)" },
  },
  use:
    "Use it where labels are noisy: the larger q, the less a wrong label costs. " +
    "Avoid it with clean labels, which it learns more slowly.",
  references: ["zhang2018"],
});
