// The network as an ONNX graph that runs forward: with logits, from which training is made, or with probabilities.

import { createOnnxGraph, type OnnxGraph } from "../onnx-training/onnx-graph.js";
import { EPSILON, type Layer, LEAK, type Network, type Parameter } from "./architecture.js";

/** The network that training starts from: "image" `[images, channels, height, width]` in, "logits" out. */
export const logitsGraph = (network: Network, parameters: Float32Array): Uint8Array =>
  write(network, parameters, (graph, logits) => graph.output(logits, "logits"));

/**
 * The trained network as a model of its own: "image" `[images, channels, height, width]` in, "probabilities" out. Height and width are multiples of
 * 2^depth, otherwise free.
 */
export const inferenceGraph = (network: Network, parameters: Float32Array): Uint8Array =>
  write(network, parameters, (graph, logits) => {
    const probabilities =
      network.shape.outputChannels === 1
        ? graph.node("Sigmoid", [logits])
        : graph.node("Softmax", [logits], { axis: 1 });
    graph.output(probabilities, "probabilities");
  });

function write(network: Network, parameters: Float32Array, finish: (graph: OnnxGraph, logits: string) => void) {
  const graph = createOnnxGraph("losskit U-Net");
  const constants = new Map(
    network.parameters.map(({ name, shape, offset, size }: Parameter) => [
      name,
      graph.floats(parameters.subarray(offset, offset + size), shape, name),
    ]),
  );
  const values = new Map([["image", graph.input("image", ["images", network.shape.inputChannels, "height", "width"])]]);
  for (const layer of network.layers) {
    const parameter = (name: string) => constants.get(`${layer.output}.${name}`) as string;
    values.set(layer.output, layerNode(graph, layer, parameter, values));
  }
  finish(graph, values.get("logits") as string);
  return graph.encode();
}

function layerNode(
  graph: OnnxGraph,
  layer: Layer,
  parameter: (name: string) => string,
  values: ReadonlyMap<string, string>,
): string {
  const input = values.get(layer.input) as string;
  switch (layer.kind) {
    case "block": {
      const convolved = graph.node("Conv", [input, parameter("weight")], { pads: [1, 1, 1, 1] });
      const normalised = graph.node("InstanceNormalization", [convolved, parameter("scale"), parameter("shift")], {
        epsilon: { float: EPSILON },
      });
      return graph.node("LeakyRelu", [normalised], { alpha: { float: LEAK } });
    }
    case "pool":
      return graph.node("MaxPool", [input], { kernel_shape: [2, 2], strides: [2, 2] });
    case "up":
      return graph.node("ConvTranspose", [input, parameter("weight"), parameter("shift")], {
        kernel_shape: [2, 2],
        strides: [2, 2],
      });
    case "concat":
      return graph.node("Concat", [input, values.get(layer.skip) as string], { axis: 1 });
    case "head":
      return graph.node("Conv", [input, parameter("weight"), parameter("shift")], { kernel_shape: [1, 1] });
  }
}
