// Binary cross entropy with a weight on the foreground and smoothed labels.

import { defineLoss } from "./define.js";

export const weightedBce = defineLoss({
  name: "weighted-bce",
  title: "Weighted binary cross entropy",
  family: "distribution",
  parameters: {
    foregroundWeight: {
      symbol: "w",
      default: 1,
      min: 0,
      meaning: "weight of the foreground term; 1 leaves it as it is",
    },
    labelSmoothing: {
      symbol: "e",
      default: 0,
      min: 0,
      max: 1,
      meaning: "share of the label that goes to both classes alike; smp has half of it",
    },
  },
  formula: `
    t = (1 - e) * y + e / 2
    loss = -mean(w * t * log(p) + (1 - t) * log(1 - p))
  `,
  activations: ["sigmoid", "none"],
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.LN2 },
  weighs: { foregroundWeight: "foreground" },
  identities: [
    { parameters: { foregroundWeight: 1, labelSmoothing: 0 }, equals: [{ weight: 1, loss: "bce", parameters: {} }] },
  ],
  elsewhere: {
    monai: { name: "DiceCELoss(sigmoid=True, lambda_dice=0, weight=...)" },
    smp: { name: "SoftBCEWithLogitsLoss(smooth_factor=..., pos_weight=...)" },
    keras: {
      name: "losses.BinaryCrossentropy(from_logits=True, label_smoothing=...)",
      differs: "has no weight of the foreground",
    },
  },
  use:
    "Use it where foreground is rare and a plain cross entropy predicts none: weight it by background over foreground. " +
    "Avoid very large weights, which make everything foreground; a region loss balances by itself.",
  references: ["ma2021", "szegedy2016"],
});
