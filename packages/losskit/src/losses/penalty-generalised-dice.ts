// Generalised Dice loss with a penalty on what it gets wrong: g / (1 + k (1 - g)).

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const penaltyGeneralisedDice = defineLoss({
  name: "penalty-generalised-dice",
  title: "Penalty generalised Dice loss",
  family: "region",
  parameters: {
    penalty: {
      symbol: "c",
      default: 2.5,
      min: 0,
      meaning: "how much more a poor overlap costs than with generalised Dice; 0 gives that loss",
    },
    weightPower: {
      symbol: "k",
      default: 2,
      min: 0,
      meaning: "a class weighs 1 / its voxels to this power: 2 in the paper, 1 for inverse volume, 0 for equal weights",
    },
    ...smoothing(0),
  },
  formula: `
    Y = sum(y)
    rarest = classes_max(where(Y > 0, 1 / Y^k, 0))
    w = where(Y > 0, 1 / Y^k, rarest)
    g = 1 - (2 * classes_sum(w * sum(p * y)) + s) / (classes_sum(w * (sum(p) + sum(y))) + s_d)
    loss = g / (1 + c * (1 - g))
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 0, half: 0.125 },
  identities: [
    {
      parameters: { penalty: 0, smooth: 1 },
      equals: [{ weight: 1, loss: "generalised-dice", parameters: { smooth: 1 } }],
    },
  ],
  elsewhere: {
    segloss: { name: "PenaltyGDiceLoss", differs: "puts minus the score where the loss belongs" },
  },
  use:
    "Use it to reproduce work that used it. " +
    "Avoid the copies in circulation, which put minus the score where g belongs, and expect little over generalised Dice.",
  references: ["yang2019"],
});
