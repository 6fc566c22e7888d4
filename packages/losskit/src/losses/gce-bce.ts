// Generalised cross entropy for one foreground class.

import { defineLoss } from "./define.js";

export const gceBce = defineLoss({
  name: "gce-bce",
  title: "Binary generalised cross entropy",
  family: "distribution",
  parameters: {
    power: {
      symbol: "q",
      default: 0.7,
      min: 1e-6,
      max: 1,
      meaning: "towards 0 it is cross entropy, at 1 the mean absolute error",
    },
  },
  formula: "loss = mean(y * (1 - p^q) / q + (1 - y) * (1 - (1 - p)^q) / q)",
  activations: ["sigmoid", "none"],
  range: [0, 1 / 0.7],
  values: { perfect: 0, inverted: 1 / 0.7, empty: 0, falseAlarm: 1 / 0.7, half: 0.549183 },
  identities: [],
  use:
    "Use it for one foreground class with noisy labels: the larger q, the less a wrong label costs. " +
    "Avoid it with clean labels, which it learns more slowly.",
  references: ["zhang2018"],
});
