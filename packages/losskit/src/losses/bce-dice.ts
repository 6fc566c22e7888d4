// BCE-Dice loss: binary cross entropy plus Dice loss.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const bceDice = defineLoss({
  name: "bce-dice",
  title: "BCE-Dice loss",
  family: "compound",
  parameters: smoothing(1e-5),
  formula: `
    BCE = -mean(y * log(p) + (1 - y) * log(1 - p))
    Dice = 1 - (2 * sum(p * y) + s) / (sum(p) + sum(y) + s_d)
    loss = BCE + Dice
  `,
  activations: ["sigmoid", "none"],
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 1 / 3 + Math.LN2 },
  identities: [
    {
      parameters: { smooth: 1 },
      equals: [
        { weight: 1, loss: "bce", parameters: {} },
        { weight: 1, loss: "dice", parameters: { smooth: 1 } },
      ],
    },
  ],
  elsewhere: {
    monai: {
      name: "DiceCELoss(sigmoid=True)",
      differs: "with several channels its cross entropy is categorical",
    },
    nnunet: { name: "DC_and_BCE_loss", differs: "its Dice part is minus the score" },
  },
  use:
    "Use it as the first choice for one foreground class: cross entropy gives a steady gradient, Dice the balance. " +
    "Avoid it where false positives and misses cost differently; Tversky has a dial for that.",
  references: ["isensee2018", "drozdzal2016"],
});
