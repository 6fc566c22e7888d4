// Hausdorff distance loss by distance transforms: squared errors, weighted by their distance to the borders of both masks.

import { BORDER_DISTANCES, DISTANCE_POWER } from "./border-distances.js";
import { defineLoss } from "./define.js";

export const hausdorffDt = defineLoss({
  name: "hausdorff-dt",
  title: "Hausdorff distance loss",
  family: "boundary",
  parameters: DISTANCE_POWER,
  formula: `${BORDER_DISTANCES}
    loss = mean((p - y)^2 * (d_p^alpha + d_y^alpha))
  `,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: 5.2, empty: 0, falseAlarm: 0, half: 0 },
  identities: [],
  elsewhere: {
    monai: { name: "HausdorffDTLoss(sigmoid=True)" },
    segloss: { name: "HausdorffDTLoss", differs: "raises where the prediction requires a gradient" },
  },
  use:
    "Use it with a region loss where single far errors spoil the Hausdorff distance. " +
    "Avoid it from scratch and alone; it needs a distance transform of the prediction in every step.",
  references: ["karimi2020"],
});
