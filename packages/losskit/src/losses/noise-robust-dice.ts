// Noise-robust Dice loss: the error to a power between 1 (mean absolute error) and 2 (Dice), over squared sums.

import { defineLoss } from "./define.js";

export const noiseRobustDice = defineLoss({
  name: "noise-robust-dice",
  title: "Noise-robust Dice loss",
  family: "region",
  parameters: {
    power: {
      symbol: "gamma",
      default: 1.5,
      min: 1,
      max: 2,
      meaning: "2 is squared Dice, 1 the mean absolute error over the masks",
    },
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: "loss = sum(abs(p - y)^gamma) / (sum(p^2 + y^2) + s)",
  range: [0, null],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: Math.SQRT1_2 * 0.4 },
  identities: [
    {
      parameters: { power: 2, smooth: 0.001 },
      equals: [{ weight: 1, loss: "dice-squared", parameters: { smooth: 0.001 } }],
    },
  ],
  use:
    "Use it where labels are partly wrong: below 2 the power keeps single wrong labels from ruling. " +
    "Avoid it alone on small objects and empty masks, where a faint false alarm costs more than a sure one; add cross entropy.",
  references: ["wang2020"],
});
