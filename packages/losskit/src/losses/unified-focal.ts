// Symmetric unified focal loss: focal loss and focal Tversky loss under one pair of dials.

import { defineLoss } from "./define.js";
import { imbalance } from "./imbalance.js";

export const unifiedFocal = defineLoss({
  name: "unified-focal",
  title: "Unified focal loss",
  family: "compound",
  parameters: {
    ...imbalance(0.99),
    focalShare: {
      symbol: "lambda",
      default: 0.5,
      min: 0,
      max: 1,
      meaning: "share of the focal part; the Tversky part has the rest",
    },
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps empty masks finite" },
  },
  // The exponents are those of the author's code; the paper prints them the other way round, which is the same at gamma 0.5.
  formula: `
    CE = -y * log(p)
    focal = mean(classes_sum(where(class > 0, delta, 1 - delta) * (1 - p)^gamma * CE))
    TP = sum(p * y)
    TI = (TP + s) / (TP + delta * sum((1 - p) * y) + (1 - delta) * sum(p * (1 - y)) + s)
    tversky = classes_mean((1 - TI)^(1 - gamma))
    loss = lambda * focal + (1 - lambda) * tversky
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 0.550132 },
  weighs: { balance: "foreground" },
  identities: [],
  use:
    "Use it for unbalanced data with few dials to turn: one for balance, one for focus. " +
    "Avoid it where the background needs no focus; the asymmetric form is then the better one.",
  references: ["yeung2022"],
});
