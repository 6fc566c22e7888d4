// Distances of every voxel to the borders of both masks, as the Hausdorff distance losses weigh errors (Karimi and Salcudean 2020).

import type { ParameterDefinition } from "./loss.js";

/** The prediction's mask has no gradient: it is where p is above one half. */
export const BORDER_DISTANCES = `
    marked = p > 0.5
    d_p = distance(marked) + distance(1 - marked)
    d_y = distance(y) + distance(1 - y)`;

export const DISTANCE_POWER: Readonly<Record<"exponent", ParameterDefinition>> = {
  exponent: {
    symbol: "alpha",
    default: 2,
    min: 0,
    meaning: "power of the distances: how much more an error costs far from the borders",
  },
};
