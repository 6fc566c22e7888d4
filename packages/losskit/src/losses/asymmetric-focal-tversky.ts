// Asymmetric focal Tversky loss: Tversky loss of the background as it is, of the foreground to a power below 1.

import { defineLoss } from "./define.js";
import { imbalance } from "./imbalance.js";

export const asymmetricFocalTversky = defineLoss({
  name: "asymmetric-focal-tversky",
  title: "Asymmetric focal Tversky loss",
  family: "region",
  parameters: {
    ...imbalance(0.99),
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: `
    TP = sum(p * y)
    TI = (TP + s) / (TP + delta * sum((1 - p) * y) + (1 - delta) * sum(p * (1 - y)) + s)
    loss = classes_mean(where(class > 0, (1 - TI)^(1 - gamma), 1 - TI))
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.806186 },
  identities: [],
  elsewhere: {
    monai: {
      name: "AsymmetricFocalTverskyLoss(delta=0.6, gamma=0.5)",
      differs: "has two classes only and takes probabilities",
    },
  },
  use:
    "Use it where a rare foreground is nearly found and should pull on. " +
    "Avoid it near perfect scores, where its slope grows without bound.",
  references: ["yeung2022"],
});
