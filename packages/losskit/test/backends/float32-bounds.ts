// How far a float32 result may be from the float64 truth: the bounds of the library, and what single formulas lose by themselves.

import type { Call, CallOptions, FloatArray, Target } from "../../src/formula/options.js";
import { readCall } from "../../src/formula/options.js";
import type { LossDefinition, LossResult } from "../../src/losses/loss.js";
import { largest as largestOf } from "../losses/calls.js";

/** From this many voxels on errors of single voxels average out of the value. */
export const MANY_VOXELS = 4096;

/** Of the value, relative, from MANY_VOXELS on. */
export const VALUE_BOUND = 1e-7;
/** Of the value of fewer voxels: 4 units in the last place. */
export const FEW_VALUE_ULP = 4;
/** Of each element of the gradient, relative to it. */
export const ELEMENT_BOUND = 5e-7;
/**
 * Of each element, relative to the largest: where an element is a difference of large numbers. With softmax every element is one (what the class
 * gains less what the others lose), and the slope of an overlap is one on the background of few voxels.
 */
export const OF_LARGEST_BOUND = 1e-6;

/** Half a unit in the last place of a number below 1. */
const HALF_ULP = 2 ** -25;
/** Smaller elements have lost digits to underflow on the way: a product of two probabilities may be a subnormal number. */
const UNDERFLOW = 1e-36;

/** What a formula itself loses in float32, absolute: of the value, and of the gradient at one element. */
interface OwnLoss {
  readonly value: number;
  element(i: number): number;
}

const NOTHING: OwnLoss = { value: 0, element: () => 0 };

/**
 * The errata that clip p compute log(1 - clipped p), which no rewriting can take from the logit. p is off by a few half ULP of a number below 1 (2 of the
 * sigmoid, 1 of the clip's bound 1 - eps, 1 of the difference), which changes log(1 - p) by that over 1 - p, and
 * log(p) likewise: a part of the slope 1 / (1 - p). Where the change is as large as 1 - p, a voxel may be clipped here and not there.
 */
function clippingLoss(definition: LossDefinition, call: Call, voxelWeight: number): OwnLoss {
  const { logits, classes, images, voxels } = call;
  const count = classes * images * voxels;
  const { default: clip } = definition.parameters.clip;
  const share = (i: number): number => {
    const x = logits[i];
    const small = call.activation === "none" ? Math.min(x, 1 - x) : 1 / (1 + Math.exp(Math.abs(x)));
    return Math.min(1, (4 * HALF_ULP) / Math.max(small, clip));
  };
  let value = 0;
  for (let i = 0; i < count; i++) value += share(i);
  // With activation "none" the slope along p is 1 / p, not 1.
  const steepness = (i: number) =>
    call.activation === "none" ? 1 / Math.max(clip, Math.min(logits[i], 1 - logits[i])) : 1;
  return {
    value: voxelWeight * value,
    element: (i) => voxelWeight * share(i) * steepness(i),
  };
}

function ownLoss(definition: LossDefinition, call: Call, voxelWeight: number): OwnLoss {
  switch (definition.name) {
    case "keras-bce-dice":
      return clippingLoss(definition, call, voxelWeight);
    case "keras-focal": {
      // (1 - e^-b)^γ b changes by at most 1 + γ times what b does.
      const { scale, focus } = definition.parameters;
      return clippingLoss(definition, call, voxelWeight * scale.default * (1 + focus.default));
    }
    case "combo":
    case "combo-negated":
      // A difference of cross entropy and Dice coefficients, each accurate by itself: α CE is at most the value and the coefficients.
      return {
        value: VALUE_BOUND * call.classes * (call.images * call.voxels < MANY_VOXELS ? 4 : 1),
        element: () => 0,
      };
    default:
      return NOTHING;
  }
}

export interface Comparison {
  /** Elements of the gradient that are compared; all where absent. */
  readonly isComparable?: (element: number) => boolean;
  /** Largest part that one voxel of one class has in the value; that of a mean over all where absent. */
  readonly voxelWeight?: number;
}

/** What is beyond the bounds, in words. They hold for parameters at their defaults. */
export function problemsOf(
  definition: LossDefinition,
  result: { readonly values: ArrayLike<number>; readonly gradient: FloatArray },
  truth: LossResult<FloatArray>,
  logits: FloatArray,
  target: Target,
  options: CallOptions,
  { isComparable = () => true, voxelWeight }: Comparison = {},
): string[] {
  const call = readCall(logits, target, { ...options, gradient: undefined });
  const own = ownLoss(definition, call, voxelWeight ?? 1 / (call.images * call.classes * call.voxels));
  // The value of a single voxel has the errors of an element of the gradient.
  const isMap = truth.values.length >= call.images * call.voxels;
  const many = call.images * call.voxels >= MANY_VOXELS;
  const problems: string[] = [];
  truth.values.forEach((exact, i) => {
    const error = Math.abs(result.values[i] - exact);
    const relative = isMap ? ELEMENT_BOUND : many ? VALUE_BOUND : 0;
    const bound = Math.max(relative * Math.abs(exact), many ? 0 : FEW_VALUE_ULP * ulp(exact));
    if (!(error <= bound + own.value + UNDERFLOW)) {
      problems.push(`value ${i} is ${result.values[i]}, the truth ${exact}: off by ${error / Math.abs(exact)} of it`);
    }
  });
  const largest = largestOf(truth.gradient);
  const cancels = call.activation === "softmax" || !many;
  truth.gradient.forEach((exact, i) => {
    if (!isComparable(i)) return;
    const error = Math.abs(result.gradient[i] - exact);
    const relative = cancels
      ? Math.max(ELEMENT_BOUND * Math.abs(exact), OF_LARGEST_BOUND * largest)
      : ELEMENT_BOUND * Math.abs(exact);
    if (!(error <= relative + own.element(i) + UNDERFLOW)) {
      problems.push(
        `slope ${i} (x = ${logits[i]}) is ${result.gradient[i]}, the truth ${exact}: off by ${error / Math.abs(exact)} of it, ${error / largest} of the largest`,
      );
    }
  });
  return problems.length > 3 ? [...problems.slice(0, 3), `… and ${problems.length - 3} more`] : problems;
}

/** Of a float32 of that size. */
const ulp = (exact: number) => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(exact), 2 ** -126))) - 23);

/**
 * Elements of a Lovász loss that float32 can get right. Errors that differ by less than their rounding may change places; where their labels differ,
 * both voxels have another weight then, though the value hardly changes. Errors are those of `errorOf`, ranked per class.
 */
export function ranksApart(
  errorOf: (c: number, voxel: number) => number,
  labelOf: (c: number, voxel: number) => number,
  classes: number,
  voxels: number,
  closest: number,
): (voxel: number) => boolean {
  const close = new Set<number>();
  for (let c = 0; c < classes; c++) {
    const order = Array.from({ length: voxels }, (_, v) => v).sort((a, b) => errorOf(c, b) - errorOf(c, a));
    // A run of errors, each close to the next, may come in any order.
    for (let start = 0; start < voxels; ) {
      let end = start + 1;
      while (end < voxels && errorOf(c, order[end - 1]) - errorOf(c, order[end]) <= closest) end++;
      const run = order.slice(start, end);
      if (run.some((v) => labelOf(c, v) !== labelOf(c, run[0]))) for (const v of run) close.add(v);
      // Within one label the weights differ a little from rank to rank.
      else if (run.length > 1) for (const v of run) close.add(v);
      start = end;
    }
  }
  return (voxel) => !close.has(voxel);
}
