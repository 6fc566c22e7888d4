// Generalised Dice loss with a penalty on what it gets wrong: what is wrong counts 1 + k times.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";
import { VOLUME_WEIGHTS, WEIGHT_POWER } from "./volume-weights.js";

export const penaltyGeneralisedDice = defineLoss({
  name: "penalty-generalised-dice",
  title: "Penalty generalised Dice loss",
  family: "region",
  parameters: {
    penalty: {
      symbol: "c",
      default: 2.5,
      min: 0,
      meaning: "errors count 1 + c times as much against the overlap as in generalised Dice, which 0 gives",
    },
    ...WEIGHT_POWER,
    ...smoothing(0),
  },
  // One minus the penalised score GD / (1 + c (1 - GD)), GD = 1 - g: written by g, so that a small loss keeps its digits.
  formula: `${VOLUME_WEIGHTS}
    g = 1 - (2 * classes_sum(w * sum(p * y)) + s) / (classes_sum(w * (sum(p) + sum(y))) + s_d)
    loss = (1 + c) * g / (1 + c * g)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 0, half: 3.5 / 5.5 },
  identities: [
    {
      parameters: { penalty: 0, smooth: 1 },
      equals: [{ weight: 1, loss: "generalised-dice", parameters: { smooth: 1 } }],
    },
  ],
  elsewhere: {
    segloss: { name: "PenaltyGDiceLoss", differs: "has minus the score both above and below the fraction" },
  },
  use:
    "Use it as generalised Dice where false alarms and misses should cost more from the start. " +
    "Avoid the copies in circulation, which have a sign wrong; with one channel class weights do nothing, and an empty mask costs nothing.",
  references: ["yang2019"],
});
