// Boundary DoU loss: what differs over the union, with less of the inside counted the larger the object is for its border.

import { defineLoss } from "./define.js";

export const boundaryDou = defineLoss({
  name: "boundary-dou",
  title: "Boundary difference over union loss",
  family: "boundary",
  parameters: {
    smooth: { symbol: "s", default: 1e-5, min: 0, meaning: "keeps empty masks finite" },
  },
  // The paper's |G u P| - |G n P| over |G u P| - alpha |G n P|, with sums of squares for |G| and |P|: written by the difference, nothing cancels.
  formula: `
    border_share = (sum(border(y)) + s) / (sum(y) + s)
    alpha = min(1 - 2 * border_share, 0.8)
    difference = sum((p - y)^2)
    I = sum(p * y)
    loss = (difference + s) / (difference + (1 - alpha) * I + s)
  `,
  range: [0, 1],
  values: { perfect: 0, inverted: 1, empty: 1, falseAlarm: 1, half: null },
  identities: [],
  use:
    "Use it where borders matter and objects differ in size: it turns to the border by itself. " +
    "Avoid it where masks may be empty: it is 1 there whatever is predicted.",
  references: ["sun2023"],
});
