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
      monai: { name: "GeneralizedDiceFocalLoss(sigmoid=True)" },
    },
    use:
      "Use it where classes differ much in volume and most background is easy. " +
      "Avoid it on patches that often lack a class: the weights of generalised Dice jump.",
    references: ["sudre2017", "lin2017"],
  },
  { generalisedDice: { loss: generalisedDice }, focal: { loss: focal } },
);
