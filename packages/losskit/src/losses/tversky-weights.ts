// The two costs of the Tversky losses, with the symbols of Salehi et al. (2017).

import type { ParameterDefinition } from "./loss.js";

export const TVERSKY_WEIGHTS: Readonly<Record<"falsePositiveWeight" | "falseNegativeWeight", ParameterDefinition>> = {
  falsePositiveWeight: { symbol: "alpha", default: 0.3, min: 0, meaning: "cost of a voxel wrongly marked" },
  falseNegativeWeight: { symbol: "beta", default: 0.7, min: 0, meaning: "cost of a voxel missed" },
};
