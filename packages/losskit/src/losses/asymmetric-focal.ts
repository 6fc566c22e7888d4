// Asymmetric focal loss: cross entropy in full for the foreground, faded where easy for the background.

import { defineLoss } from "./define.js";
import { imbalance } from "./imbalance.js";

export const asymmetricFocal = defineLoss({
  name: "asymmetric-focal",
  title: "Asymmetric focal loss",
  family: "distribution",
  parameters: imbalance(),
  formula: `
    CE = -y * log(p)
    loss = mean(classes_sum(where(class > 0, delta * CE, (1 - delta) * (1 - p)^gamma * CE)))
  `,
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  values: { perfect: 0, inverted: null, empty: 0, falseAlarm: null, half: 0.415888 },
  weighs: { balance: "foreground" },
  identities: [],
  elsewhere: {
    monai: {
      name: "AsymmetricFocalLoss(delta=0.6, gamma=0.5)",
      differs: "has two classes only and takes probabilities",
    },
  },
  use:
    "Use it where only the background is easy and the rare foreground should count in full. " +
    "Avoid it where foreground is common: nothing holds it back.",
  references: ["yeung2022"],
});
