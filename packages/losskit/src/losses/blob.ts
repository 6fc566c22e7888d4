// Blob loss: the mean over the objects of the target of the Dice loss of each against all background.

import { defineLoss } from "./define.js";

export const blob = defineLoss({
  name: "blob",
  title: "Blob loss",
  family: "topology",
  parameters: {
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps objects and empty masks finite" },
  },
  formula: `
    id = components(y)
    outside = sum(p * (1 - y))
    I = sum_by(id, p)
    loss = instances_mean(1 - (2 * I + s) / (I + outside + sum_by(id, y) + s))
  `,
  options: { classes: "foreground", images: "each" },
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 0, half: 1 / 3 },
  identities: [],
  use:
    "Use it with Dice for many objects of different size, such as lesions, so that small ones count; its authors add it to twice the Dice. " +
    "Avoid it alone: it says nothing of an image without objects, and every false alarm counts against every object.",
  references: ["kofler2023"],
});
