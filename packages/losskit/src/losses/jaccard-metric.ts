// Jaccard metric loss: IoU loss that is least where p equals y, soft labels too.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const jaccardMetric = defineLoss({
  name: "jaccard-metric",
  title: "Jaccard metric loss",
  family: "region",
  parameters: smoothing(1e-5),
  formula: `
    D = sum(abs(p - y))
    TP = (sum(p) + sum(y) - D) / 2
    loss = 1 - (TP + s) / (sum(p) + sum(y) - TP + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.5 },
  identities: [],
  elsewhere: {
    monai: { name: "DiceLoss(sigmoid=True, jaccard=True, soft_label=True)" },
    smp: { name: 'JaccardLoss("binary")' },
  },
  use:
    "Use it in place of IoU loss where labels are soft. " +
    "Avoid it only where hard labels make it plain IoU loss anyway and a kink at p = y is unwelcome.",
  references: ["wang2023"],
});
