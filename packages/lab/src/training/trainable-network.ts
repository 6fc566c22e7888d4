// A network that can be trained: a forward and a backward session, with the loss as a plain function between them.

import { createSessions, type LossOfLogits } from "../onnx-training/sessions.js";
import { trainableFromOnnx } from "../onnx-training/trainable.js";
import type { Network } from "./architecture.js";
import { logitsGraph } from "./forward-graph.js";
import { loadRuntime, SESSION_OPTIONS } from "./runtime.js";

/** Sizes of a training step; they never change, so that ONNX Runtime can plan its memory once. */
export interface BatchShape {
  readonly batch: number;
  /** Edge of the square crops, a multiple of 2^depth. */
  readonly crop: number;
}

export interface TrainableNetwork {
  /**
   * Value of the loss and its slopes along all parameters, flat. The gradient is overwritten by the next call; one call at a time.
   */
  lossAndGradient(
    parameters: Float32Array,
    image: Float32Array,
    loss: LossOfLogits,
  ): Promise<{ readonly value: number; readonly gradient: Float32Array }>;
  release(): Promise<void>;
}

export async function createTrainableNetwork(network: Network, { batch, crop }: BatchShape): Promise<TrainableNetwork> {
  const bytes = logitsGraph(network, new Float32Array(network.parameterCount));
  const trainable = trainableFromOnnx(bytes, { inputShape: [batch, network.shape.inputChannels, crop, crop] });
  // Fresh memory for every step costs more time than what is computed in it.
  const options = { session: SESSION_OPTIONS, reuseOutputs: true };
  const { evaluate, release } = await createSessions(await loadRuntime(), trainable, options);
  return { lossAndGradient: evaluate, release };
}
