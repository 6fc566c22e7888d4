// Skeleton recall: the share of the thickened skeleton of the target that is found.

import { defineLoss } from "./define.js";

export const skeletonRecall = defineLoss({
  name: "skeleton-recall",
  title: "Skeleton recall loss",
  family: "topology",
  parameters: {
    radius: { symbol: "radius", default: 2, min: 0, whole: true, meaning: "voxels by which the skeleton is thickened" },
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty skeletons finite" },
  },
  // One skeleton of all classes that count, as the authors have it: classes that touch share theirs.
  formula: `
    tube = dilation(skeleton(classes_max(y)), radius) * y
    loss = 1 - (sum(tube * p) + s) / (sum(tube) + s)
  `,
  options: { classes: "foreground", images: "each" },
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 0, half: 0.5 },
  identities: [],
  use:
    "Use it with Dice and cross entropy for thin structures; no skeleton of the prediction is needed. " +
    "Avoid it alone: predicting everything is perfect recall.",
  references: ["kirchhoff2024"],
});
