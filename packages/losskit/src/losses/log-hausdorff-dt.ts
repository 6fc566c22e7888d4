// Logarithm of one plus the Hausdorff distance loss by distance transforms.

import { BORDER_DISTANCES, DISTANCE_POWER } from "./border-distances.js";
import { defineLoss } from "./define.js";

export const logHausdorffDt = defineLoss({
  name: "log-hausdorff-dt",
  title: "Log Hausdorff distance loss",
  family: "boundary",
  parameters: DISTANCE_POWER,
  formula: `${BORDER_DISTANCES}
    loss = log1p(mean((p - y)^2 * (d_p^alpha + d_y^alpha)))
  `,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0, inverted: 1.82455, empty: 0, falseAlarm: 0, half: 0 },
  identities: [],
  elsewhere: {
    monai: {
      name: "LogHausdorffDTLoss(sigmoid=True)",
      differs: "takes the logarithm after the mean over images and classes",
    },
  },
  use:
    "Use it in place of the Hausdorff distance loss where that is too large beside its partner. " +
    "Avoid it from scratch and alone, as that loss.",
  references: ["karimi2020"],
});
