// What the trainer has to know of an operation: the shapes it makes, how it runs, and how slopes go back through it.

import { LabError } from "../errors.js";
import type { OnnxGraph } from "./onnx-graph.js";
import type { ModelAttribute, ModelNode, Tensor } from "./read-model.js";
import { type Shape, sizeOf } from "./shapes.js";

/** A value that a node reads. */
export interface Operand {
  readonly shape: Shape;
  /** Its numbers where they are in the file. */
  readonly tensor?: Tensor;
}

/** A node with what is known of it before anything runs. */
export interface NodeInContext {
  readonly node: ModelNode;
  readonly opset: number;
  /** undefined for an optional input that is left out. */
  readonly inputs: readonly (Operand | undefined)[];
  /** Batch normalisation with the statistics of the batch, whatever the file says. */
  readonly batchStatistics?: boolean;
}

export type Operation = (context: NodeInContext) => Differentiable;

/** A value that the forward graph leaves for the backward graph besides inputs and outputs. */
export interface Kept {
  readonly value: string;
  readonly shape: Shape;
  readonly type?: "float32" | "int64";
}

export interface Forward {
  /** Names in the graph, one for each output that is used. */
  readonly outputs: readonly string[];
  readonly kept?: Readonly<Record<string, Kept>>;
  /** Mean and variance of the batch, one number a channel. */
  readonly statistics?: { readonly mean: string; readonly variance: string };
}

/** Names, in the backward graph, of what the forward graph computed. */
export interface Known {
  input(i: number): string;
  output(i: number): string;
  kept(name: string): string;
  /** Whether a slope along this input is of use. */
  wants(i: number): boolean;
}

export interface Differentiable {
  /** Of the outputs. */
  readonly shapes: readonly Shape[];
  /** Inputs along which it has slopes; the others must be constants, or are sizes. */
  readonly differentiable: readonly number[];
  forward(graph: OnnxGraph, inputs: readonly string[]): Forward;
  /**
   * Slopes along the inputs.
   *
   * @param slopes along the outputs; undefined for one that nothing depends on
   */
  backward(graph: OnnxGraph, known: Known, slopes: readonly (string | undefined)[]): readonly (string | undefined)[];
}

/** An error that names the node. */
export function unsupported(node: ModelNode, why: string): LabError {
  return new LabError("UNSUPPORTED_OPERATION", `${node.op} (node "${node.name}") ${why}`);
}

/** Elements of the largest array that ONNX Runtime's WebAssembly can hold: 4 GiB of float32. */
const LARGEST = 2 ** 30;

/** @throws LabError UNSUPPORTED_OPERATION where an output of the node is no array that can be made */
export function checkShape(node: ModelNode, shape: Shape): void {
  if (shape.every((extent) => Number.isInteger(extent) && extent > 0) && sizeOf(shape) <= LARGEST) return;
  throw unsupported(node, `makes an array [${shape}]; give images of another size`);
}

/** Attributes of a node by their kinds. */
export const attributes = (node: ModelNode) => ({
  number: (name: string, otherwise: number): number => ofKind(node, name, "number") ?? otherwise,
  text: (name: string, otherwise: string): string => ofKind(node, name, "string") ?? otherwise,
  list: (name: string): readonly number[] | undefined => {
    const value = node.attributes.get(name);
    return Array.isArray(value) ? value : undefined;
  },
});

function ofKind<Kind extends "number" | "string">(node: ModelNode, name: string, kind: Kind) {
  const value: ModelAttribute | undefined = node.attributes.get(name);
  return typeof value === kind ? (value as Kind extends "number" ? number : string) : undefined;
}

/** @throws LabError UNSUPPORTED_OPERATION where the input is missing */
export function operand({ node, inputs }: NodeInContext, i: number): Operand {
  const found = inputs[i];
  if (found) return found;
  throw unsupported(node, `lacks its input number ${i + 1}`);
}

/** Numbers of an input that the rule needs to know. @throws LabError UNSUPPORTED_OPERATION where they are not in the file */
export function constant(context: NodeInContext, i: number, what: string): number[] | undefined {
  const given = context.inputs[i];
  if (!given) return undefined;
  if (given.tensor) return Array.from(given.tensor.values);
  throw unsupported(context.node, `takes its ${what} from a computation; they must be constants of the model`);
}
