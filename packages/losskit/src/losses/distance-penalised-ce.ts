// Cross entropy that weighs voxels by their nearness to the border of their own class.

import { defineLoss } from "./define.js";

export const distancePenalisedCe = defineLoss({
  name: "distance-penalised-ce",
  title: "Distance-penalised cross entropy",
  family: "distribution",
  parameters: {},
  // d is the depth of a voxel inside its class; the deepest voxel has nearness 0, and the border nearly 1. 1e-6 is for a class that has no depth.
  formula: `
    d = distance(1 - y)
    nearness = classes_sum(y * (1 - d / max(max(d), 1e-6)))
    loss = -mean((1 + nearness) * classes_sum(y * log(p)))
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 2 * Math.LN2 },
  identities: [],
  elsewhere: {
    segloss: { name: "DisPenalizedCE", differs: "computes the weights and returns the plain cross entropy" },
  },
  use:
    "Use it where errors sit at the borders and cross entropy alone blurs them. " +
    "Avoid it on objects of one voxel's width, which have a border only.",
  references: ["caliva2019"],
});
