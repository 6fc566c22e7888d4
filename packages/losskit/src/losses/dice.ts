// Dice loss: one minus the soft Dice coefficient, with plain (not squared) sums.

import { defineLoss } from "./define.js";

export const dice = defineLoss({
  name: "dice",
  title: "Dice loss",
  family: "region",
  parameters: {
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty masks finite; on an empty mask, how gently" },
  },
  formula: `
    I = sum(p * y)
    loss = 1 - (2 * I + s) / (sum(p) + sum(y) + s)
  `,
  range: [0, 1],
  identities: [
    {
      parameters: { smooth: 2 },
      equals: [
        { weight: 1, loss: "tversky", parameters: { falsePositiveWeight: 0.5, falseNegativeWeight: 0.5, smooth: 1 } },
      ],
    },
  ],
  use:
    "Use it when the object is small against the background, which it does not count. " +
    "Avoid it alone where many images have an empty mask or where calibrated probabilities matter; add cross entropy then.",
  references: ["drozdzal2016", "milletari2016"],
});
