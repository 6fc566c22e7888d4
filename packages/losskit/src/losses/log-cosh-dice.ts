// Log-cosh Dice loss: the logarithm of the hyperbolic cosine of the Dice loss, which flattens it near 0.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const logCoshDice = defineLoss({
  name: "log-cosh-dice",
  title: "Log-cosh Dice loss",
  family: "region",
  parameters: smoothing(1e-5),
  formula: `
    I = sum(p * y)
    D = 1 - (2 * I + s) / (sum(p) + sum(y) + s_d)
    loss = log((exp(D) + exp(-D)) / 2)
  `,
  range: [0, Math.log(Math.cosh(1))],
  values: {
    perfect: 0,
    inverted: Math.log(Math.cosh(1)),
    empty: 0,
    falseAlarm: Math.log(Math.cosh(1)),
    half: Math.log(Math.cosh(1 / 3)),
  },
  identities: [],
  use:
    "Use it where Dice training jumps around near the end: the slope falls with the loss itself. " +
    "Avoid it early in training of tiny objects for the same reason; plain Dice pulls harder.",
  references: ["jadon2020"],
});
