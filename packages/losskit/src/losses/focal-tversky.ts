// Focal Tversky loss of the paper: the Tversky loss of each class to the power 1/gamma, summed over classes.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const focalTversky = defineLoss({
  name: "focal-tversky",
  title: "Focal Tversky loss",
  family: "region",
  parameters: {
    falsePositiveWeight: {
      symbol: "beta",
      default: 0.3,
      min: 0,
      meaning: "cost of a voxel wrongly marked (the paper's beta)",
    },
    falseNegativeWeight: {
      symbol: "alpha",
      default: 0.7,
      min: 0,
      meaning: "cost of a voxel missed (the paper's alpha)",
    },
    focus: {
      symbol: "gamma",
      default: 4 / 3,
      min: 1,
      max: 3,
      meaning: "the exponent is 1/gamma: above 1 the gradient stays large until a class is nearly right",
    },
    ...smoothing(1e-5),
  },
  formula: `
    TP = sum(p * y)
    FP = sum(p * (1 - y))
    FN = sum((1 - p) * y)
    TI = (TP + s) / (TP + alpha * FN + beta * FP + s_d)
    loss = (1 - TI)^(1 / gamma)
  `,
  options: { joinClasses: "sum" },
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.514028 },
  weighs: { falsePositiveWeight: "false positives", falseNegativeWeight: "false negatives" },
  identities: [
    {
      parameters: { falsePositiveWeight: 0.3, falseNegativeWeight: 0.7, focus: 1, smooth: 1 },
      equals: [
        { weight: 1, loss: "tversky", parameters: { falsePositiveWeight: 0.3, falseNegativeWeight: 0.7, smooth: 1 } },
      ],
    },
  ],
  elsewhere: {
    smp: { name: "TverskyLoss(gamma=...)", differs: "takes the power after the mean over classes" },
    segloss: { name: "FocalTversky_loss", differs: "takes the power after the mean over classes" },
  },
  use:
    "Use it for small structures that Tversky loss leaves half found: the power keeps pulling late in training. " +
    "Avoid it where predictions are nearly perfect, since its slope grows without bound there.",
  references: ["abraham2019"],
});
