// The page's Keras IoU loss: smooth is 1e-6.

import { defineLoss } from "../define.js";

export const kerasIou = defineLoss({
  name: "keras-iou",
  title: "IoU loss with smooth 1e-6",
  family: "region",
  parameters: {
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: `
    I = sum(p * y)
    loss = 1 - (I + s) / (sum(p) + sum(y) - I + s)
  `,
  options: { joinClasses: "pooled" },
  range: [0, 1],
  identities: [{ parameters: { smooth: 1 }, equals: [{ weight: 1, loss: "iou", parameters: { smooth: 1 } }] }],
  use:
    "Use it to repeat a result of the page's Keras code. " +
    "Avoid mixing it up with the PyTorch code beside it, whose smooth is 1.",
  references: ["page"],
  erratum: {
    of: "iou",
    source: "the page's Keras code",
    difference:
      "Its smooth is 1e-6 where the PyTorch code has 1; as printed, K.dot of two vectors does not run, and a sum of products is meant.",
  },
});
