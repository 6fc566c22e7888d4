// Dice loss plus cross entropy of the hardest voxels.

import { defineCompound, OF_EVERY_CLASS } from "./compound.js";
import { dice } from "./dice.js";
import { topk } from "./topk.js";

export const diceTopk = defineCompound(
  {
    name: "dice-topk",
    title: "Dice and TopK cross entropy",
    activations: ["softmax", "none"],
    severalChannels: true,
    range: [0, null],
    values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 2 / 3 + Math.LN2 },
    identities: [],
    elsewhere: {
      nnunet: { name: "DC_and_topk_loss" },
      segloss: { name: "DC_and_topk_loss", differs: "its Dice part is minus the score" },
    },
    use:
      "Use it for tumours and other hard, small classes; it was steady over all tasks of the Loss Odyssey. " +
      "Avoid it with noisy labels: wrong labels are the hardest voxels of all.",
    references: ["isensee2021", "ma2021"],
  },
  {
    dice: { loss: dice },
    topk: { loss: topk, fixed: OF_EVERY_CLASS },
  },
);
