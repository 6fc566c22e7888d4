// Tversky loss: Dice with separate costs for voxels wrongly marked and voxels missed.

import { defineLoss } from "./define.js";

export const tversky = defineLoss({
  name: "tversky",
  title: "Tversky loss",
  family: "region",
  parameters: {
    falsePositiveWeight: { symbol: "alpha", default: 0.3, min: 0, meaning: "cost of a voxel wrongly marked" },
    falseNegativeWeight: { symbol: "beta", default: 0.7, min: 0, meaning: "cost of a voxel missed" },
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: `
    TP = sum(p * y)
    FP = sum(p * (1 - y))
    FN = sum((1 - p) * y)
    loss = 1 - (TP + s) / (TP + alpha * FP + beta * FN + s)
  `,
  range: [0, 1],
  identities: [
    {
      parameters: { falsePositiveWeight: 0.5, falseNegativeWeight: 0.5, smooth: 1 },
      equals: [{ weight: 1, loss: "dice", parameters: { smooth: 2 } }],
    },
    {
      parameters: { falsePositiveWeight: 1, falseNegativeWeight: 1, smooth: 1 },
      equals: [{ weight: 1, loss: "iou", parameters: { smooth: 1 } }],
    },
  ],
  use:
    "Use it when a missed lesion costs more than a false alarm, or the reverse: the two weights say how much. " +
    "Avoid it without a reason to prefer one error; with equal weights it is Dice.",
  references: ["salehi2017"],
});
