// The page's PyTorch focal loss: the focal formula applied once, to the mean of the binary cross entropy.

import { defineLoss } from "../define.js";

export const focalOfMeanBce = defineLoss({
  name: "focal-of-mean-bce",
  title: "Focal formula of the mean BCE",
  family: "distribution",
  parameters: {
    scale: { symbol: "alpha", default: 0.8, min: 0, meaning: "one factor on everything" },
    focus: { symbol: "gamma", default: 2, min: 0, meaning: "power of 1 - exp(-BCE), the same for all voxels" },
  },
  formula: `
    BCE = -mean(y * log(p) + (1 - y) * log(1 - p))
    loss = alpha * (1 - exp(-BCE))^gamma * BCE
  `,
  activations: ["sigmoid", "none"],
  options: { joinClasses: "pooled" },
  range: [0, null],
  identities: [
    {
      parameters: { scale: 1, focus: 0 },
      equals: [{ weight: 1, loss: "bce", parameters: {} }],
    },
  ],
  use:
    "Use it only to repeat a result that was made with it. " +
    "Avoid it otherwise: it does not focus on any voxel; focal does.",
  references: ["page", "lin2017"],
  erratum: {
    of: "focal",
    source: "the page's PyTorch code",
    difference:
      "It averages the cross entropy over all voxels first and weighs that one number, where the paper weighs each voxel by its own (1 - p_t)^gamma, and its alpha scales everything instead of balancing the classes.",
  },
});
