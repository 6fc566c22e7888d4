// Dice loss plus Hausdorff distance loss by distance transforms.

import { AS_IT_IS, defineCompound } from "./compound.js";
import { dice } from "./dice.js";
import { hausdorffDt } from "./hausdorff-dt.js";

export const diceHausdorff = defineCompound(
  {
    name: "dice-hausdorff",
    title: "Dice and Hausdorff distance loss",
    range: [0, null],
    values: { perfect: 0, inverted: 1.52, empty: 0, falseAlarm: 1, half: 1 / 3 },
    identities: [],
    elsewhere: {
      segloss: { name: "DC_and_HD_loss", differs: "scales the Dice part to the Hausdorff part in every step" },
    },
    use:
      "Use it where single far errors spoil the result; with parts of equal size it was best on liver tumours in the Loss Odyssey. " +
      "Avoid it without a look at the sizes of both parts: distances are in voxels or millimetres, and the default of 0.1 is ours.",
    references: ["karimi2020", "ma2021"],
  },
  {
    dice: { loss: dice },
    hausdorff: { loss: hausdorffDt, weight: 0.1, fixed: AS_IT_IS },
  },
);
