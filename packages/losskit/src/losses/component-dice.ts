// Dice loss of each object of the target within the part of the image that is nearest to it.

import { defineLoss } from "./define.js";

export const componentDice = defineLoss({
  name: "component-dice",
  title: "Connected component Dice loss",
  family: "topology",
  parameters: {
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps objects finite" },
  },
  formula: `
    id = nearest_component(y)
    I = sum_by(id, p * y)
    loss = instances_mean(1 - (2 * I + s) / (sum_by(id, p) + sum_by(id, y) + s))
  `,
  options: { classes: "foreground", images: "each" },
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 0, falseAlarm: 0, half: 1 / 3 },
  identities: [],
  use:
    "Use it as blob loss where false alarms should count against the nearest object only. " +
    "Avoid it where an image may have no object: it says nothing there.",
  references: ["bouteille2025", "jaus2025"],
});
