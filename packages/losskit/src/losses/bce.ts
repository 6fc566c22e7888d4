// Binary cross entropy, from the logit.

import { defineLoss } from "./define.js";

export const bce = defineLoss({
  name: "bce",
  title: "Binary cross entropy",
  family: "distribution",
  parameters: {},
  formula: "loss = -mean(y * log(p) + (1 - y) * log(1 - p))",
  activations: ["sigmoid", "none"],
  range: [0, null],
  identities: [],
  use:
    "Use it where classes are fairly balanced, or labels are soft, or probabilities are read as such. " +
    "Avoid it alone on tiny objects: the background outvotes them and the network may predict none.",
  references: ["ma2021"],
});
