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
 * gains less what the others lose), and the slope of an overlap is one on the background of few voxels, which all objects have.
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

const constantLoss = (value: number, slope: number): OwnLoss => ({ value, element: () => slope });

/**
 * Losses whose slope at a voxel is a difference of larger numbers, with how many times OF_LARGEST_BOUND it may be off: slopes of two sums, of
 * neighbouring voxels, or of several powers, each of which multiplies the rounding of a logarithm by its exponent.
 */
const DIFFERENCES: Readonly<Record<string, number>> = {
  // Neighbouring probabilities, off by 2^-24, over the length of their difference, which is 1e-4 at least.
  "active-contour": 600,
  "boundary-dou": 1,
  cldice: 1,
  "dice-cldice": 1,
  "dice-hausdorff": 1,
  "exp-log": 2,
  "gce-bce": 1,
  "generalised-surface": 1,
  // Each of its ten erosions subtracts a half from a mean and divides by what is left, which may be small.
  "hausdorff-erosion": 40,
  // The squared distances of the image to the means of the classes, which on a random image differ in the second digit.
  "mumford-shah": 32,
  "noise-robust-dice": 1,
  "normalised-focal": 1,
  "power-jaccard": 1,
};

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

/**
 * Of the slope of a ratio A / B: A' / B - A B' / B^2, whose two parts differ by the voxel and so cancel in float32. Each is at most 2 / B, and B, the
 * sum of both masks, of no class smaller than this.
 */
function ratioSlope({ logits, target, classes, images, voxels, activation, targetForm }: Call): number {
  const below = Array.from({ length: classes }, () => 1e-5);
  for (let i = 0; i < images * classes * voxels; i++) {
    const c = Math.floor(i / voxels) % classes;
    const x = logits[i];
    const p = activation === "none" ? x : 1 / (1 + Math.exp(-x));
    const label =
      targetForm === "labels" ? target[Math.floor(i / (classes * voxels)) * voxels + (i % voxels)] : undefined;
    const y = label === undefined ? target[i] : Number(label === (classes === 1 ? 1 : c));
    below[c] += p ** 2 + y ** 2;
  }
  return (8 * HALF_ULP * 2) / Math.min(...below) / classes;
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
    case "dice-squared":
    case "dice-semimetric":
    case "jaccard-metric":
    case "compatible-tversky":
    case "dice-hausdorff":
      return constantLoss(0, ratioSlope(call));
    case "power-jaccard":
      // Its exponent is a parameter, so 1 - A / B is not rewritten and has the digits of a number near 1.
      return constantLoss(4 * HALF_ULP, ratioSlope(call));
    case "hausdorff-dt":
    case "log-hausdorff-dt":
    case "one-sided-hausdorff":
      // The difference of a probability and a soft label that is near it, squared, of a single voxel.
      return constantLoss(8 * HALF_ULP, 0);
    case "hausdorff-erosion":
      // The same, and what ten erosions make of it.
      return constantLoss(48 * HALF_ULP, 0);
    case "cldice":
    case "dice-cldice":
      // One minus a mean of two ratios, each accurate as a number near 1.
      return { value: 8 * HALF_ULP, element: () => 0 };
    case "region-wise":
    case "boundary":
    case "dice-boundary":
      // A mean of numbers of both signs, accurate as the largest of them.
      return { value: 4 * HALF_ULP, element: () => 0 };
    case "exp-log":
      // q^0.3 has most of its digits from the logarithm of a q that is nearly nothing.
      return { value: HALF_ULP, element: () => 0 };
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
  const times = DIFFERENCES[definition.name];
  const cancels =
    times !== undefined || call.activation === "softmax" || !many || definition.formula.includes("sum_by(");
  truth.gradient.forEach((exact, i) => {
    if (!isComparable(i)) return;
    const error = Math.abs(result.gradient[i] - exact);
    const relative = cancels
      ? Math.max(ELEMENT_BOUND * Math.abs(exact), (times ?? 1) * OF_LARGEST_BOUND * largest)
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
