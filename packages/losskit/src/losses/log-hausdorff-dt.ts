// Logarithm of one plus the Hausdorff distance loss by distance transforms.

import { defineLoss } from "./define.js";

export const logHausdorffDt = defineLoss({
  name: "log-hausdorff-dt",
  title: "Log Hausdorff distance loss",
  family: "boundary",
  parameters: {
    exponent: {
      symbol: "alpha",
      default: 2,
      min: 0,
      meaning: "power of the distances: how much more an error costs far from the borders",
    },
  },
  formula: `
    marked = p > 0.5
    d_p = distance(marked) + distance(1 - marked)
    d_y = distance(y) + distance(1 - y)
    loss = log1p(mean((p - y)^2 * (d_p^alpha + d_y^alpha)))
  `,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: 1.82455, empty: 0, falseAlarm: 0, half: 0 },
  identities: [],
  elsewhere: {
    monai: {
      name: "LogHausdorffDTLoss(sigmoid=True)",
      differs: "takes the logarithm after the mean over images and classes",
    },
  },
  use:
    "Use it in place of the Hausdorff distance loss where that is too large beside its partner. " +
    "Avoid it from scratch and alone, as that loss.",
  references: ["karimi2020"],
});
