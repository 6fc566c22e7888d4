// Lovász-Softmax: the convex extension of the Jaccard loss of each class, on the errors of its probability.

import { defineLoss } from "./define.js";

export const lovaszSoftmax = defineLoss({
  name: "lovasz-softmax",
  title: "Lovász-Softmax loss",
  family: "region",
  parameters: {},
  formula: `
    errors = abs(y - p)
    loss = lovasz(errors, y)
  `,
  options: { classes: "present", images: "together" },
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.5 },
  identities: [],
  elsewhere: {
    smp: { name: 'LovaszLoss("multiclass")' },
    segloss: { name: "LovaszSoftmax", differs: "applies no softmax and counts absent classes" },
    kornia: { name: "lovasz_softmax_loss", differs: "gathers the class index in place of the foreground" },
  },
  use:
    "Use it to raise the mean IoU of several classes, best together with or after cross entropy. " +
    "Avoid it with soft targets, which it is not defined for, and count absent classes only if you mean to.",
  references: ["berman2018"],
});
