// Operations on each element by itself: activations, and sums and products of two values.

import type { OnnxGraph } from "../onnx-graph.js";
import { attributes, type Differentiable, type NodeInContext, operand, unsupported } from "../operation.js";
import { broadcast, range, type Shape, sameShape } from "../shapes.js";

/** So steep that every positive output that training meets is clipped to 1; infinity clips as well. */
const STEEP = 1e30;

/** The number of float32 among ONNX's types of elements. */
const FLOAT32 = 1;

export const number = (graph: OnnxGraph, value: number) => graph.floats(new Float32Array([value]), []);

/** Slope of an activation: its factor from the output, multiplied with what comes from above. */
function activation(
  context: NodeInContext,
  run: (graph: OnnxGraph, input: string) => string,
  factor: (graph: OnnxGraph, output: string) => string,
): Differentiable {
  return {
    shapes: [operand(context, 0).shape],
    differentiable: [0],
    forward: (graph, [input]) => ({ outputs: [run(graph, input)] }),
    backward: (graph, known, [slope]) => [graph.node("Mul", [slope as string, factor(graph, known.output(0))])],
  };
}

/** 1 where the output is positive, the leak elsewhere: clipping a steep line is faster than a choice per pixel. */
const oneOrLeak = (graph: OnnxGraph, output: string, leak: number) =>
  graph.node("Clip", [graph.node("Mul", [output, number(graph, STEEP)]), number(graph, leak), number(graph, 1)]);

export const relu = (context: NodeInContext) =>
  activation(
    context,
    (graph, input) => graph.node("Relu", [input]),
    (graph, output) => oneOrLeak(graph, output, 0),
  );

export function leakyRelu(context: NodeInContext): Differentiable {
  const leak = attributes(context.node).number("alpha", 0.01);
  // The sign of the output says the side only where the line does not turn round.
  if (leak < 0 || leak > 1) throw unsupported(context.node, `has alpha ${leak}; 0 to 1 is supported`);
  return activation(
    context,
    (graph, input) => graph.node("LeakyRelu", [input], { alpha: { float: leak } }),
    (graph, output) => oneOrLeak(graph, output, leak),
  );
}

/** y (1 - y) */
export const sigmoid = (context: NodeInContext) =>
  activation(
    context,
    (graph, input) => graph.node("Sigmoid", [input]),
    (graph, output) => graph.node("Mul", [output, graph.node("Sub", [number(graph, 1), output])]),
  );

/** 1 - y² */
export const tanh = (context: NodeInContext) =>
  activation(
    context,
    (graph, input) => graph.node("Tanh", [input]),
    (graph, output) => graph.node("Sub", [number(graph, 1), graph.node("Mul", [output, output])]),
  );

export const identity = (context: NodeInContext): Differentiable => ({
  shapes: [operand(context, 0).shape],
  differentiable: [0],
  forward: (_graph, [input]) => ({ outputs: [input] }),
  backward: (_graph, _known, [slope]) => [slope],
});

/** To float32, which all activations are. */
export function cast(context: NodeInContext): Differentiable {
  const to = attributes(context.node).number("to", FLOAT32);
  if (to !== FLOAT32)
    throw unsupported(context.node, `is to the type ${to}; training computes in float32 (${FLOAT32})`);
  return identity(context);
}

export const add = (context: NodeInContext) => binary(context, (_graph, _known, slope) => [slope, slope]);

export const sub = (context: NodeInContext) =>
  binary(context, (graph, known, slope) => [slope, known.wants(1) ? graph.node("Neg", [slope]) : undefined]);

export const mul = (context: NodeInContext) =>
  binary(context, (graph, known, slope) => [
    known.wants(0) ? graph.node("Mul", [slope, known.input(1)]) : undefined,
    known.wants(1) ? graph.node("Mul", [slope, known.input(0)]) : undefined,
  ]);

type BinarySlopes = (
  graph: OnnxGraph,
  known: Parameters<Differentiable["backward"]>[1],
  slope: string,
) => readonly [string | undefined, string | undefined];

function binary(context: NodeInContext, slopes: BinarySlopes): Differentiable {
  const shapes = [operand(context, 0).shape, operand(context, 1).shape];
  const shape = broadcast(shapes[0], shapes[1]);
  if (!shape) throw unsupported(context.node, `joins shapes that do not fit: [${shapes[0]}] and [${shapes[1]}]`);
  return {
    shapes: [shape],
    differentiable: [0, 1],
    forward: (graph, inputs) => ({ outputs: [graph.node(context.node.op, inputs)] }),
    backward: (graph, known, [slope]) =>
      slopes(graph, known, slope as string).map((own, i) =>
        own !== undefined && known.wants(i) ? sumTo(graph, own, shape, shapes[i]) : undefined,
      ),
  };
}

/** The sum over the axes along which an operand was repeated. */
export function sumTo(graph: OnnxGraph, slope: string, shape: Shape, wanted: Shape): string {
  if (sameShape(shape, wanted)) return slope;
  const missing = shape.length - wanted.length;
  const repeated = range(shape.length).filter((axis) => axis < missing || wanted[axis - missing] !== shape[axis]);
  const sum = repeated.length > 0 ? graph.node("ReduceSum", [slope, graph.integers(repeated)], { keepdims: 1 }) : slope;
  return graph.node("Reshape", [sum, graph.integers(wanted)]);
}
