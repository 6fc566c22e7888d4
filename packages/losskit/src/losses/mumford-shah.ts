// Mumford-Shah loss: classes of nearly constant brightness with short borders; needs the image, not the target.

import { defineLoss } from "./define.js";

export const mumfordShah = defineLoss({
  name: "mumford-shah",
  title: "Mumford-Shah loss",
  family: "boundary",
  parameters: {
    lengthWeight: { symbol: "mu", default: 0.001, min: 0, meaning: "weight of the length of the borders" },
  },
  formula: `
    c = sum(image * p) / sum(p)
    loss = mean(classes_sum((image - c)^2 * p)) + mu * mean(classes_sum(absolute_gradient(p)))
  `,
  fields: { image: "voxel" },
  activations: ["softmax", "none"],
  severalChannels: true,
  options: { images: "each" },
  range: [0, null],
  values: { perfect: 0.0007, inverted: 0.0007, empty: 0.25, falseAlarm: 0.25, half: 0.25 },
  identities: [],
  use:
    "Use it with a supervised loss where many images have no labels and classes differ in brightness. " +
    "Avoid it where brightness says little of the class.",
  references: ["kim2020"],
});
