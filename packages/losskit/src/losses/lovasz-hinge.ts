// Lovász hinge: the convex extension of the Jaccard loss, on hinge errors of one channel's raw output.

import { defineLoss } from "./define.js";

export const lovaszHinge = defineLoss({
  name: "lovasz-hinge",
  title: "Lovász hinge loss",
  family: "region",
  parameters: {},
  formula: `
    errors = max(1 - (2 * y - 1) * x, 0)
    loss = lovasz(errors, y)
  `,
  activations: ["sigmoid"],
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 1 },
  identities: [],
  elsewhere: {
    smp: { name: 'LovaszLoss("binary")' },
    kornia: { name: "lovasz_hinge_loss" },
  },
  use:
    "Use it to fine-tune for IoU after some epochs of cross entropy, for one foreground class. " +
    "Avoid it from scratch or on batches of mostly empty masks, where one voxel per image gets all the gradient.",
  references: ["berman2018"],
});
