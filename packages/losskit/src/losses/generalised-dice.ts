// Generalised Dice loss: one ratio for all classes, each weighted by the inverse of its squared volume.

import { defineLoss } from "./define.js";
import { smoothing } from "./smoothing.js";
import { VOLUME_WEIGHTS, WEIGHT_POWER } from "./volume-weights.js";

export const generalisedDice = defineLoss({
  name: "generalised-dice",
  title: "Generalised Dice loss",
  family: "region",
  parameters: { ...WEIGHT_POWER, ...smoothing(0) },
  formula: `${VOLUME_WEIGHTS}
    loss = 1 - (2 * classes_sum(w * sum(p * y)) + s) / (classes_sum(w * (sum(p) + sum(y))) + s_d)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 0, half: 1 / 3 },
  identities: [],
  elsewhere: {
    monai: { name: "GeneralizedDiceLoss(softmax=True)" },
    segloss: {
      name: "GDiceLoss, GDiceLossV2",
      differs: "an absent class weighs 1e20 (V2 1e5) and outweighs all others",
    },
    optax: {
      name: "multiclass_generalized_dice_loss",
      differs: "weights the losses of the classes, not the sums above and below",
    },
  },
  use:
    "Use it for several classes of very different volume that should count alike. " +
    "Avoid it on patches that often lack a class, and for one channel: that is plain Dice, but an empty mask costs nothing whatever is predicted.",
  references: ["sudre2017"],
});
