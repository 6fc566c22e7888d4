// Rectified region-wise loss: probability times a map that is 1 outside a class and falls to -1 at its deepest voxel.

import { defineLoss } from "./define.js";

export const regionWise = defineLoss({
  name: "region-wise",
  title: "Region-wise loss",
  family: "boundary",
  parameters: {},
  // 1e-6 is for a class whose only voxels are ignored: its depth is 0.
  formula: `
    depth = distance(1 - y)
    map = where(y > 0, -depth / max(max(depth), 1e-6), 1)
    loss = mean(p * map)
  `,
  options: { images: "each" },
  range: [-1, 1],
  values: { perfect: -0.342131, inverted: 0.5, empty: 0, falseAlarm: 1, half: 0 },
  identities: [],
  use:
    "Use it as a boundary-aware loss that needs no partner and no schedule. " +
    "Avoid it where objects are thin: all their voxels are about as deep.",
  references: ["valverde2021"],
});
