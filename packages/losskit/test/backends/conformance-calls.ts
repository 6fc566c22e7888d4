// Calls that both backends compute: float32 logits, targets of every form, and how far apart the two results are.

import type { Activation, CallOptions, FloatArray, Target } from "../../src/formula/options.js";
import { allocate, free } from "../../src/index.js";
import type { Loss, LossFactory, LossResult } from "../../src/losses/loss.js";
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

/** A call that the loss can be given: with the fields that its formula names. */
export function wasmCallFor({ definition }: LossFactory, ...shape: Parameters<typeof wasmCall>): WasmCall {
  const call = wasmCall(...shape);
  const uniform = uniformSequence(shape[0] + 1);
  const fields = Object.keys(definition.fields ?? {}).map((name) => [name, Float32Array.from(call.target, uniform)]);
  return fields.length === 0 ? call : { ...call, options: { ...call.options, fields: Object.fromEntries(fields) } };
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

/** Whether two results have the same bits: NaN and -0 count, and a million elements take no time. */
export const sameBits = (a: Pick<LossResult<Float32Array>, "values" | "gradient">, b: typeof a): boolean =>
  bytes(a.values).equals(bytes(b.values)) && bytes(a.gradient).equals(bytes(b.gradient));

const bytes = ({ buffer, byteOffset, byteLength }: FloatArray) => Buffer.from(buffer, byteOffset, byteLength);
