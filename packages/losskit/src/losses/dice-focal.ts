// Dice loss plus focal loss, each channel by itself.

import { defineCompound } from "./compound.js";
import { dice } from "./dice.js";
import { focal } from "./focal.js";

export const diceFocal = defineCompound(
  {
    name: "dice-focal",
    title: "Dice and focal loss",
    activations: ["sigmoid", "none"],
    range: [0, null],
    values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 1 / 3 + Math.LN2 / 16 },
    identities: [],
    elsewhere: {
      monai: { name: "DiceFocalLoss(sigmoid=True, alpha=0.25)" },
    },
    use:
      "Use it where objects are small and most background is easy, as for organs at risk. " +
      "Avoid it with noisy labels, whose wrong voxels look hard and get all the attention.",
    references: ["zhu2019", "lin2017"],
  },
  { dice: { loss: dice }, focal: { loss: focal } },
);
