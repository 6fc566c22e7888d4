// The page's focal Tversky loss: the exponent is gamma itself, 2 by default.

import { defineLoss } from "../define.js";

export const focalTverskyPower = defineLoss({
  name: "focal-tversky-power",
  title: "Tversky loss to the power gamma",
  family: "region",
  parameters: {
    falsePositiveWeight: { symbol: "alpha", default: 0.5, min: 0, meaning: "cost of a voxel wrongly marked" },
    falseNegativeWeight: { symbol: "beta", default: 0.5, min: 0, meaning: "cost of a voxel missed" },
    exponent: { symbol: "gamma", default: 2, min: 0, meaning: "power of the Tversky loss" },
    smooth: { symbol: "s", default: 1, min: 0, meaning: "keeps empty masks finite" },
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
      parameters: { falsePositiveWeight: 0.3, falseNegativeWeight: 0.7, exponent: 0.75, smooth: 1 },
      equals: [
        {
          weight: 1,
          loss: "focal-tversky",
          parameters: { falsePositiveWeight: 0.3, falseNegativeWeight: 0.7, focus: 4 / 3, smooth: 1 },
        },
      ],
    },
  ],
  use:
    "Use it only to repeat a result that was made with it. " +
    "Avoid it otherwise: with the power 2 the gradient fades as the prediction improves, the reverse of what the paper wants.",
  references: ["page", "abraham2019"],
  erratum: {
    of: "focal-tversky",
    source: "the page's PyTorch code",
    difference:
      "The exponent is gamma = 2 where the paper has 1/gamma with gamma = 4/3, so 0.75; alpha and beta have changed places too.",
  },
});
