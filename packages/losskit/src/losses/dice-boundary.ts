// Dice loss plus boundary loss.

import { boundary } from "./boundary.js";
import { AS_IT_IS, defineCompound } from "./compound.js";
import { dice } from "./dice.js";

export const diceBoundary = defineCompound(
  {
    name: "dice-boundary",
    title: "Dice and boundary loss",
    range: [null, null],
    values: { perfect: -0.265028, inverted: 1.76503, empty: 0, falseAlarm: 1, half: 1 / 3 },
    identities: [],
    elsewhere: {
      segloss: {
        name: "DC_and_BD_loss",
        differs: "takes the distance map as an argument, and its Dice part is minus the score",
      },
    },
    use:
      "Use it for very unbalanced objects, with the share of the boundary part rising over the epochs. " +
      "Avoid starting with a large boundary part, which drives towards empty masks.",
    references: ["kervadec2019", "ma2021"],
  },
  { dice: { loss: dice }, boundary: { loss: boundary, fixed: AS_IT_IS } },
);
