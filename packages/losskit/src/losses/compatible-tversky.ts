// Compatible Tversky loss: Tversky loss that is least where p equals y, soft labels too.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";
import { TVERSKY_WEIGHTS } from "./tversky-weights.js";

export const compatibleTversky = defineLoss({
  name: "compatible-tversky",
  title: "Compatible Tversky loss",
  family: "region",
  parameters: { ...TVERSKY_WEIGHTS, ...smoothing(1e-5) },
  formula: `
    D = sum(abs(p - y))
    TP = (sum(p) + sum(y) - D) / 2
    FP = sum(p) - TP
    FN = sum(y) - TP
    loss = 1 - (TP + s) / (TP + alpha * FP + beta * FN + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.411764 },
  weighs: { falsePositiveWeight: "false positives", falseNegativeWeight: "false negatives" },
  identities: [
    {
      parameters: { falsePositiveWeight: 0.5, falseNegativeWeight: 0.5, smooth: 1 },
      equals: [{ weight: 1, loss: "dice-semimetric", parameters: { smooth: 2 } }],
    },
  ],
  elsewhere: {
    monai: { name: "TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7, soft_label=True)" },
    smp: { name: 'TverskyLoss("binary", alpha=0.3, beta=0.7)' },
  },
  use:
    "Use it in place of Tversky loss where labels are soft. " +
    "Avoid it without a reason to prefer one error; with 0.5 and 0.5 it is the Dice semimetric loss.",
  references: ["wang2023dml"],
});
