// One-sided Hausdorff loss: squared errors, weighted by the squared distance to the target's border alone.

import { defineLoss } from "./define.js";

export const oneSidedHausdorff = defineLoss({
  name: "one-sided-hausdorff",
  title: "One-sided Hausdorff loss",
  family: "boundary",
  parameters: {},
  // Distances that are 1 on the border, as in hausdorff-dt: with a signed map, which is 0 there, objects two voxels wide could be missed for nothing.
  formula: `
    d = distance(y) + distance(1 - y)
    loss = mean((p - y)^2 * d^2)
  `,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: 2.6, empty: 0, falseAlarm: 0, half: 0 },
  identities: [],
  use:
    "Use it in place of the Hausdorff distance loss where a distance transform per step is too slow: the target's can be kept. " +
    "Avoid it where misses far inside matter less than far false alarms; it weighs both.",
  references: ["karimi2020", "celaya2023"],
});
