// Asymmetric similarity loss: one minus the F-beta score, recall counting beta times as much as precision.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const asymmetric = defineLoss({
  name: "asymmetric",
  title: "Asymmetric similarity loss",
  family: "region",
  parameters: {
    beta: { symbol: "beta", default: 1.5, min: 0, meaning: "how many times as much recall counts as precision" },
    ...smoothing(1e-5),
  },
  formula: `
    b = beta^2 / (1 + beta^2)
    TP = sum(p * y)
    FP = sum(p * (1 - y))
    FN = sum((1 - p) * y)
    loss = 1 - (TP + s) / (TP + b * FN + (1 - b) * FP + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.409091 },
  identities: [
    { parameters: { beta: 1, smooth: 1 }, equals: [{ weight: 1, loss: "dice", parameters: { smooth: 2 } }] },
  ],
  elsewhere: {
    segloss: { name: "AsymLoss", differs: "returns minus the score" },
  },
  use:
    "Use it when recall should count more than precision and you think in F scores. " +
    "Avoid it to tune the two errors freely: Tversky has a weight for each.",
  references: ["hashemi2019"],
});
