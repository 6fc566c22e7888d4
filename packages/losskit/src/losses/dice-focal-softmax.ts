// Dice loss plus focal loss over exclusive classes.

import { defineCompound, OF_EVERY_CLASS } from "./compound.js";
import { dice } from "./dice.js";
import { focalSoftmax } from "./focal-softmax.js";

export const diceFocalSoftmax = defineCompound(
  {
    name: "dice-focal-softmax",
    title: "Dice and softmax focal loss",
    activations: ["softmax", "none"],
    severalChannels: true,
    range: [0, null],
    values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 2 / 3 + Math.LN2 / 4 },
    identities: [],
    elsewhere: {
      monai: { name: "DiceFocalLoss(softmax=True)", differs: "its focal part takes sigmoids all the same" },
    },
    use:
      "Use it for several exclusive classes, some of them small, with much easy background. " +
      "Avoid it with noisy labels, whose wrong voxels look hard and get all the attention.",
    references: ["zhu2019", "lin2017"],
  },
  {
    dice: { loss: dice },
    focal: {
      loss: focalSoftmax,
      fixed: OF_EVERY_CLASS,
    },
  },
);
