// Hausdorff distance loss by erosions: errors that outlive more erosions, so lie deeper in a wrong region, cost more.

import { defineLoss } from "./define.js";

export const hausdorffErosion = defineLoss({
  name: "hausdorff-erosion",
  title: "Hausdorff erosion loss",
  family: "boundary",
  parameters: {
    iterations: { symbol: "iterations", default: 10, min: 1, whole: true, meaning: "number of erosions" },
    exponent: { symbol: "alpha", default: 2, min: 0, meaning: "power of the number of the erosion" },
  },
  formula: "loss = mean(soft_erosions((p - y)^2, iterations, alpha))",
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 0 },
  identities: [],
  elsewhere: {
    kornia: { name: "HausdorffERLoss, HausdorffERLoss3D" },
    segloss: { name: "HausdorffERLoss", differs: "goes through NumPy: no gradient; its 3D kernel is no cross" },
  },
  use:
    "Use it where errors come as thick blobs and distance transforms are too slow. " +
    "Avoid it for thin errors, which the first erosion wipes out with their gradient.",
  references: ["karimi2020"],
});
