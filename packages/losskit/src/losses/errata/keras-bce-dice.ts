// The page's Keras BCE-Dice loss: smooth is 1e-6, probabilities are clipped at 1e-7.

import { defineLoss } from "../define.js";

export const kerasBceDice = defineLoss({
  name: "keras-bce-dice",
  title: "BCE-Dice loss with smooth 1e-6 and clipped probabilities",
  family: "compound",
  parameters: {
    smooth: { symbol: "s", default: 1e-6, min: 0, meaning: "keeps empty masks finite" },
    clip: {
      symbol: "eps",
      default: 1e-7,
      min: 0,
      max: 0.5,
      meaning: "Keras keeps probabilities this far from 0 and 1",
    },
    logOffset: {
      symbol: "delta",
      default: 0,
      min: 0,
      meaning: "added inside the logarithm: 1e-7 in Keras 2 on TensorFlow",
    },
  },
  formula: `
    clipped = clamp(p, eps, 1 - eps)
    BCE = -mean(y * log(clipped + delta) + (1 - y) * log(1 - clipped + delta))
    Dice = 1 - (2 * sum(p * y) + s) / (sum(p) + sum(y) + s)
    loss = BCE + Dice
  `,
  activations: ["sigmoid", "none"],
  options: { joinClasses: "pooled" },
  range: [0, null],
  identities: [],
  use:
    "Use it to repeat a result of the page's Keras code. " +
    "Avoid it for training from logits: where Keras clips, a wrong voxel has no gradient; bce-dice keeps it.",
  references: ["page"],
  erratum: {
    of: "bce-dice",
    source: "the page's Keras code",
    difference:
      "Its smooth is 1e-6 where the PyTorch code has 1, and Keras clips the probabilities, so the cross entropy of a saturated voxel is bounded and flat.",
  },
});
