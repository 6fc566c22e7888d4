// BCE-Dice loss: binary cross entropy plus Dice loss.

import { defineLoss } from "./define.js";

export const bceDice = defineLoss({
  name: "bce-dice",
  title: "BCE-Dice loss",
  family: "compound",
  parameters: {
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty masks finite, as in the Dice loss" },
  },
  formula: `
    BCE = -mean(y * log(p) + (1 - y) * log(1 - p))
    Dice = 1 - (2 * sum(p * y) + s) / (sum(p) + sum(y) + s)
    loss = BCE + Dice
  `,
  activations: ["sigmoid", "none"],
  range: [0, null],
  identities: [
    {
      parameters: { smooth: 1 },
      equals: [
        { weight: 1, loss: "bce", parameters: {} },
        { weight: 1, loss: "dice", parameters: { smooth: 1 } },
      ],
    },
  ],
  use:
    "Use it as the first choice for one foreground class: cross entropy gives a steady gradient, Dice the balance. " +
    "Avoid it where false positives and misses cost differently; Tversky has a dial for that.",
  references: ["isensee2018", "drozdzal2016"],
});
