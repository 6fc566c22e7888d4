// Dice loss plus categorical cross entropy, the default of nnU-Net.

import { ce } from "./ce.js";
import { defineCompound, OF_EVERY_CLASS } from "./compound.js";
import { dice } from "./dice.js";

export const diceCe = defineCompound(
  {
    name: "dice-ce",
    title: "Dice and cross entropy",
    activations: ["softmax", "none"],
    severalChannels: true,
    range: [0, null],
    values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 2 / 3 + Math.LN2 },
    identities: [
      {
        parameters: { smooth: 1 },
        equals: [
          { weight: 1, loss: "dice", parameters: { smooth: 1 } },
          { weight: 1, loss: "ce", parameters: {} },
        ],
      },
    ],
    elsewhere: {
      monai: { name: "DiceCELoss(softmax=True)" },
      nnunet: { name: "DC_and_CE_loss" },
      segloss: { name: "DC_and_CE_loss", differs: "its Dice part is minus the score" },
    },
    use:
      "Use it as the first choice for several exclusive classes. " +
      "Avoid it where classes differ in cost; weight them, or take a Tversky loss in place of Dice.",
    references: ["isensee2018", "isensee2021"],
  },
  {
    dice: { loss: dice },
    ce: { loss: ce, fixed: OF_EVERY_CLASS },
  },
);
