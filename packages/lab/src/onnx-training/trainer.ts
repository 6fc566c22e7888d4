// Trains a model step by step, with a loss of losskit.

import type { CallOptions, Loss, Target } from "losskit";
import { LabError } from "../errors.js";
import { createAdam, type Optimizer } from "./adam.js";
import { createSessions, type LossOfLogits, type OnnxRuntime, type SessionsOptions } from "./sessions.js";
import type { TrainableModel } from "./trainable.js";

export interface TrainerOptions extends SessionsOptions {
  /** The loss, or where it changes in training the loss of each step, counted from 0. */
  readonly loss: Loss | ((step: number) => Loss);
  /** Moves the parameters along the gradient; Adam where absent. */
  readonly optimizer?: Optimizer;
  /** Learning rate, or that of each step, counted from 0; 0.001 where absent. */
  readonly rate?: number | ((step: number) => number);
}

/** What a call of the loss takes, but for what the model says. */
export type StepOptions = Omit<CallOptions, "shape" | "layout" | "gradient">;

export interface Trainer {
  /** Flat, in the order of the model's `layout`; changed by every step. */
  readonly parameters: Float32Array;
  /**
   * One step: value of the loss before it. One call at a time.
   *
   * @param images of the model's `inputShape`
   * @param target as the loss takes it: labels `[batch, ...space]`, or `[batch, channels, ...space]`
   * @param options activation "sigmoid" where absent for one channel, "softmax" for several
   * @throws LabError DIVERGED where logits, loss or gradient stop being finite, before the parameters change; SIZE_MISMATCH; what the loss throws
   */
  step(images: Float32Array, target: Target, options?: StepOptions): Promise<number>;
  /** Value and slopes along all parameters, which stay as they are, of any function of the logits. */
  gradient(
    images: Float32Array,
    loss: LossOfLogits,
  ): Promise<{ readonly value: number; readonly gradient: Float32Array }>;
  /** The model as it was given, with the numbers that training has found. */
  export(): Uint8Array;
  release(): Promise<void>;
}

/**
 * @param ort the caller's own ONNX Runtime: `await import("onnxruntime-node")`, or `onnxruntime-web` in a page
 * @param trainable stays as it is; several trainers can begin with it
 */
export async function createTrainer(
  ort: OnnxRuntime,
  trainable: TrainableModel,
  { loss, optimizer, rate = 1e-3, ...options }: TrainerOptions,
): Promise<Trainer> {
  const { logitsShape } = trainable;
  const parameters = trainable.parameters.slice();
  const running = trainable.running.slice();
  const optimise = optimizer ?? createAdam(parameters.length);
  const lossAt = typeof loss === "function" ? loss : () => loss;
  const rateAt = typeof rate === "function" ? rate : () => rate;
  const sessions = await createSessions(ort, trainable, options);
  let count = 0;

  return {
    parameters,
    async step(images, target, { activation, ...rest } = {}) {
      const current = lossAt(count);
      const call = {
        ...rest,
        activation: activation ?? (logitsShape[1] === 1 ? "sigmoid" : "softmax"),
        shape: logitsShape,
      };
      const { value, gradient, statistics, dispose } = await sessions.evaluate(parameters, images, (logits) => {
        if (!allFinite(logits)) throw divergence(count);
        const result = current.valueAndGradient(logits, target, call);
        return { value: result.value, gradient: result.gradient as Float32Array };
      });
      try {
        if (!Number.isFinite(value) || !allFinite(gradient)) throw divergence(count);
        optimise(parameters, gradient, rateAt(count));
        if (statistics) follow(running, statistics, trainable);
      } finally {
        dispose();
      }
      count++;
      return value;
    },
    async gradient(images, lossOfLogits) {
      const { value, gradient, dispose } = await sessions.evaluate(parameters, images, lossOfLogits);
      const copy = gradient.slice();
      dispose();
      return { value, gradient: copy };
    },
    export: () => trainable.withValues(parameters, running),
    release: sessions.release,
  };
}

/** Moves the running statistics towards those of the batch. */
function follow(running: Float32Array, batch: Float32Array, { statistics }: TrainableModel): void {
  for (const { channels, offset, momentum } of statistics) {
    for (let i = offset; i < offset + 2 * channels; i++) {
      running[i] = momentum * running[i] + (1 - momentum) * batch[i];
    }
  }
}

const divergence = (step: number) =>
  new LabError(
    "DIVERGED",
    `The training diverged at step ${step + 1}: logits, loss or gradient are not finite. Try a lower rate.`,
  );

/** One number that is not finite makes the sum so. */
const allFinite = (values: Float32Array) => Number.isFinite(values.reduce((sum, value) => sum + value, 0));
