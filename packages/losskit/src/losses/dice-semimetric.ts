// Dice semimetric loss: Dice that is least where p equals y, soft labels too.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";

export const diceSemimetric = defineLoss({
  name: "dice-semimetric",
  title: "Dice semimetric loss",
  family: "region",
  parameters: smoothing(1e-5),
  formula: `
    D = sum(abs(p - y))
    TP = (sum(p) + sum(y) - D) / 2
    loss = 1 - (2 * TP + s) / (sum(p) + sum(y) + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 1, half: 1 / 3 },
  identities: [],
  elsewhere: {
    monai: { name: "DiceLoss(sigmoid=True, soft_label=True)" },
    smp: { name: 'DiceLoss("binary")' },
  },
  use:
    "Use it in place of Dice where labels are soft: averaged raters, distillation, label smoothing. " +
    "Avoid it only where hard labels make it plain Dice anyway and a kink at p = y is unwelcome.",
  references: ["wang2023dml"],
});
