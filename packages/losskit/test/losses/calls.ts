// Random calls for tests of losses, and central differences of a loss.

import { it } from "vitest";
import type { Activation, CallOptions, FloatArray, Target } from "../../src/formula/options.js";
import type { Loss, LossFactory } from "../../src/losses/loss.js";
import { ROUTINE_FUNCTIONS } from "../../src/routines/routines.js";

/** A fixed sequence of numbers in (0, 1) (Lehmer, modulus 2^31 - 1). */
export function uniformSequence(seed: number): () => number {
  let state = 1 + (Math.abs(Math.trunc(seed)) % 2147483646);
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  next();
  return next;
}

export interface ExampleCall {
  readonly logits: Float64Array;
  readonly target: Uint8Array;
  readonly options: CallOptions;
}

export interface CallShape {
  readonly images?: number;
  readonly channels?: number;
  readonly space?: readonly number[];
  readonly activation?: Activation;
  /** Largest absolute logit. */
  readonly spread?: number;
}

/** Logits (probabilities with activation "none", summing to 1 over several channels) and a label map with every class in it. */
export function exampleCall(seed: number, shape: CallShape = {}): ExampleCall {
  const { images = 2, channels = 1, space = [4, 5], spread = 3 } = shape;
  const activation = shape.activation ?? (channels === 1 ? "sigmoid" : "softmax");
  const uniform = uniformSequence(seed);
  const voxels = space.reduce((product, extent) => product * extent, 1);
  const logits = Float64Array.from({ length: images * channels * voxels }, () => spread * (2 * uniform() - 1));
  const labels = Math.max(2, channels);
  const target = Uint8Array.from({ length: images * voxels }, () => Math.floor(uniform() * labels));
  for (let label = 0; label < labels && label < target.length; label++) target[label] = label;
  if (activation === "none") toProbabilities(logits, images, channels, voxels);
  return { logits, target, options: { shape: [images, channels, ...space], activation } };
}

function toProbabilities(values: Float64Array, images: number, channels: number, voxels: number): void {
  for (let image = 0; image < images; image++) {
    for (let v = 0; v < voxels; v++) {
      const at = (c: number) => (image * channels + c) * voxels + v;
      let sum = channels === 1 ? 1 : 0;
      for (let c = 0; c < channels; c++) sum += Math.exp(values[at(c)]);
      for (let c = 0; c < channels; c++) values[at(c)] = Math.exp(values[at(c)]) / sum;
    }
  }
}

/** Heads that a loss can be called with: one channel, and three where it takes several. */
export function headsOf({ definition }: LossFactory): { readonly channels: number; readonly activation: Activation }[] {
  const allowed = definition.activations ?? (["sigmoid", "softmax", "none"] as const);
  return [
    { channels: 1, activation: "sigmoid" },
    { channels: 1, activation: "none" },
    { channels: 3, activation: "softmax" },
    { channels: 3, activation: "sigmoid" },
    { channels: 3, activation: "none" },
  ].filter(
    ({ channels, activation }) =>
      allowed.includes(activation as Activation) && !(definition.severalChannels && channels === 1),
  ) as { channels: number; activation: Activation }[];
}

/** An example call that a loss can be given: with the fields that its formula names. */
export function callFor({ definition }: LossFactory, seed: number, shape: CallShape = {}): ExampleCall {
  const call = exampleCall(seed, shape);
  const uniform = uniformSequence(seed + 1);
  const fields = Object.keys(definition.fields ?? {}).map((name) => [
    name,
    Float64Array.from(call.target, () => uniform()),
  ]);
  return fields.length === 0 ? call : { ...call, options: { ...call.options, fields: Object.fromEntries(fields) } };
}

/** Whether the loss depends on where voxels lie, not only on their values. */
export function isSpatial({ definition }: LossFactory): boolean {
  const names = Object.entries(ROUTINE_FUNCTIONS).flatMap(([name, { kind }]) => (kind === "grid" ? [name] : []));
  return names.some((name) => definition.formula.includes(`${name}(`));
}

/**
 * Slope of the loss along a direction by five points, (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h: its error is of order h^4. Undefined where a
 * kink or a jump lies among the points: half the step then gives another slope.
 */
export function directionalSlope(
  loss: Pick<Loss, "value">,
  logits: Float64Array,
  direction: Float64Array,
  target: Target,
  options: CallOptions,
): number | undefined {
  const along = (step: number) =>
    loss.value(
      logits.map((x, i) => x + step * direction[i]),
      target,
      options,
    );
  const slope = (h: number) => (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
  const whole = slope(2e-4);
  const half = slope(1e-4);
  return Math.abs(whole - half) <= 1e-8 * Math.max(1, Math.abs(half)) ? half : undefined;
}

/** Makes a test where it applies, and lists none where it does not. */
export const onlyIf = (applies: boolean) => (applies ? it : (_: string, __: () => void) => {});

/** Slope along every logit: (f(x + h) - f(x - h)) / 2h. */
export function centralDifferences(
  loss: Pick<Loss, "value">,
  logits: Float64Array,
  target: Target,
  options: CallOptions,
  h = 1e-6,
): Float64Array {
  const moved = (i: number, step: number) => {
    const copy = logits.slice();
    copy[i] += step;
    return loss.value(copy, target, options);
  };
  return logits.map((_, i) => (moved(i, h) - moved(i, -h)) / (2 * h));
}

export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);

/** Largest difference of two arrays; infinite where their lengths differ or one holds NaN. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const worst = largest(Array.from(a, (value, i) => value - b[i]));
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
}

export type Arrays = { readonly logits: FloatArray; readonly target: Target; readonly options: CallOptions };
