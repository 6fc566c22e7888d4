// Convolutions and transposed convolutions, in 1 to 3 axes of space.

import type { OnnxGraph } from "../onnx-graph.js";
import { attributes, type Differentiable, type NodeInContext, operand, unsupported } from "../operation.js";
import { range, type Shape } from "../shapes.js";
import { type ConvolutionShape, weightSlopes } from "./weight-slopes.js";
import { isPlain, readWindow, unread, type Window, windowAttributes, windowPlaces } from "./window.js";

export function conv(context: NodeInContext): Differentiable {
  const { shape: input } = operand(context, 0);
  const { shape: weight } = operand(context, 1);
  refuseGroups(context);
  const [batch, from, ...space] = input;
  const [to, , ...kernel] = weight;
  if (weight[1] !== from) throw unsupported(context.node, `has weights for ${weight[1]} channels and reads ${from}`);
  const window = readWindow(context, space, kernel);
  const places = windowPlaces(window, space);
  const convolution: ConvolutionShape = { window, batch, from, to, space, places };
  return {
    shapes: [[batch, to, ...places]],
    differentiable: [0, 1, 2],
    forward: (graph, inputs) => ({ outputs: [graph.node("Conv", inputs, windowAttributes(window))] }),
    backward: (graph, known, [slope]) => [
      known.wants(0) ? inputSlopes(graph, convolution, known.input(1), slope as string) : undefined,
      known.wants(1) ? weightSlopes(graph, convolution, known.input(0), slope as string) : undefined,
      known.wants(2) ? perChannel(graph, slope as string, space.length) : undefined,
    ],
  };
}

/** The same as the slope of a convolution: what is its output here is the input there. */
export function convTranspose(context: NodeInContext): Differentiable {
  const { shape: input } = operand(context, 0);
  const { shape: weight } = operand(context, 1);
  const { node } = context;
  refuseGroups(context);
  const { list, text } = attributes(node);
  if (text("auto_pad", "NOTSET") !== "NOTSET" || list("output_shape")) {
    throw unsupported(node, "is supported with pads and output_padding, not with auto_pad or output_shape");
  }
  const [batch, from, ...space] = input;
  const [, to, ...kernel] = weight;
  const window = readWindow(context, space, kernel);
  const outputPadding = list("output_padding") ?? space.map(() => 0);
  const grown = grownSpace(window, space, outputPadding);
  const convolution: ConvolutionShape = { window, batch, from: to, to: from, space: grown, places: space };
  return {
    shapes: [[batch, to, ...grown]],
    differentiable: [0, 1, 2],
    forward: (graph, inputs) => ({
      outputs: [graph.node("ConvTranspose", inputs, { ...windowAttributes(window), output_padding: outputPadding })],
    }),
    backward: (graph, known, [slope]) => [
      known.wants(0) ? graph.node("Conv", [slope as string, known.input(1)], windowAttributes(window)) : undefined,
      known.wants(1) ? weightSlopes(graph, convolution, slope as string, known.input(0)) : undefined,
      known.wants(2) ? perChannel(graph, slope as string, space.length) : undefined,
    ],
  };
}

const grownSpace = ({ kernel, strides, dilations, begins, ends }: Window, space: Shape, more: readonly number[]) =>
  space.map(
    (extent, axis) =>
      (extent - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1 + more[axis] - begins[axis] - ends[axis],
  );

function refuseGroups({ node }: NodeInContext): void {
  const groups = attributes(node).number("group", 1);
  if (groups !== 1) throw unsupported(node, `has ${groups} groups; convolutions of one group are supported`);
}

/** Along the input: the slopes convolved with the turned kernel, which is faster than a transposed convolution where the stride is 1. */
function inputSlopes(graph: OnnxGraph, shape: ConvolutionShape, weight: string, slope: string): string {
  const { window, space } = shape;
  const { kernel, begins, ends } = window;
  // A border wider than the kernel's reach cannot be taken away by a negative one.
  const isNarrow = kernel.every((size, axis) => Math.max(begins[axis], ends[axis]) < size);
  if (!isPlain(window) || !isNarrow) {
    return graph.node("ConvTranspose", [slope, weight], {
      ...windowAttributes(window),
      output_padding: unread(window, space),
    });
  }
  const axes = range(kernel.length, 2);
  const backwards = [
    graph.integers(axes.map(() => -1)),
    graph.integers(kernel.map((size) => -size - 1)),
    graph.integers(axes),
    graph.integers(axes.map(() => -1)),
  ];
  const isPoint = kernel.every((size) => size === 1);
  const reversed = isPoint ? weight : graph.node("Slice", [weight, ...backwards]);
  const turned = graph.node("Transpose", [reversed], { perm: [1, 0, ...axes] });
  return graph.node("Conv", [slope, turned], {
    kernel_shape: kernel,
    pads: [
      ...kernel.map((size, axis) => size - 1 - begins[axis]),
      ...kernel.map((size, axis) => size - 1 - ends[axis]),
    ],
  });
}

/** Sum over batch and space: the slope of what is added to a channel. */
export const perChannel = (graph: OnnxGraph, slope: string, axesOfSpace: number): string =>
  graph.node("ReduceSum", [slope, graph.integers([0, ...range(axesOfSpace, 2)])], { keepdims: 0 });
