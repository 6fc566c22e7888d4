// A network that can be trained: a forward and a backward session, with the loss as a plain function between them.

import type { Tensor } from "onnxruntime-node";
import type { Network } from "./architecture.js";
import { trainingBackwardGraph } from "./backward-graph.js";
import { type BatchShape, savedValues, trainingForwardGraph } from "./forward-graph.js";
import { createSession, loadRuntime } from "./runtime.js";

/** Gives the value of a loss and its slopes along the logits, `[batch, channels, crop, crop]`. */
export type LossOfLogits = (logits: Float32Array) => { readonly value: number; readonly gradient: Float32Array };

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

export async function createTrainableNetwork(network: Network, shape: BatchShape): Promise<TrainableNetwork> {
  const runtime = await loadRuntime();
  const forward = await createSession(runtime, trainingForwardGraph(network, shape));
  const backward = await createSession(runtime, trainingBackwardGraph(network, shape));
  const { inputChannels, outputChannels } = network.shape;
  const { batch, crop } = shape;
  const floats = (values: Float32Array, extents: readonly number[]): Tensor =>
    new runtime.Tensor("float32", values, [...extents]);
  const blank = (extents: readonly number[], type: "float32" | "int64" = "float32"): Tensor => {
    const size = extents.reduce((product, extent) => product * extent, 1);
    return type === "float32"
      ? floats(new Float32Array(size), extents)
      : new runtime.Tensor("int64", new BigInt64Array(size), [...extents]);
  };
  // Outputs have their memory from the start: fresh memory for every step costs more time than what is computed in it.
  const logits = blank([batch, outputChannels, crop, crop]);
  const kept = Object.fromEntries(
    savedValues(network, shape).map(({ name, shape: extents, type }) => [name, blank(extents, type)]),
  );
  const gradient = blank([network.parameterCount]);

  return {
    async lossAndGradient(parameters, image, loss) {
      const given = {
        parameters: floats(parameters, [network.parameterCount]),
        image: floats(image, [batch, inputChannels, crop, crop]),
      };
      await forward.run(given, { logits, ...kept });
      const { value, gradient: slopes } = loss(logits.data as Float32Array);
      await backward.run(
        { ...given, ...kept, slopes: floats(slopes, [batch, outputChannels, crop, crop]) },
        { gradient },
      );
      return { value, gradient: gradient.data as Float32Array };
    },
    async release() {
      await forward.release();
      await backward.release();
    },
  };
}
