// IoU (Jaccard) loss: one minus the soft intersection over union.

import { defineLoss } from "./define.js";

export const iou = defineLoss({
  name: "iou",
  title: "IoU (Jaccard) loss",
  family: "region",
  parameters: {
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: `
    I = sum(p * y)
    loss = 1 - (I + s) / (sum(p) + sum(y) - I + s)
  `,
  range: [0, 1],
  identities: [
    {
      parameters: { smooth: 0.5 },
      equals: [
        { weight: 1, loss: "tversky", parameters: { falsePositiveWeight: 1, falseNegativeWeight: 1, smooth: 0.5 } },
      ],
    },
  ],
  use:
    "Use it when IoU is the measure you report; it ranks predictions as Dice does and punishes the worst more. " +
    "Avoid it where Dice loss already trains slowly: its gradient far from the solution is smaller still.",
  references: ["rahman2016"],
});
