// A network that can be trained: a forward and a backward session, with the loss as a plain function between them.

import type { Tensor } from "onnxruntime-node";
import type { Network } from "./architecture.js";
import { trainingBackwardGraph } from "./backward-graph.js";
import { type BatchShape, trainingForwardGraph } from "./forward-graph.js";
import { createSession, dispose, loadRuntime } from "./runtime.js";

/** Gives the value of a loss and its slopes along the logits, `[batch, channels, crop, crop]`. */
export type LossOfLogits = (logits: Float32Array) => { readonly value: number; readonly gradient: Float32Array };

export interface TrainableNetwork {
  /** Value of the loss and its slopes along all parameters, flat. */
  lossAndGradient(
    parameters: Float32Array,
    image: Float32Array,
    loss: LossOfLogits,
  ): Promise<{ readonly value: number; readonly gradient: Float32Array }>;
  release(): Promise<void>;
}

export async function createTrainableNetwork(network: Network, shape: BatchShape): Promise<TrainableNetwork> {
  const runtime = await loadRuntime();
  const forward = await createSession(runtime, trainingForwardGraph(network, shape));
  const backward = await createSession(runtime, trainingBackwardGraph(network, shape));
  const { inputChannels, outputChannels } = network.shape;
  const { batch, crop } = shape;
  const floats = (values: Float32Array, extents: readonly number[]): Tensor =>
    new runtime.Tensor("float32", values, [...extents]);

  return {
    async lossAndGradient(parameters, image, loss) {
      const given = {
        parameters: floats(parameters, [network.parameterCount]),
        image: floats(image, [batch, inputChannels, crop, crop]),
      };
      const { logits, ...kept } = await forward.run(given);
      const { value, gradient: slopes } = loss(logits.data as Float32Array);
      const { gradient } = await backward.run({
        ...given,
        ...kept,
        slopes: floats(slopes, [batch, outputChannels, crop, crop]),
      });
      const result = Float32Array.from(gradient.data as Float32Array);
      dispose({ logits, gradient, ...kept });
      return { value, gradient: result };
    },
    async release() {
      await forward.release();
      await backward.release();
    },
  };
}
