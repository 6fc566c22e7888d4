// The page's Keras Dice loss: smooth is 1e-6.

import { defineLoss } from "../define.js";

export const kerasDice = defineLoss({
  name: "keras-dice",
  title: "Dice loss with smooth 1e-6",
  family: "region",
  parameters: {
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps empty masks finite" },
  },
  formula: "loss = 1 - (2 * sum(p * y) + s) / (sum(p) + sum(y) + s)",
  options: { joinClasses: "pooled" },
  range: [0, 1],
  identities: [{ parameters: { smooth: 1 }, equals: [{ weight: 1, loss: "dice", parameters: { smooth: 1 } }] }],
  use:
    "Use it to repeat a result of the page's Keras code. " +
    "Avoid mixing it up with the PyTorch code beside it, whose smooth is 1.",
  references: ["page"],
  erratum: {
    of: "dice",
    source: "the page's Keras code",
    difference:
      "Its smooth is 1e-6 where the PyTorch code has 1, so an empty mask costs nearly 1; as printed, K.dot of two vectors does not run, and a sum of products is meant.",
  },
});
