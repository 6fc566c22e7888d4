// Matthews correlation coefficient loss: one minus the correlation of prediction and target, true negatives included.

import { defineLoss } from "./define.js";

export const mcc = defineLoss({
  name: "mcc",
  title: "MCC loss",
  family: "region",
  parameters: {
    smooth: {
      symbol: "s",
      default: 1e-5,
      min: 0,
      meaning: "added to each of the four counts: keeps empty and full masks finite",
    },
  },
  formula: `
    TP = sum(p * y) + s
    TN = sum((1 - p) * (1 - y)) + s
    FP = sum(p * (1 - y)) + s
    FN = sum((1 - p) * y) + s
    loss = 1 - (TP * TN - FP * FN) / sqrt((TP + FP) * (TP + FN) * (TN + FP) * (TN + FN))
  `,
  range: [0, 2],
  values: { perfect: 0, inverted: 2, empty: 0.5, falseAlarm: 1.5, half: 1 },
  identities: [],
  elsewhere: {
    monai: { name: "MCCLoss", differs: "new in 2026: smoothing above and below, not on the counts" },
    smp: { name: "MCCLoss()", differs: "has one class only and takes probabilities" },
  },
  use:
    "Use it where the score should not reward guessing; on large backgrounds it is close to Dice. " +
    "Avoid it where masks may be empty: a right empty prediction costs 0.5, unlike with Dice.",
  references: ["abhishek2021"],
});
