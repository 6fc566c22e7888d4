// Boundary loss: probability times the signed distance to the object's border, negative inside.

import { defineLoss } from "./define.js";

export const boundary = defineLoss({
  name: "boundary",
  title: "Boundary loss",
  family: "boundary",
  parameters: {},
  formula: "loss = mean(p * signed_distance(y))",
  options: { classes: "foreground", images: "each" },
  range: [null, null],
  values: { perfect: -0.265028, inverted: 0.765028, empty: 0, falseAlarm: 0, half: 0 },
  identities: [],
  elsewhere: {
    segloss: { name: "BDLoss", differs: "takes the distance map as an argument" },
    monai: { name: "BoundaryLoss", differs: "proposed in 2026; whether it was merged is not known" },
  },
  use:
    "Use it with a region loss whose share falls from 1 as its own rises, for very unbalanced objects. " +
    "Avoid it alone: its values are negative and empty predictions are an easy way out.",
  references: ["kervadec2019"],
});
