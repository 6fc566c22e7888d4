// The page's Combo loss: the paper's objective with its sign turned and one weight on both terms of the cross entropy.

import { defineLoss } from "../define.js";

export const comboNegated = defineLoss({
  name: "combo-negated",
  title: "Combo loss with its sign turned",
  family: "compound",
  parameters: {
    crossEntropyShare: {
      symbol: "r",
      default: 0.5,
      min: 0,
      max: 1,
      meaning: "share of cross entropy (the page's CE_RATIO)",
    },
    weight: {
      symbol: "A",
      default: 0.5,
      min: 0,
      max: 1,
      meaning: "the page's ALPHA: positives weigh A, negatives A (1 - A)",
    },
    smooth: { symbol: "s", default: 1, min: 0, meaning: "keeps empty masks finite" },
    clip: {
      symbol: "eps",
      default: 1e-9,
      min: 0,
      max: 0.5,
      meaning: "cross entropy sees probabilities at least this far from 0 and 1; 0 for no clipping",
    },
  },
  // Clips the logarithms where code that clips p has them: 1 - (1 - eps) is what is left of eps after rounding.
  formula: `
    logP = clamp(log(p), log(eps), log(1 - eps))
    logQ = clamp(log(1 - p), log(1 - (1 - eps)), log(1 - eps))
    CE = -mean(A * (y * logP + (1 - A) * (1 - y) * logQ))
    Dice = (2 * sum(p * y) + s) / (sum(p) + sum(y) + s)
    loss = -(r * CE - (1 - r) * Dice)
  `,
  activations: ["sigmoid", "none"],
  options: { joinClasses: "pooled" },
  range: [null, 0.5],
  identities: [
    {
      parameters: { crossEntropyShare: 0, weight: 0.5, smooth: 1, clip: 0 },
      equals: [{ weight: -1, loss: "dice", parameters: { smooth: 1 } }],
      offset: 1,
    },
  ],
  use:
    "Use it only to show what the page's code computes. " +
    "Avoid it for training: minimising it lowers the Dice and raises the cross entropy; combo is the paper's form.",
  references: ["page", "taghanaki2019"],
  erratum: {
    of: "combo",
    source: "the page's PyTorch code",
    difference:
      "It returns minus what the paper minimises, and a misplaced parenthesis gives negatives the weight A (1 - A) instead of 1 - A.",
  },
});
