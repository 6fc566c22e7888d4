// How far the WebAssembly backend, which computes in float32, may be from a golden number, with the derivation per loss.

import type { LossTerm } from "losskit";
import type { LossCall } from "./loss-call.js";

/** Absolute, for one case. */
export interface Bounds {
  value(exact: number): number;
  slope(element: number, exact: number, largest: number): number;
}

/** Half a unit in the last place of a number below 1. */
const HALF_ULP = 2 ** -25;
/** Golden cases have few voxels, so that errors of single ones show: 4 units in the last place, the library's bound below 4,096 voxels. */
const VALUE_BOUND = 4 * 2 ** -23;
/** Relative to the largest slope: a slope that is a difference of larger numbers has their error. */
const GRADIENT_BOUND = 1e-6;
/** Golden numbers below this are differences of nearly equal float64 numbers in the other code, and have lost their digits there. */
export const GOLDEN_FLOOR = 1e-12;

/**
 * Bounds of a sum are those of its terms together: what a term loses stays lost where another takes most of its value away.
 *
 * @param sizes of the weighted terms: the largest value and the largest slope of each
 */
export function float32Bounds(call: LossCall, sizes: readonly TermSize[]): Bounds {
  const own = call.loss.terms.map((term) => ({ ...ownLoss(term, call), weight: Math.abs(term.weight) }));
  const several = sizes.length > 1;
  const total = (of: (size: TermSize) => number) => (several ? sizes.reduce((sum, size) => sum + of(size), 0) : 0);
  const value = total((size) => size.value);
  const slopes = total((size) => size.slope);
  return {
    value: (exact) =>
      VALUE_BOUND * Math.max(Math.abs(exact), value) +
      own.reduce((sum, term) => sum + term.weight * term.value, 0) +
      GOLDEN_FLOOR,
    slope: (element, exact, largest) =>
      Math.max(VALUE_BOUND * Math.abs(exact), GRADIENT_BOUND * Math.max(largest, slopes)) +
      own.reduce((sum, term) => sum + term.weight * term.slope(element), 0) +
      GOLDEN_FLOOR,
  };
}

/** How large one term of a loss is, weight and all. */
export interface TermSize {
  readonly value: number;
  readonly slope: number;
}

/** What a formula itself loses in float32. */
interface OwnLoss {
  readonly value: number;
  slope(element: number): number;
}

function ownLoss({ definition, parameters }: LossTerm, call: LossCall): OwnLoss {
  const parameter = (wanted: string) => Number(parameters[wanted]);
  switch (definition.name) {
    case "keras-bce-dice":
      return clippingLoss(call, parameter("clip"), parameter("logOffset"), 1);
    case "keras-focal":
      // (1 - e^-b)^γ b changes by at most 1 + γ times what b does.
      return clippingLoss(
        call,
        parameter("clip"),
        parameter("logOffset"),
        parameter("scale") * (1 + parameter("focus")),
      );
    case "combo":
    case "combo-negated":
      // A difference of cross entropy and Dice coefficient, each accurate by itself: the first is at most the value and the second, which is at most 1.
      return { value: VALUE_BOUND, slope: () => 0 };
    default:
      return { value: 0, slope: () => 0 };
  }
}

/**
 * The forms that clip p take log(clipped p) and log(1 - clipped p), which no rewriting can take from the logit. p is off by a few half ULP of a number
 * below 1 (2 of the sigmoid, 1 of the clip's bound 1 - eps, 1 of the difference), which changes the logarithm by that over
 * what it is taken of, and its slope by the same part; a voxel on the edge of the clip may be clipped here and not there.
 */
function clippingLoss({ input, options }: LossCall, clip: number, offset: number, factor: number): OwnLoss {
  const given = options.activation === "none";
  const small = (i: number) =>
    Math.max(given ? Math.min(input[i], 1 - input[i]) : 1 / (1 + Math.exp(Math.abs(input[i]))), clip) + offset;
  const part = (i: number) => Math.min(1, (4 * HALF_ULP) / small(i));
  const count = input.length;
  return {
    value: (factor * input.reduce((sum, _, i) => sum + part(i), 0)) / count,
    // With activation "none" the slope along p is up to 1 / p.
    slope: (i) => (factor * part(i) * (given ? 1 / small(i) : 1)) / count,
  };
}
