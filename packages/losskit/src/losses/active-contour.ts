// Active contour loss: the length of the predicted border and the error inside and outside.

import { defineLoss } from "./define.js";

export const activeContour = defineLoss({
  name: "active-contour",
  title: "Active contour loss",
  family: "boundary",
  parameters: {
    regionWeight: {
      symbol: "lambda",
      default: 1,
      min: 0,
      meaning: "weight of the error inside and outside against the length",
    },
  },
  // 1e-8 keeps the square root's slope finite in flat regions, as in the authors' code.
  formula: `
    length = mean(sqrt(squared_gradient(p) + 1e-8))
    inside = mean(p * (1 - y)^2)
    outside = mean((1 - p) * y^2)
    loss = length + lambda * (inside + outside)
  `,
  range: [0, null],
  values: { perfect: null, inverted: null, empty: 0, falseAlarm: 1.0001, half: 0.5001 },
  identities: [],
  use:
    "Use it where borders come out ragged and should be short and smooth. " +
    "Avoid it for thin or branching objects, which it rounds off.",
  references: ["chen2019"],
});
