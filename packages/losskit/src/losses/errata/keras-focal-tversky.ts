// The page's Keras focal Tversky loss: smooth is 1e-6 and the exponent is gamma itself.

import { defineLoss } from "../define.js";

export const kerasFocalTversky = defineLoss({
  name: "keras-focal-tversky",
  title: "Tversky loss to the power gamma with smooth 1e-6",
  family: "region",
  parameters: {
    falsePositiveWeight: { symbol: "alpha", default: 0.5, min: 0, meaning: "cost of a voxel wrongly marked" },
    falseNegativeWeight: { symbol: "beta", default: 0.5, min: 0, meaning: "cost of a voxel missed" },
    exponent: { symbol: "gamma", default: 2, min: 0, meaning: "power of the Tversky loss" },
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: `
    TP = sum(p * y)
    FP = sum(p * (1 - y))
    FN = sum((1 - p) * y)
    loss = (1 - (TP + s) / (TP + alpha * FP + beta * FN + s))^gamma
  `,
  options: { joinClasses: "pooled" },
  range: [0, 1],
  identities: [
    {
      parameters: { falsePositiveWeight: 0.3, falseNegativeWeight: 0.7, exponent: 1, smooth: 1 },
      equals: [
        { weight: 1, loss: "tversky", parameters: { falsePositiveWeight: 0.3, falseNegativeWeight: 0.7, smooth: 1 } },
      ],
    },
  ],
  use:
    "Use it to repeat a result of the page's Keras code. " +
    "Avoid it otherwise: with the power 2 the gradient fades as the prediction improves.",
  references: ["page", "abraham2019"],
  erratum: {
    of: "focal-tversky",
    source: "the page's Keras code",
    difference:
      "The exponent is gamma = 2 where the paper has 1/gamma = 0.75, and smooth is 1e-6 where the PyTorch code has 1.",
  },
});
