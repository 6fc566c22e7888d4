// Log Dice loss: minus the logarithm of the Dice coefficient.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const logDice = defineLoss({
  name: "log-dice",
  title: "Log Dice loss",
  family: "region",
  parameters: {
    floor: { symbol: "floor", default: 1e-7, min: 0, max: 1, meaning: "least score that the logarithm sees" },
    ...smoothing(1e-5),
  },
  // log1p(-D) is log of the score with the digits of a small D.
  formula: `
    I = sum(p * y)
    D = 1 - (2 * I + s) / (sum(p) + sum(y) + s_d)
    loss = -log1p(-min(D, 1 - floor))
  `,
  range: [0, -Math.log(1e-7)],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: Math.log(1.5) },
  identities: [
    {
      parameters: { smooth: 1 },
      equals: [{ weight: 1, loss: "dice", parameters: { smooth: 1 }, options: { form: "log" } }],
    },
  ],
  elsewhere: {
    smp: {
      name: 'DiceLoss("binary", log_loss=True)',
      differs: "on soft labels it is minus the logarithm of dice-semimetric",
    },
  },
  use:
    "Use it where Dice stalls on objects that are hardly found at all: the slope grows as the score falls. " +
    "Avoid it where masks may be empty: below the floor of the score, as with 100 false alarms on one, there is no slope.",
  references: ["wong2018"],
});
