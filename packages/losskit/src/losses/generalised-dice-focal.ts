// Generalised Dice loss plus focal loss, each channel by itself.

import { defineCompound } from "./compound.js";
import { focal } from "./focal.js";
import { generalisedDice } from "./generalised-dice.js";

export const generalisedDiceFocal = defineCompound(
  {
    name: "generalised-dice-focal",
    title: "Generalised Dice and focal loss",
    activations: ["sigmoid", "none"],
    range: [0, null],
    values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 1 / 3 + Math.LN2 / 16 },
    identities: [],
    elsewhere: {
      monai: {
        name: "GeneralizedDiceFocalLoss(sigmoid=True)",
        differs: "has no alpha: equal to ours with foregroundWeight 0.5 and focalWeight 2",
      },
    },
    use:
      "Use it where classes differ much in volume, each with a channel of its own, and most background is easy. " +
      "Avoid it for one channel, where generalised Dice is Dice that gives nothing on empty masks, and on patches that often lack a class.",
    references: ["sudre2017", "lin2017"],
  },
  { generalisedDice: { loss: generalisedDice }, focal: { loss: focal } },
);
