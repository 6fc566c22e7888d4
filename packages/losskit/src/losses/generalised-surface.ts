// Generalised surface loss: one minus the share of the target's squared distance map that the prediction keeps.

import { defineLoss } from "./define.js";

export const generalisedSurface = defineLoss({
  name: "generalised-surface",
  title: "Generalised surface loss",
  family: "boundary",
  parameters: {
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps images without a border finite" },
  },
  formula: `
    phi = signed_distance(y)
    w = 1 / (sum(y)^2 + 1)
    loss = 1 - classes_sum(w * sum((phi * (1 - (y + p)))^2)) / (classes_sum(w * sum(phi^2)) + s)
  `,
  options: { images: "each" },
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 1, falseAlarm: 1, half: 1 },
  identities: [],
  use:
    "Use it with a region loss where a boundary term from 0 to 1 is wanted, which the boundary loss is not. " +
    "Avoid it where masks may be empty, as it is 1 there whatever is predicted, and for objects two voxels wide, which are all border.",
  references: ["celaya2023"],
});
