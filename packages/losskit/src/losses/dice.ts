// Dice loss: one minus the soft Dice coefficient, with plain (not squared) sums.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const dice = defineLoss({
  name: "dice",
  title: "Dice loss",
  family: "region",
  parameters: smoothing(1e-5),
  formula: `
    I = sum(p * y)
    loss = 1 - (2 * I + s) / (sum(p) + sum(y) + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 1 / 3 },
  identities: [
    {
      parameters: { smooth: 2 },
      equals: [
        { weight: 1, loss: "tversky", parameters: { falsePositiveWeight: 0.5, falseNegativeWeight: 0.5, smooth: 1 } },
      ],
    },
  ],
  elsewhere: {
    monai: { name: "DiceLoss(sigmoid=True)" },
    smp: { name: 'DiceLoss("binary")', differs: "on soft labels it is dice-semimetric" },
    nnunet: { name: "MemoryEfficientSoftDiceLoss" },
    segloss: {
      name: "SoftDiceLoss",
      differs: "returns minus the score; square=True squares tp, fp and fn voxel by voxel",
    },
    keras: { name: "losses.Dice()" },
    kornia: {
      name: "DiceLoss",
      differs: "sums all classes together by default, and has an epsilon in the denominator only",
    },
    optax: { name: "dice_loss", differs: "written as Tversky: its smoothing counts twice; one number per image" },
  },
  use:
    "Use it when the object is small against the background, which it does not count. " +
    "Avoid it alone where many images have an empty mask or where calibrated probabilities matter; add cross entropy then.",
  references: ["drozdzal2016", "milletari2016"],
});
