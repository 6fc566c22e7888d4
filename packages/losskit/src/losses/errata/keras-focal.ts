// The page's Keras focal loss: per voxel as in the paper, but with one factor for both classes.

import { defineLoss } from "../define.js";

export const kerasFocal = defineLoss({
  name: "keras-focal",
  title: "Focal loss with one factor for both classes",
  family: "distribution",
  parameters: {
    scale: { symbol: "alpha", default: 0.8, min: 0, meaning: "one factor on everything" },
    focus: { symbol: "gamma", default: 2, min: 0, meaning: "how much less a voxel counts that is already right" },
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
    BCE = -(y * log(clipped + delta) + (1 - y) * log(1 - clipped + delta))
    loss = mean(alpha * (1 - exp(-BCE))^gamma * BCE)
  `,
  activations: ["sigmoid", "none"],
  options: { joinClasses: "pooled" },
  range: [0, null],
  identities: [],
  use:
    "Use it to repeat a result of the page's Keras code. " +
    "Avoid it where the classes need balancing: its alpha scales foreground and background alike.",
  references: ["page", "lin2017"],
  erratum: {
    of: "focal",
    source: "the page's Keras code",
    difference:
      "Its alpha scales both classes alike, where the paper has alpha for foreground and 1 - alpha for background; unlike the PyTorch code it does weigh each voxel.",
  },
});
