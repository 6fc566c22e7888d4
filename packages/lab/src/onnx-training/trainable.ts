// From an ONNX model to two that train it: one runs forward and keeps what the gradient needs, one brings slopes back.

import { LabError } from "../errors.js";
import { type Network, planNetwork, type Step, type TrainableOptions, type TrainedParameter } from "./network.js";
import { createOnnxGraph, type OnnxGraph } from "./onnx-graph.js";
import { attributes, type Forward, type Kept } from "./operation.js";
import { decodeModel, readModel } from "./read-model.js";
import { type Shape, sizeOf } from "./shapes.js";
import { writeTrained } from "./write-trained.js";

/** A value that the forward model hands to the backward model under this name. */
export interface SavedValue {
  readonly name: string;
  readonly shape: Shape;
  readonly type: "float32" | "int64";
}

/** Running statistics of a batch normalisation: its constants in the file, and their place in the flat array. */
export interface RunningStatistics {
  readonly mean: string;
  readonly variance: string;
  readonly channels: number;
  /** Of the means; the variances follow them. */
  readonly offset: number;
  /** What stays of the old value in a step. */
  readonly momentum: number;
}

export interface TrainableModel {
  /** "parameters", flat, and "image" in; "logits", the saved values, and "statistics" where there are any, out. */
  readonly forward: Uint8Array;
  /** "parameters", "image", the saved values and "slopes", of the loss along the logits, in; "gradient", flat, out. */
  readonly backward: Uint8Array;
  /** What is trained, in the order of the flat array. */
  readonly layout: readonly TrainedParameter[];
  /** First values, as the file has them; the caller's to change. */
  readonly parameters: Float32Array;
  readonly inputShape: Shape;
  readonly logitsShape: Shape;
  readonly saved: readonly SavedValue[];
  readonly statistics: readonly RunningStatistics[];
  /** First running statistics, flat. */
  readonly running: Float32Array;
  /** The model as it was given, with these numbers in it. */
  withValues(parameters: Float32Array, running?: Float32Array): Uint8Array;
}

/**
 * Two ONNX models that train a given one, made of ordinary operators (opset 17, and ONNX Runtime's FusedMatMul) for one shape of images.
 *
 * @param bytes content of an .onnx file: float32, one input `[batch, channels, ...space]`, one output with logits
 * @throws LabError UNSUPPORTED_OPERATION, with the name of the node, for what cannot be trained through; UNREADABLE_FILE; USAGE
 */
export function trainableFromOnnx(bytes: Uint8Array, options: TrainableOptions = {}): TrainableModel {
  const model = readModel(decodeModel(bytes), options.output);
  const network = planNetwork(model, options);
  const forward = writeForward(network, model.input.name, model.output);
  const { backward, saved } = writeBackward(network, model.input.name, model.output, forward);
  const { statistics, running } = forward;
  return {
    forward: forward.finish(saved),
    backward,
    layout: network.parameters,
    parameters: network.initial,
    inputShape: network.inputShape,
    logitsShape: network.logitsShape,
    saved: saved.map(({ name, shape, type = "float32" }) => ({ name, shape, type })),
    statistics,
    running,
    withValues: (parameters, own = running) => {
      requireSize("parameters", parameters, network.initial.length);
      requireSize("running", own, running.length);
      return writeTrained(decodeModel(bytes), { parameters, layout: network.parameters, running: own, statistics });
    },
  };
}

function requireSize(what: string, values: Float32Array, size: number): void {
  if (values.length === size) return;
  throw new LabError("SIZE_MISMATCH", `${what} has ${values.length} numbers; the model has ${size}.`);
}

/** A value of the forward graph that the backward graph reads under another name. */
interface Handed extends Kept {
  readonly name: string;
}

interface ForwardGraph {
  /** What each step left, by the step. */
  readonly results: ReadonlyMap<Step, Forward>;
  /** Names in the graph by those of the model. */
  readonly names: ReadonlyMap<string, string>;
  readonly statistics: readonly RunningStatistics[];
  readonly running: Float32Array;
  finish(saved: readonly Handed[]): Uint8Array;
}

const IMAGE = "image";
const LOGITS = "logits";

function writeForward(network: Network, input: string, output: string): ForwardGraph {
  const graph = createOnnxGraph("forward");
  const parameters = splitParameters(graph, network.parameters, network.initial.length);
  const names = new Map([[input, graph.input(IMAGE, network.inputShape)], ...parameters]);
  const results = new Map<Step, Forward>();
  const statistics: RunningStatistics[] = [];
  const running: number[] = [];
  const measured: string[] = [];
  for (const step of network.steps) {
    const { node, rule } = step;
    const result = rule.forward(
      graph,
      node.inputs.map((name) => names.get(name) ?? constantOf(graph, network, name)),
    );
    results.set(step, result);
    result.outputs.forEach((value, i) => {
      if (node.outputs[i]) names.set(node.outputs[i], value);
    });
    if (result.statistics) {
      const [, , , mean, variance] = node.inputs;
      const momentum = attributes(node).number("momentum", 0.9);
      statistics.push({ mean, variance, channels: sizeOf(shapeOf(network, mean)), offset: running.length, momentum });
      for (const name of [mean, variance]) running.push(...(network.values.get(name)?.tensor?.values ?? []));
      measured.push(result.statistics.mean, result.statistics.variance);
    }
  }
  const logits = names.get(output) as string;
  graph.output(logits, LOGITS);
  if (measured.length > 0) graph.output(graph.node("Concat", measured, { axis: 0 }), "statistics");
  return {
    results,
    names,
    statistics,
    running: Float32Array.from(running),
    finish(saved) {
      for (const { value, name, type } of saved) if (name !== LOGITS) graph.output(value, name, type);
      return graph.encode();
    },
  };
}

function writeBackward(network: Network, input: string, output: string, { results, names }: ForwardGraph) {
  const graph = createOnnxGraph("backward");
  const parameters = splitParameters(graph, network.parameters, network.initial.length);
  const image = graph.input(IMAGE, network.inputShape);
  const handed = new Map<string, Handed>();
  const hand = (kept: Kept): string => {
    const before = handed.get(kept.value);
    if (before) return before.name;
    const name = kept.value === names.get(output) ? LOGITS : `saved_${handed.size}`;
    handed.set(kept.value, { ...kept, name });
    return graph.input(name, kept.shape, kept.type);
  };
  const take = (name: string): string => {
    const parameter = parameters.get(name);
    if (parameter) return parameter;
    const value = names.get(name);
    // A value that a step passed on unchanged is the image as well.
    if (value === names.get(input)) return image;
    return value === undefined ? constantOf(graph, network, name) : hand({ value, shape: shapeOf(network, name) });
  };

  // Slope along each value; a value that several nodes read adds up theirs.
  const along = new Map([[output, graph.input("slopes", network.logitsShape)]]);
  for (const step of [...network.steps].reverse()) {
    const { node, rule } = step;
    const slopes = node.outputs.map((name) => along.get(name));
    if (slopes.every((slope) => slope === undefined) || !rule.differentiable.some(step.wants)) continue;
    const known = {
      input: (i: number) => take(node.inputs[i]),
      output: (i: number) => take(node.outputs[i]),
      kept: (name: string) => hand(results.get(step)?.kept?.[name] as Kept),
      wants: step.wants,
    };
    rule.backward(graph, known, slopes).forEach((slope, i) => {
      if (slope === undefined || !step.wants(i)) return;
      const before = along.get(node.inputs[i]);
      along.set(node.inputs[i], before ? graph.node("Add", [before, slope]) : slope);
    });
  }
  const flat = network.parameters.map(({ name, size }) => {
    const slope = along.get(name);
    // A constant whose value nothing depends on, as that of an unused output.
    if (slope === undefined) return graph.node("ConstantOfShape", [graph.integers([size])]);
    return graph.node("Reshape", [slope, graph.integers([size])]);
  });
  graph.output(graph.node("Concat", flat, { axis: 0 }), "gradient");
  return { backward: graph.encode(), saved: [...handed.values()] };
}

/** The parameters as separate values, cut out of the one flat input. */
function splitParameters(graph: OnnxGraph, layout: readonly TrainedParameter[], count: number) {
  const flat = graph.input("parameters", [count]);
  const sizes = graph.integers(layout.map(({ size }) => size));
  const parts = graph.nodes(
    "Split",
    [flat, sizes],
    layout.map((_, i) => `parameter${i}`),
    { axis: 0 },
  );
  return new Map(layout.map(({ name, shape }, i) => [name, graph.node("Reshape", [parts[i], graph.integers(shape)])]));
}

/** Float constants of the file; sizes and places are in the rules already. */
function constantOf(graph: OnnxGraph, network: Network, name: string): string {
  const tensor = network.values.get(name)?.tensor;
  return tensor?.type === "float32" ? graph.floats(tensor.values, tensor.shape) : "";
}

const shapeOf = (network: Network, name: string): Shape => network.values.get(name)?.shape ?? [];
