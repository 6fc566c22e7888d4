// The page's Keras Tversky loss: smooth is 1e-6.

import { defineLoss } from "../define.js";

export const kerasTversky = defineLoss({
  name: "keras-tversky",
  title: "Tversky loss with smooth 1e-6",
  family: "region",
  parameters: {
    falsePositiveWeight: { symbol: "alpha", default: 0.5, min: 0, meaning: "cost of a voxel wrongly marked" },
    falseNegativeWeight: { symbol: "beta", default: 0.5, min: 0, meaning: "cost of a voxel missed" },
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: `
    TP = sum(p * y)
    FP = sum(p * (1 - y))
    FN = sum((1 - p) * y)
    loss = 1 - (TP + s) / (TP + alpha * FP + beta * FN + s)
  `,
  options: { joinClasses: "pooled" },
  range: [0, 1],
  identities: [
    {
      parameters: { falsePositiveWeight: 0.5, falseNegativeWeight: 0.5, smooth: 1 },
      equals: [{ weight: 1, loss: "dice", parameters: { smooth: 2 } }],
    },
  ],
  use:
    "Use it to repeat a result of the page's Keras code. " +
    "Avoid mixing it up with the PyTorch code beside it, whose smooth is 1.",
  references: ["page", "salehi2017"],
  erratum: {
    of: "tversky",
    source: "the page's Keras code",
    difference: "Its smooth is 1e-6 where the PyTorch code has 1, so the two give different values for the same masks.",
  },
});
