// Power Jaccard loss: IoU loss with powers of the two masks in the union.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const powerJaccard = defineLoss({
  name: "power-jaccard",
  title: "Power Jaccard loss",
  family: "region",
  parameters: {
    power: { symbol: "k", default: 2, min: 1, max: 2, meaning: "1 is IoU loss, 2 has squared masks as in V-Net" },
    ...smoothing(1e-5),
  },
  formula: `
    I = sum(p * y)
    loss = 1 - (I + s) / (sum(p^k) + sum(y^k) - I + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 1 / 3 },
  identities: [
    { parameters: { power: 1, smooth: 1 }, equals: [{ weight: 1, loss: "iou", parameters: { smooth: 1 } }] },
  ],
  elsewhere: { monai: { name: "DiceLoss(sigmoid=True, squared_pred=True, jaccard=True)" } },
  use:
    "Use it as IoU loss with the squares of V-Net's Dice: errors of certain voxels weigh more. " +
    "Avoid it where plain IoU already trains well; the power is one more thing to choose.",
  references: ["duque2021"],
});
