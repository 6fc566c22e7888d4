// Asymmetric unified focal loss: the asymmetric focal and focal Tversky losses, half each.

import { asymmetricFocal } from "./asymmetric-focal.js";
import { asymmetricFocalTversky } from "./asymmetric-focal-tversky.js";
import { defineCompound } from "./compound.js";

export const asymmetricUnifiedFocal = defineCompound(
  {
    name: "asymmetric-unified-focal",
    title: "Asymmetric unified focal loss",
    // The bound of the Tversky part, whose exponent is 1 - gamma.
    parameters: {
      focus: { max: 0.99, meaning: "0 for no focus; towards 1 easy background fades and hard classes pull more" },
    },
    activations: ["softmax", "none"],
    severalChannels: true,
    range: [0, null],
    values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 0.611037 },
    identities: [],
    elsewhere: {
      monai: {
        name: "AsymmetricUnifiedFocalLoss(delta=0.6, gamma=0.5)",
        differs: "has two classes only and takes probabilities",
      },
    },
    use:
      "Use it first for rare foreground against much easy background; it was best in its authors' comparison. " +
      "Avoid it where false alarms cost as much as misses, unless you turn the balance down.",
    references: ["yeung2022"],
  },
  { focal: { loss: asymmetricFocal, weight: 0.5 }, tversky: { loss: asymmetricFocalTversky, weight: 0.5 } },
);
