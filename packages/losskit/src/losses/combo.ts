// Combo loss of the paper: weighted cross entropy minus the Dice coefficient.

import { defineLoss } from "./define.js";

export const combo = defineLoss({
  name: "combo",
  title: "Combo loss",
  family: "compound",
  parameters: {
    crossEntropyShare: {
      symbol: "alpha",
      default: 0.5,
      min: 0,
      max: 1,
      meaning: "share of cross entropy; Dice has the rest",
    },
    foregroundWeight: {
      symbol: "beta",
      default: 0.5,
      min: 0,
      max: 1,
      meaning: "weight of foreground in the cross entropy; above 0.5 misses cost more than false alarms",
    },
    smooth: { symbol: "s", default: 1, min: 0, meaning: "keeps empty masks finite" },
    clip: {
      symbol: "eps",
      default: 1e-7,
      min: 0,
      max: 0.5,
      meaning: "cross entropy sees probabilities at least this far from 0 and 1; 0 for no clipping",
    },
  },
  // Clips the logarithms where code that clips p has them: 1 - (1 - eps) is what is left of eps after rounding.
  formula: `
    logP = clamp(log(p), log(eps), log(1 - eps))
    logQ = clamp(log(1 - p), log(1 - (1 - eps)), log(1 - eps))
    CE = -mean(beta * y * logP + (1 - beta) * (1 - y) * logQ)
    Dice = (2 * sum(p * y) + s) / (sum(p) + sum(y) + s)
    loss = alpha * classes_mean(CE) - (1 - alpha) * classes_sum(Dice)
  `,
  activations: ["sigmoid", "none"],
  range: [-0.5, null],
  values: { perfect: -0.5, inverted: null, empty: -0.5, falseAlarm: null, half: null },
  weighs: { foregroundWeight: "foreground" },
  identities: [
    {
      parameters: { crossEntropyShare: 0.5, foregroundWeight: 0.5, smooth: 1, clip: 0 },
      equals: [
        { weight: 0.25, loss: "bce", parameters: {} },
        { weight: 0.5, loss: "dice", parameters: { smooth: 1 } },
      ],
      offset: -0.5,
    },
  ],
  use:
    "Use it when you want Dice's balance and a dial between misses and false alarms in the cross entropy. " +
    "Avoid the copies in circulation: most have a sign or a parenthesis in the wrong place.",
  references: ["taghanaki2019"],
});
