// Poly-1 loss: cross entropy with one more multiple of the first term of its series, 1 - p.

import { defineLoss } from "./define.js";

export const poly = defineLoss({
  name: "poly",
  title: "Poly-1 cross entropy",
  family: "distribution",
  parameters: {
    epsilon: {
      symbol: "epsilon",
      default: 2,
      min: -1,
      meaning:
        "multiple of 1 - p that is added: the paper's 2 is for image classification, -1 for instance segmentation, 0 is cross entropy",
    },
  },
  formula: "loss = mean(classes_sum(y * (epsilon * (1 - p) - log(p))))",
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 1 + Math.LN2 },
  identities: [{ parameters: { epsilon: 0 }, equals: [{ weight: 1, loss: "ce", parameters: {} }] }],
  elsewhere: {
    optax: { name: "poly_loss_cross_entropy(epsilon=2)", differs: "one number per voxel, not their mean" },
  },
  use:
    "Use it as cross entropy with one dial for how hard certain voxels are pulled. " +
    "Avoid it without a search for that dial: the best value differs from task to task, even in sign.",
  references: ["leng2022"],
});
