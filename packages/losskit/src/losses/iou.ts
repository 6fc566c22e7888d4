// IoU (Jaccard) loss: one minus the soft intersection over union.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const iou = defineLoss({
  name: "iou",
  title: "IoU loss",
  family: "region",
  parameters: smoothing(1e-5),
  formula: `
    I = sum(p * y)
    loss = 1 - (I + s) / (sum(p) + sum(y) - I + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.5 },
  identities: [
    {
      parameters: { smooth: 1 },
      equals: [
        { weight: 1, loss: "tversky", parameters: { falsePositiveWeight: 1, falseNegativeWeight: 1, smooth: 1 } },
      ],
    },
  ],
  elsewhere: {
    monai: { name: "DiceLoss(sigmoid=True, jaccard=True)" },
    smp: { name: 'JaccardLoss("binary")', differs: "on soft labels it is jaccard-metric" },
    segloss: { name: "IoULoss", differs: "returns minus the score" },
  },
  use:
    "Use it where the result is judged by intersection over union. " +
    "Avoid it alone where many images have an empty mask; and expect the order of Dice, since one is a function of the other.",
  references: ["rahman2016"],
});
