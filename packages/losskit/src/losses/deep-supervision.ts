// Deep supervision: one loss at several resolutions of a network, and the targets for the coarser ones.

import { LosskitError } from "../errors.js";
import {
  type CallOptions,
  type FloatArray,
  gradientArray,
  LABEL_TYPES,
  type LabelArray,
  show,
  type Target,
  typeName,
} from "../formula/options.js";
import { add } from "./define.js";
import type { Loss } from "./loss.js";

export type ScaleWeights = "halving" | "nnunet" | "equal" | readonly number[];

/** One output of a network: a call of a loss, its arrays with its options. */
export interface Scale<A extends FloatArray = FloatArray> extends CallOptions {
  readonly logits: A;
  /** At the resolution of these logits; `downsampleLabels` makes it. */
  readonly target: Target;
}

export interface DeepSupervisionResult<A extends FloatArray = FloatArray> {
  /** Sum of the losses times their weights. */
  readonly value: number;
  /** The loss of each scale, before its weight. */
  readonly values: readonly number[];
  /** d value / d logits of each scale: its weight is in it already. */
  readonly gradients: readonly A[];
  readonly weights: readonly number[];
}

export interface DeepSupervision {
  /**
   * @param scales outputs of the network, the finest first
   * @throws LosskitError as the loss does, with the scale; OPTION where the weights do not fit the number of scales
   */
  valueAndGradient<A extends FloatArray>(scales: readonly Scale<A>[]): DeepSupervisionResult<A>;
}

/**
 * A loss at several scales, weighted: value = Σ_i w_i loss(logits_i, target_i).
 *
 * - "halving" (the default): w_i = 2^-i, scaled to the sum 1. MONAI's DeepSupervisionLoss "exp" is not scaled, and its weights stop falling at 1/16.
 * - "nnunet": the same, but the coarsest scale counts 0 (before the weights are scaled); needs two scales. Its loss is still in `values`.
 * - "equal": 1 / scales. (MONAI's "same" is 1.)
 * - a list: used as it is, one number from 0 per scale.
 *
 * @throws LosskitError OPTION for weights that are not as described, DEFINITION for what is no loss
 *
 * @example deepSupervision(diceCe()).valueAndGradient([{ logits, target, shape }, { logits: half, target: halfTarget, shape: halfShape }])
 */
export function deepSupervision(loss: Loss, options: { readonly weights?: ScaleWeights } = {}): DeepSupervision {
  const { weights: given = "halving" } = options;
  if (!Array.isArray(loss?.terms)) {
    throw new LosskitError("DEFINITION", "deepSupervision() needs a loss, for example deepSupervision(dice())");
  }
  checkRule(given);
  const rule = typeof given === "string" ? given : [...given];
  return {
    valueAndGradient(scales) {
      const count = Array.isArray(scales) ? scales.length : 0;
      if (count === 0) {
        throw new LosskitError("OPTION", "scales is no list with a scale in it; give at least one, the finest first");
      }
      const weights = weightsOf(rule, count);
      const results = scales.map((scale, i) => atScale(i, () => weighted(loss, weights[i], scale)));
      const value = results.reduce((sum, result, i) => sum + weights[i] * result.value, 0);
      if (!Number.isFinite(value)) {
        throw new LosskitError("NOT_FINITE", `the weighted sum of the scales is ${value}; give smaller weights`);
      }
      return {
        value,
        values: results.map((result) => result.value),
        gradients: results.map(({ gradient }) => gradient),
        weights,
      };
    },
  };
}

/** A loss before its weight, and its gradient after. */
function weighted<A extends FloatArray>(loss: Loss, weight: number, scale: Scale<A>): { value: number; gradient: A } {
  if (scale === null || typeof scale !== "object") {
    throw new LosskitError("OPTION", `it is ${show(scale)}; give { logits, target, shape, … }`);
  }
  const { logits, target, ...options } = scale;
  if (weight === 0) {
    const gradient = gradientArray(logits, target, options);
    const value = loss.value(logits, target, options);
    return { value, gradient: gradient.fill(0) as A };
  }
  // The weight is an input of what is compiled, so the gradient is written once, weighted, and no scale compiles for a weight of its own.
  const { value, gradient } = add([weight, loss]).valueAndGradient(logits, target, options);
  return { value: value / weight, gradient };
}

/** Says in an error at which scale it came up. */
function atScale<T>(index: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof LosskitError)) throw error;
    throw new LosskitError(error.code, `scale ${index}: ${error.message}`, { cause: error });
  }
}

function checkRule(rule: ScaleWeights): void {
  if (Array.isArray(rule)) {
    const sound = rule.every((weight) => Number.isFinite(weight) && weight >= 0) && rule.some((weight) => weight > 0);
    if (sound) return;
  } else if (["halving", "nnunet", "equal"].includes(rule as string)) return;
  throw new LosskitError(
    "OPTION",
    `weights is ${show(rule)}; it may be "halving", "nnunet", "equal" or a list with one number from 0 per scale, not only zeros`,
  );
}

function weightsOf(rule: ScaleWeights, scales: number): readonly number[] {
  if (typeof rule !== "string") {
    if (rule.length === scales) return [...rule];
    throw new LosskitError("OPTION", `there are ${rule.length} weights for ${scales} scales; give one for each`);
  }
  if (rule === "nnunet" && scales === 1) {
    throw new LosskitError(
      "OPTION",
      'weights "nnunet" leave the coarsest scale out and need two scales; use "halving"',
    );
  }
  const weights = Array.from({ length: scales }, (_, i) => {
    if (rule === "equal") return 1;
    return rule === "nnunet" && i === scales - 1 ? 0 : 2 ** -i;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Extents of the labels and of what is made of them. */
export type DownsampleOptions = {
  /** Extents of all axes of the array, the batch included: 1 to 5 whole numbers. */
  readonly shape: readonly number[];
} & (
  | {
      /** For each axis how many times coarser it gets, a whole number that divides its extent; 1 leaves the axis as it is. */
      readonly factors: readonly number[];
    }
  | {
      /** For each axis the new extent, from 1 to the old one: for a network that rounds odd extents in its own way. */
      readonly to: readonly number[];
    }
);

/**
 * Labels at a coarser resolution, for the outputs of deep supervision. A coarse voxel takes the label of the voxel at its centre, and where the
 * centre lies between two, of the one after it: along an axis from n to m voxels, i takes floor((i + 1/2) n / m), with factor 2 each second voxel
 * from 1 on. That is "nearest-exact" of PyTorch, which nnU-Net and MONAI's DeepSupervisionLoss use. Labels are never mixed, so an ignored label
 * stays one; objects thinner than the factor may vanish.
 *
 * @param labels row-major
 * @returns an array of the same type
 * @throws LosskitError ARRAY, SHAPE or OPTION for labels, a shape or factors that are not as described
 *
 * @example downsampleLabels(labels, { shape: [2, 128, 128], factors: [1, 2, 2] }) // [2, 64, 64]
 */
export function downsampleLabels<L extends LabelArray>(labels: L, options: DownsampleOptions): L {
  const type = LABEL_TYPES.find((candidate) => labels instanceof candidate);
  if (type === undefined) {
    throw new LosskitError("ARRAY", `labels is a ${typeName(labels)}; give a label map (Uint8Array, Int32Array, …)`);
  }
  const { shape } = options;
  const sound =
    Array.isArray(shape) && shape.length >= 1 && shape.length <= 5 && shape.every((n) => Number.isInteger(n) && n >= 1);
  if (!sound) throw new LosskitError("SHAPE", `shape is ${show(shape)}; it holds 1 to 5 extents, whole numbers from 1`);
  const voxels = shape.reduce((product, extent) => product * extent, 1);
  if (labels.length !== voxels) {
    throw new LosskitError("ARRAY", `labels has ${labels.length} elements; shape ${show(shape)} has ${voxels}`);
  }
  const coarse = coarseShape(options);

  let stride = voxels;
  /** Where each coarse index along an axis is read, in the flat array. */
  const reads = shape.map((n, axis) => {
    stride /= n;
    return Array.from({ length: coarse[axis] }, (_, i) => stride * Math.floor(((2 * i + 1) * n) / (2 * coarse[axis])));
  });
  const along = reads.pop() as number[];
  const rows = reads.reduce((starts, own) => starts.flatMap((start) => own.map((read) => start + read)), [0]);
  const result = new type(rows.length * along.length);
  let at = 0;
  for (const row of rows) for (const read of along) result[at++] = labels[row + read];
  return result as L;
}

function coarseShape(options: DownsampleOptions): readonly number[] {
  const { shape, factors, to } = options as { shape: readonly number[]; factors?: unknown; to?: unknown };
  const [name, list] = to === undefined ? ["factors", factors] : ["to", to];
  if (to !== undefined && factors !== undefined) throw new LosskitError("OPTION", "give factors or to, not both");
  if (!Array.isArray(list) || list.length !== shape.length) {
    throw new LosskitError(
      "OPTION",
      `${name} is ${show(list)}; it holds a number for each of the ${shape.length} axes, the batch included`,
    );
  }
  return shape.map((extent, axis) => {
    const own: unknown = list[axis];
    const whole = typeof own === "number" && Number.isInteger(own) && own >= 1 && own <= extent;
    if (name === "to") {
      if (whole) return own;
      throw new LosskitError(
        "OPTION",
        `to is ${show(own)} along axis ${axis}; it is a whole number from 1 to ${extent}`,
      );
    }
    if (whole && extent % own === 0) return extent / own;
    throw new LosskitError(
      "OPTION",
      `the factor of axis ${axis} is ${show(own)}; it is a whole number that divides its extent, ${extent}: give the new extents as to where none does`,
    );
  });
}
