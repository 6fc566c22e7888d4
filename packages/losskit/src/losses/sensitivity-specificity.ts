// Sensitivity-specificity loss: mean squared error of the foreground and of the background, weighted.

import { defineLoss } from "./define.js";

export const sensitivitySpecificity = defineLoss({
  name: "sensitivity-specificity",
  title: "Sensitivity-specificity loss",
  family: "region",
  parameters: {
    sensitivityShare: {
      symbol: "r",
      default: 0.05,
      min: 0,
      max: 1,
      meaning: "share of the error on the foreground; the background has the rest",
    },
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty and full masks finite" },
  },
  formula: `
    error = (y - p)^2
    missed = sum(error * y) / (sum(y) + s)
    marked = sum(error * (1 - y)) / (sum(1 - y) + s)
    loss = r * missed + (1 - r) * marked
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 0.95, half: 0.0125 },
  weighs: { sensitivityShare: "foreground" },
  identities: [],
  elsewhere: {
    segloss: { name: "SSLoss", differs: "has a share of 0.1 and a smoothing of 1" },
  },
  use:
    "Use it where the two kinds of error must be traded against each other as rates. " +
    "Avoid it on tiny objects with the default share: one voxel's worth of background hardly counts.",
  references: ["brosch2015"],
});
