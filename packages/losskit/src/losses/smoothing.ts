// The two smoothing constants of a ratio of sums: most papers have one, libraries set them apart.

import type { ParameterDefinition } from "./loss.js";

/** `s` above and `s_d` below the fraction; below is as above unless it is given. */
export const smoothing = (value: number): Readonly<Record<"smooth" | "smoothDenominator", ParameterDefinition>> => ({
  smooth: {
    symbol: "s",
    default: value,
    min: 0,
    meaning: "added to the numerator: keeps empty masks finite, and on an empty mask says how gently",
  },
  smoothDenominator: {
    symbol: "s_d",
    default: value,
    sameAs: "smooth",
    min: 0,
    meaning: "added to the denominator; with 0 above and not below, an empty mask predicted empty costs 1",
  },
});
