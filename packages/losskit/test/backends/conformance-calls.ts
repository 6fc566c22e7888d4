// Calls that both backends compute: float32 logits, targets of every form, and how far apart the two results are.

import type { Activation, CallOptions, FloatArray, Target } from "../../src/formula/options.js";
import { allocate, free } from "../../src/index.js";
import type { Loss, LossResult } from "../../src/losses/loss.js";
import { uniformSequence } from "../losses/calls.js";

export interface Head {
  readonly channels: number;
  readonly activation: Activation;
}

/** How the logits lie to the target. */
export type LogitKind =
  /** A network's: normal, of either sign, mostly right. */
  | "usual"
  /** Right everywhere, |x| from 16 to 20. */
  | "near-perfect"
  /** Right or wrong, |x| from 16 to 20. */
  | "saturated";

export interface WasmCall {
  readonly logits: Float32Array;
  readonly target: Uint8Array;
  readonly options: CallOptions;
}

/** Logits (probabilities with activation "none") and a label map of all classes, `[images, channels, voxels]`. */
export function wasmCall(seed: number, head: Head, voxels: number, images = 1, kind: LogitKind = "usual"): WasmCall {
  const { channels, activation } = head;
  const uniform = uniformSequence(seed);
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const labels = Math.max(2, channels);
  const target = Uint8Array.from({ length: images * voxels }, () => Math.floor(uniform() * labels));
  const isRight = (i: number) => {
    const image = Math.floor(i / (channels * voxels));
    const label = target[image * voxels + (i % voxels)];
    return label === (channels === 1 ? 1 : Math.floor(i / voxels) % channels);
  };
  const logits = Float32Array.from({ length: images * channels * voxels }, (_, i) => {
    const side = isRight(i) ? 1 : -1;
    if (activation === "none") return Math.min(1, Math.max(0, 0.5 + side * (0.45 - 0.7 * uniform() ** 2)));
    if (kind === "usual") return 2 * side + 3 * normal();
    return (kind === "saturated" && uniform() < 0.5 ? -side : side) * (16 + 4 * uniform());
  });
  return { logits, target, options: { shape: [images, channels, voxels], activation } };
}

/** The truth: the reference backend on the same numbers, which float64 holds exactly. */
export function reference(loss: Loss, logits: Float32Array, target: Target, options: CallOptions) {
  return loss.valueAndGradient(Float64Array.from(logits), target, { ...options, gradient: undefined });
}

/** The same call with its arrays in the library's memory, so that kernels work in place and threads can. */
export function inLibraryMemory<T>(
  logits: Float32Array,
  target: Target,
  options: CallOptions,
  run: (logits: Float32Array, target: Target, options: CallOptions) => T,
): T {
  const lent: (FloatArray | Uint8Array | Int32Array)[] = [];
  const lend = <A extends Float32Array | Uint8Array | Int32Array>(array: A): A => {
    const type = array instanceof Uint8Array ? "uint8" : array instanceof Int32Array ? "int32" : "float32";
    const own = allocate(array.length, type) as A;
    own.set(array);
    lent.push(own);
    return own;
  };
  const canLend = (array: Target): array is Float32Array | Uint8Array | Int32Array =>
    array instanceof Float32Array || array instanceof Uint8Array || array instanceof Int32Array;
  try {
    return run(lend(logits), canLend(target) ? lend(target) : target, {
      ...options,
      gradient: lend(new Float32Array(logits.length)),
      weights: options.weights instanceof Float32Array ? lend(options.weights) : options.weights,
    });
  } finally {
    for (const array of lent) free(array);
  }
}

/** Differences of a result from the truth. */
export interface Errors {
  /** Of the value, relative. */
  readonly value: number;
  /** Largest of the gradient's elements, relative to each. */
  readonly element: number;
  /** The same, relative to the largest element. */
  readonly ofLargest: number;
}

/** Below this a float32 has lost digits to underflow, and a relative error says nothing. */
const UNDERFLOW = 1e-36;

export function errorsOf(
  result: { readonly values: ArrayLike<number>; readonly gradient: FloatArray },
  truth: LossResult<FloatArray>,
): Errors {
  const largest = truth.gradient.reduce((max, slope) => Math.max(max, Math.abs(slope)), 0);
  let [element, absolute] = [0, 0];
  truth.gradient.forEach((slope, i) => {
    const error = Math.abs(result.gradient[i] - slope);
    // Written so that NaN counts as the worst there is.
    if (!(error <= absolute)) absolute = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    if (error > UNDERFLOW) element = Math.max(element, error / Math.abs(slope));
  });
  let value = 0;
  truth.values.forEach((exact, i) => {
    const error = Math.abs(result.values[i] - exact);
    if (!(error <= 1e-300)) value = Math.max(value, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / Math.abs(exact));
  });
  return { value, element, ofLargest: largest > UNDERFLOW ? absolute / largest : 0 };
}

/** Bits of a result, to compare two runs by. */
export const bitsOf = ({ values, gradient }: LossResult<Float32Array>) => [
  [...values],
  // As integers: NaN and -0 count.
  new Int32Array(Float32Array.from(gradient).buffer),
];
