// Dice loss and clDice, half each.

import { cldice } from "./cldice.js";
import { AS_IT_IS, defineCompound } from "./compound.js";
import { dice } from "./dice.js";

export const diceCldice = defineCompound(
  {
    name: "dice-cldice",
    title: "Dice and clDice",
    family: "topology",
    parameters: { smooth: { default: 1 } },
    range: [0, 1],
    values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: null },
    identities: [],
    elsewhere: {
      monai: { name: "SoftDiceclDiceLoss", differs: "always leaves channel 0 out, so one channel gives 0" },
    },
    use:
      "Use it first for tubes and networks. " +
      "Avoid it for thick objects: the iterations must reach the radius, and cost a pass each.",
    references: ["shit2021"],
  },
  {
    dice: { loss: dice, weight: 0.5, fixed: AS_IT_IS },
    cldice: { loss: cldice, weight: 0.5, fixed: AS_IT_IS },
  },
);
