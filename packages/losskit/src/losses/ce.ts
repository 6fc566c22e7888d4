// Categorical cross entropy over the channels, from the logits.

import { defineLoss } from "./define.js";

export const ce = defineLoss({
  name: "ce",
  title: "Categorical cross entropy",
  family: "distribution",
  parameters: {},
  formula: "loss = -mean(classes_sum(y * log(p)))",
  activations: ["softmax", "none"],
  severalChannels: true,
  range: [0, null],
  identities: [],
  use:
    "Use it for several exclusive classes of similar size, or as the smooth half of a compound loss. " +
    "Avoid it alone where one class is rare: weight the classes or add a region loss.",
  references: ["ma2021"],
});
