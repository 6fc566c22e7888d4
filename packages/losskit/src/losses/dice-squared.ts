// Dice loss of the V-Net: squares in the denominator, so that the gradient fades where a background voxel is nearly right.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const diceSquared = defineLoss({
  name: "dice-squared",
  title: "Squared Dice loss",
  family: "region",
  parameters: smoothing(1e-5),
  formula: `
    I = sum(p * y)
    loss = 1 - (2 * I + s) / (sum(p^2) + sum(y^2) + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.2 },
  identities: [],
  elsewhere: {
    monai: { name: "DiceLoss(sigmoid=True, squared_pred=True)" },
    segloss: { name: "SoftDiceLoss(square=True)", differs: "squares tp, fp and fn voxel by voxel" },
  },
  use:
    "Use it for volumes with one small object, as V-Net did. " +
    "Avoid it to push the last faint false alarms down: the slope of a background voxel fades with its probability.",
  references: ["milletari2016"],
});
