// Tversky loss: Dice with separate costs for voxels wrongly marked and voxels missed.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";
import { TVERSKY_WEIGHTS } from "./tversky-weights.js";

export const tversky = defineLoss({
  name: "tversky",
  title: "Tversky loss",
  family: "region",
  parameters: { ...TVERSKY_WEIGHTS, ...smoothing(1e-5) },
  formula: `
    TP = sum(p * y)
    FP = sum(p * (1 - y))
    FN = sum((1 - p) * y)
    loss = 1 - (TP + s) / (TP + alpha * FP + beta * FN + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 0.411764 },
  weighs: { falsePositiveWeight: "false positives", falseNegativeWeight: "false negatives" },
  identities: [
    {
      parameters: { falsePositiveWeight: 0.5, falseNegativeWeight: 0.5, smooth: 1 },
      equals: [{ weight: 1, loss: "dice", parameters: { smooth: 2 } }],
    },
    {
      parameters: { falsePositiveWeight: 1, falseNegativeWeight: 1, smooth: 1 },
      equals: [{ weight: 1, loss: "iou", parameters: { smooth: 1 } }],
    },
  ],
  elsewhere: {
    monai: { name: "TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7)" },
    smp: { name: 'TverskyLoss("binary", alpha=0.3, beta=0.7)', differs: "on soft labels it is compatible-tversky" },
    segloss: { name: "TverskyLoss", differs: "returns minus the score" },
    keras: { name: "losses.Tversky(alpha=0.3, beta=0.7)" },
    kornia: { name: "tversky_loss", differs: "uses only the sum of the two weights" },
    optax: { name: "tversky_loss", differs: "one number per image and class, not joined" },
  },
  use:
    "Use it when a missed lesion costs more than a false alarm, or the reverse: the two weights say how much. " +
    "Avoid it without a reason to prefer one error; with 0.5 and 0.5 it is Dice, with 1 and 1 IoU.",
  references: ["salehi2017"],
});
