// Centreline Dice: overlap of each mask with the soft skeleton of the other.

import { defineLoss } from "./define.js";

export const cldice = defineLoss({
  name: "cldice",
  title: "clDice loss",
  family: "topology",
  parameters: {
    iterations: {
      symbol: "iterations",
      default: 3,
      min: 0,
      whole: true,
      meaning: "erosions of the soft skeleton: at least the radius of the thickest tube, in voxels",
    },
    smooth: { symbol: "s", default: 1, min: 0, meaning: "keeps empty skeletons finite" },
  },
  formula: `
    skeleton_p = soft_skeleton(p, iterations)
    skeleton_y = soft_skeleton(y, iterations)
    precision = (sum(skeleton_p * y) + s) / (sum(skeleton_p) + s)
    sensitivity = (sum(skeleton_y * p) + s) / (sum(skeleton_y) + s)
    loss = 1 - 2 * precision * sensitivity / (precision + sensitivity)
  `,
  options: { classes: "foreground", images: "each" },
  range: [0, 1],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: 0, half: 0 },
  identities: [],
  elsewhere: {
    monai: { name: "SoftclDiceLoss", differs: "always leaves channel 0 out, so one channel gives 0" },
  },
  use:
    "Use it with Dice for vessels, roads and neurons, where connection matters more than width. " +
    "Avoid it for thick objects: the iterations must reach the radius, and cost a pass each.",
  references: ["shit2021"],
});
