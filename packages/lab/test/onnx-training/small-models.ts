// Small ONNX models of one operation each, and the measured slopes that the trainer's are held to.

import proto from "onnx-proto";
import * as ort from "onnxruntime-node";
import { createOnnxGraph, type OnnxGraph } from "../../src/onnx-training/onnx-graph.js";
import type { TrainableModel } from "../../src/onnx-training/trainable.js";
import { randomStream } from "../../src/random-stream.js";

const { onnx } = proto;
const { normal } = randomStream("small models");
export const normals = (length: number) => Float32Array.from({ length }, () => normal());
const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Numbers that differ from each other and stay away from 0, in no order: no pixel is at a kink, and no two tie for the largest. */
export function image(shape: readonly number[]): Float32Array {
  const length = sizeOf(shape);
  // 7 and the length have no common divisor where it is no multiple of 7: every place comes up once.
  return Float32Array.from({ length }, (_, i) => {
    const place = (7 * i + 3) % length;
    return (place % 2 ? 1 : -1) * (0.25 + (1.75 * place) / length);
  });
}

export interface Draft {
  readonly graph: OnnxGraph;
  /** Input of the operation, of 3 channels, with something trained before it. */
  readonly x: string;
  /** A constant of random numbers, that is trained where the operation has slopes along it. */
  parameter(shape: readonly number[]): string;
}

/** A model of one input channel: a 1 × 1 convolution to 3 channels, then what is drawn. */
export function model(shape: readonly number[], draw: (draft: Draft) => string, opset = 17): Uint8Array {
  const graph = createOnnxGraph("operation");
  const input = graph.input("picture", shape);
  const ones = shape.slice(2).map(() => 1);
  const weight = graph.floats(Float32Array.of(1, -0.5, 2), [3, 1, ...ones], "first.weight");
  const bias = graph.floats(Float32Array.of(0.05, -0.05, 0.1), [3], "first.bias");
  const x = graph.node("Conv", [input, weight, bias]);
  let count = 0;
  const parameter = (extents: readonly number[]) =>
    graph.floats(normals(sizeOf(extents)), extents, `trained.${count++}`);
  graph.output(draw({ graph, x, parameter }), "result");
  return withOpset(graph.encode(), opset);
}

function withOpset(bytes: Uint8Array, opset: number): Uint8Array {
  const decoded = onnx.ModelProto.decode(bytes);
  for (const entry of decoded.opsetImport ?? []) if (!entry.domain) entry.version = opset;
  return onnx.ModelProto.encode(decoded).finish();
}

/** The only output of a model for one image. */
export async function outputOf(bytes: Uint8Array, shape: readonly number[], pixels: Float32Array) {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const [name] = session.inputNames;
  const result = await session.run({ [name]: new ort.Tensor("float32", pixels, [...shape]) });
  const output = result[session.outputNames[0]];
  await session.release();
  return { dims: output.dims, data: output.data as Float32Array };
}

/** Half of the distance over which a slope is measured: wide, as the logits have the digits of float32 only. */
const STEP = 1e-2;

/** Slopes of Σ slopes · logits along every parameter, by central differences of the forward model. */
export async function measuredGradient(
  trainable: TrainableModel,
  pixels: Float32Array,
  slopes: Float32Array,
): Promise<Float64Array> {
  const session = await ort.InferenceSession.create(trainable.forward, { logSeverityLevel: 3 });
  const parameters = trainable.parameters.slice();
  const picture = new ort.Tensor("float32", pixels, [...trainable.inputShape]);
  const value = async () => {
    const given = { parameters: new ort.Tensor("float32", parameters, [parameters.length]), image: picture };
    const { logits } = await session.run(given, ["logits"]);
    return (logits.data as Float32Array).reduce((sum, z, i) => sum + z * slopes[i], 0);
  };
  const gradient = new Float64Array(parameters.length);
  for (let i = 0; i < parameters.length; i++) {
    const at = parameters[i];
    parameters[i] = at + STEP;
    const [right, above] = [parameters[i], await value()];
    parameters[i] = at - STEP;
    const [left, below] = [parameters[i], await value()];
    parameters[i] = at;
    gradient[i] = (above - below) / (right - left);
  }
  await session.release();
  return gradient;
}

/** The largest difference, as a part of the largest slope. */
export function relativeDistance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(found, (value, i) => Math.abs(value - expected[i]))) / largest;
}
