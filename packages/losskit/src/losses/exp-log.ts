// Exponential logarithmic loss: powers of the logarithms of Dice and of cross entropy, rare classes weighing more.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const expLog = defineLoss({
  name: "exp-log",
  title: "Exponential logarithmic loss",
  family: "compound",
  parameters: {
    focus: {
      symbol: "gamma",
      default: 0.3,
      min: 0.01,
      meaning: "power of both logarithms: below 1 both poor and good predictions pull",
    },
    diceShare: {
      symbol: "r",
      default: 0.8,
      min: 0,
      max: 1,
      meaning: "share of the Dice term; cross entropy has the rest",
    },
    ...smoothing(1),
  },
  // Shares of the classes are those of the call; the paper has those of all labels.
  // -log1p(-D) is -log of the Dice coefficient with the digits of a small D, held at -log 1e-7 where nothing overlaps.
  formula: `
    I = sum(p * y)
    D = 1 - (2 * I + s) / (sum(p) + sum(y) + s_d)
    share = mean(y)
    w = where(share > 0, (classes_sum(share) / share)^0.5, 0)
    DiceTerm = classes_mean((-log1p(-min(D, 1 - 1e-7)))^gamma)
    CrossTerm = mean(classes_sum(w * y * (-log(p))^gamma))
    loss = r * DiceTerm + (1 - r) * CrossTerm
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: null },
  identities: [],
  elsewhere: {
    segloss: { name: "ExpLog_loss", differs: "has the power on the Dice term only, after the mean over classes" },
  },
  use:
    "Use it for many classes of very different size, some of them tiny. " +
    "Avoid it where a perfect score is near: below power 1 its slope grows without bound there.",
  references: ["wong2018"],
});
