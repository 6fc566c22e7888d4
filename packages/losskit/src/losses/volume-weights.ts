// The class weights of the generalised Dice losses: the inverse of a class's volume to a power (Sudre et al. 2017).

import type { ParameterDefinition } from "./loss.js";

/** A class that is absent weighs as much as the rarest that is there: 1 / 0 would drown every class that is. */
export const VOLUME_WEIGHTS = `
    Y = sum(y)
    rarest = classes_max(where(Y > 0, 1 / Y^k, 0))
    w = where(Y > 0, 1 / Y^k, rarest)`;

export const WEIGHT_POWER: Readonly<Record<"weightPower", ParameterDefinition>> = {
  weightPower: {
    symbol: "k",
    default: 2,
    min: 0,
    meaning: "a class weighs 1 / its voxels to this power: 2 in the paper, 1 for inverse volume, 0 for equal weights",
  },
};
