// The network as ONNX graphs that run forward: one for training, which keeps what the gradient needs, one for inference.

import { EPSILON, type Layer, LEAK, type Network, type Parameter } from "./architecture.js";
import { createOnnxGraph, type OnnxGraph } from "./onnx-graph.js";

/** Sizes of a training step; they never change, so that ONNX Runtime can plan its memory once. */
export interface BatchShape {
  readonly batch: number;
  /** Edge of the square crops, a multiple of 2^depth. */
  readonly crop: number;
}

/** Values that the forward graph hands to the backward graph, with their types. */
export interface SavedValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: "float32" | "int64";
}

/** Names of what a layer saves besides its output. */
export const saved = {
  normalised: (layer: Layer) => `${layer.output}.normalised`,
  inverseDeviation: (layer: Layer) => `${layer.output}.inverse`,
  places: (layer: Layer) => `${layer.output}.places`,
};

/** Everything the backward graph reads of a forward run: inputs of layers, and what normalisation and pooling leave. */
export function savedValues(network: Network, { batch, crop }: BatchShape): SavedValue[] {
  const values: SavedValue[] = [];
  const add = (name: string, shape: readonly number[], type: SavedValue["type"] = "float32") => {
    if (name !== "image" && !values.some((value) => value.name === name)) values.push({ name, shape, type });
  };
  for (const layer of network.layers) {
    const edge = crop / 2 ** layer.level;
    const { inputChannels, outputChannels } = layer;
    if (layer.kind === "block") {
      add(layer.input, [batch, inputChannels, edge, edge]);
      add(saved.normalised(layer), [batch, outputChannels, edge * edge]);
      add(saved.inverseDeviation(layer), [batch, outputChannels, 1]);
      add(layer.output, [batch, outputChannels, edge, edge]);
    } else if (layer.kind === "up") add(layer.input, [batch, inputChannels, edge / 2, edge / 2]);
    else if (layer.kind === "head") add(layer.input, [batch, inputChannels, edge, edge]);
    else if (layer.kind === "pool") add(saved.places(layer), [batch, outputChannels, edge, edge], "int64");
  }
  return values;
}

/** The parameters as separate values, cut out of the one flat input. */
export function splitParameters(graph: OnnxGraph, network: Network): ReadonlyMap<string, string> {
  const flat = graph.input("parameters", [network.parameterCount]);
  const sizes = graph.integers(network.parameters.map(({ size }) => size));
  const parts = graph.nodes(
    "Split",
    [flat, sizes],
    network.parameters.map(({ name }) => `${name}.flat`),
    { axis: 0 },
  );
  return new Map(
    network.parameters.map(({ name, shape }, i) => [name, graph.node("Reshape", [parts[i], graph.integers(shape)])]),
  );
}

/** Image and parameters in; logits and the saved values out. */
export function trainingForwardGraph(network: Network, shape: BatchShape): Uint8Array {
  const { batch, crop } = shape;
  const graph = createOnnxGraph("forward");
  const parameters = splitParameters(graph, network);
  const image = graph.input("image", [batch, network.shape.inputChannels, crop, crop]);
  const values = new Map([["image", image]]);
  for (const layer of network.layers) {
    const of = (name: string) => parameters.get(`${layer.output}.${name}`) as string;
    const input = values.get(layer.input) as string;
    const edge = crop / 2 ** layer.level;
    switch (layer.kind) {
      case "block": {
        const convolved = graph.node("Conv", [input, of("weight")], { pads: [1, 1, 1, 1] });
        // Layer normalisation over the pixels of each channel is instance normalisation, and gives what its gradient needs.
        const pixels = edge * edge;
        const [normalised, , inverse] = graph.nodes(
          "LayerNormalization",
          [
            graph.node("Reshape", [convolved, graph.integers([batch, layer.outputChannels, pixels])]),
            ones(graph, pixels),
          ],
          ["normalised", "mean", "inverse"],
          { axis: 2, epsilon: { float: EPSILON } },
        );
        values.set(saved.normalised(layer), normalised);
        values.set(saved.inverseDeviation(layer), inverse);
        const shifted = scaleAndShift(graph, normalised, of("scale"), of("shift"), layer.outputChannels);
        const grid = graph.integers([batch, layer.outputChannels, edge, edge]);
        values.set(layer.output, graph.node("Reshape", [leakyRelu(graph, shifted), grid]));
        break;
      }
      case "pool": {
        const [pooled, places] = graph.nodes("MaxPool", [input], ["pooled", "places"], {
          kernel_shape: [2, 2],
          strides: [2, 2],
        });
        values.set(layer.output, pooled);
        values.set(saved.places(layer), places);
        break;
      }
      default:
        values.set(layer.output, plainLayer(graph, layer, input, of, values));
    }
  }
  graph.output(values.get("logits") as string, "logits");
  for (const { name, type } of savedValues(network, shape)) graph.output(values.get(name) as string, name, type);
  return graph.encode();
}

/**
 * The trained network as a model of its own: "image" `[images, channels, height, width]` in, "probabilities" out. Height and width are multiples of
 * 2^depth, otherwise free.
 */
export function inferenceGraph(network: Network, parameters: Float32Array): Uint8Array {
  const graph = createOnnxGraph("losskit U-Net");
  const constants = new Map(
    network.parameters.map(({ name, shape, offset, size }: Parameter) => [
      name,
      graph.floats(parameters.subarray(offset, offset + size), shape, name),
    ]),
  );
  const { inputChannels, outputChannels } = network.shape;
  const image = graph.input("image", ["images", inputChannels, "height", "width"]);
  const values = new Map([["image", image]]);
  for (const layer of network.layers) {
    const of = (name: string) => constants.get(`${layer.output}.${name}`) as string;
    const input = values.get(layer.input) as string;
    if (layer.kind === "block") {
      const convolved = graph.node("Conv", [input, of("weight")], { pads: [1, 1, 1, 1] });
      const normalised = graph.node("InstanceNormalization", [convolved, of("scale"), of("shift")], {
        epsilon: { float: EPSILON },
      });
      values.set(layer.output, leakyRelu(graph, normalised));
    } else if (layer.kind === "pool") {
      values.set(layer.output, graph.node("MaxPool", [input], { kernel_shape: [2, 2], strides: [2, 2] }));
    } else values.set(layer.output, plainLayer(graph, layer, input, of, values));
  }
  const logits = values.get("logits") as string;
  const probabilities =
    outputChannels === 1 ? graph.node("Sigmoid", [logits]) : graph.node("Softmax", [logits], { axis: 1 });
  graph.output(probabilities, "probabilities");
  return graph.encode();
}

/** Layers that are the same in training and inference. */
function plainLayer(
  graph: OnnxGraph,
  layer: Layer,
  input: string,
  parameter: (name: string) => string,
  values: ReadonlyMap<string, string>,
): string {
  switch (layer.kind) {
    case "up":
      return graph.node("ConvTranspose", [input, parameter("weight"), parameter("shift")], {
        kernel_shape: [2, 2],
        strides: [2, 2],
      });
    case "concat":
      return graph.node("Concat", [input, values.get(layer.skip) as string], { axis: 1 });
    case "head":
      return graph.node("Conv", [input, parameter("weight"), parameter("shift")], { kernel_shape: [1, 1] });
    default:
      throw new Error(`a ${layer.kind} differs between training and inference`);
  }
}

/** Batch normalisation with mean 0 and variance 1 is scale and shift in one pass over memory instead of two. */
function scaleAndShift(graph: OnnxGraph, value: string, scale: string, shift: string, channels: number): string {
  const zeros = graph.floats(new Float32Array(channels), [channels]);
  return graph.node("BatchNormalization", [value, scale, shift, zeros, ones(graph, channels)], {
    epsilon: { float: 0 },
  });
}

const leakyRelu = (graph: OnnxGraph, value: string) => graph.node("LeakyRelu", [value], { alpha: { float: LEAK } });

const ones = (graph: OnnxGraph, length: number) => graph.floats(new Float32Array(length).fill(1), [length]);
