// Normalisations: of each image, of groups of its channels, and by the statistics of a batch or of the file.

import type { OnnxGraph } from "../onnx-graph.js";
import { attributes, constant, type Differentiable, type NodeInContext, operand, unsupported } from "../operation.js";
import { type Shape, sizeOf } from "../shapes.js";
import { perChannel } from "./convolution.js";
import { number } from "./pointwise.js";

const DEFAULT_EPSILON = 1e-5;

export function instanceNormalisation(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  return normaliseRows(context, shape, shape[1]);
}

/** As it is since opset 21, with a scale and a shift for each channel. */
export function groupNormalisation(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const groups = attributes(context.node).number("num_groups", 0);
  const scales = operand(context, 1).shape[0];
  if (scales !== shape[1] || shape[1] % groups !== 0) {
    throw unsupported(
      context.node,
      `has ${scales} scales for ${shape[1]} channels; one for each is supported (opset 21)`,
    );
  }
  return normaliseRows(context, shape, groups);
}

/**
 * Normalises rows of pixels, `[batch, groups, pixels]`, and then scales and shifts the channels.
 *
 * Layer normalisation over the pixels of a row is what both need, and gives what the gradient needs. With n pixels, x the normalised value, i its inverse
 * deviation and d the slope after the scale: along the input it is i (d - mean(d) - x mean(d x)).
 */
function normaliseRows(context: NodeInContext, shape: Shape, groups: number): Differentiable {
  const epsilon = attributes(context.node).number("epsilon", DEFAULT_EPSILON);
  const [batch, channels, ...space] = shape;
  const rows = [batch, groups, sizeOf(shape) / batch / groups];
  const planes = [batch, channels, sizeOf(space)];
  const pixels = rows[2];
  const isPerChannel = groups === channels;
  return {
    shapes: [shape],
    differentiable: [0, 1, 2],
    forward(graph, [input, scale, shift]) {
      const [normalised, , inverse] = graph.nodes(
        "LayerNormalization",
        [graph.node("Reshape", [input, graph.integers(rows)]), ones(graph, pixels)],
        ["normalised", "mean", "inverse"],
        { axis: 2, epsilon: { float: epsilon } },
      );
      const byPlane = isPerChannel ? normalised : graph.node("Reshape", [normalised, graph.integers(planes)]);
      const shifted = scaleAndShift(graph, byPlane, scale, shift, channels);
      return {
        outputs: [graph.node("Reshape", [shifted, graph.integers(shape)])],
        kept: {
          normalised: { value: normalised, shape: rows },
          inverse: { value: inverse, shape: [batch, groups, 1] },
        },
      };
    },
    backward(graph, known, [slope]) {
      const d = graph.node("Reshape", [slope as string, graph.integers(planes)]);
      const x = known.kept("normalised");
      const ofPlanes = isPerChannel ? x : graph.node("Reshape", [x, graph.integers(planes)]);
      const sums = (value: string) => graph.node("ReduceSum", [value, graph.integers([2])]);
      const overBatch = (value: string) => graph.node("ReduceSum", [value, graph.integers([0, 2])], { keepdims: 0 });
      const sum = sums(d);
      const weighted = sums(graph.node("Mul", [d, ofPlanes]));
      const own = [known.wants(1) ? overBatch(weighted) : undefined, known.wants(2) ? overBatch(sum) : undefined];
      if (!known.wants(0)) return [undefined, ...own];
      const scale = graph.node("Reshape", [known.input(1), graph.integers([channels, 1])]);
      const overPixels = (value: string) => graph.node("Mul", [value, number(graph, 1 / pixels)]);
      if (isPerChannel) {
        // The scale is the same along a row: it is multiplied into the factor of the row, not into every pixel.
        const centred = graph.node("Sub", [d, overPixels(sum)]);
        const straight = graph.node("Sub", [centred, graph.node("Mul", [x, overPixels(weighted)])]);
        const factor = graph.node("Mul", [known.kept("inverse"), scale]);
        return [graph.node("Reshape", [graph.node("Mul", [straight, factor]), graph.integers(shape)]), ...own];
      }
      const scaled = graph.node("Reshape", [graph.node("Mul", [d, scale]), graph.integers(rows)]);
      const centred = graph.node("Sub", [scaled, overPixels(sums(scaled))]);
      const bent = graph.node("Mul", [x, overPixels(sums(graph.node("Mul", [scaled, x])))]);
      const straight = graph.node("Mul", [graph.node("Sub", [centred, bent]), known.kept("inverse")]);
      return [graph.node("Reshape", [straight, graph.integers(shape)]), ...own];
    },
  };
}

/** By the statistics of the file, which stay as they are, or of the batch, where the file or the caller says so. */
export function batchNormalisation(context: NodeInContext): Differentiable {
  const { node, opset } = context;
  // Before opset 14 it was the number of outputs that said it.
  const trains = attributes(node).number("training_mode", opset < 14 && node.outputs.length > 1 ? 1 : 0) === 1;
  return trains || context.batchStatistics ? byBatch(context) : byFile(context);
}

function byFile(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const epsilon = attributes(context.node).number("epsilon", DEFAULT_EPSILON);
  const mean = constant(context, 3, "means") ?? [];
  const variance = constant(context, 4, "variances") ?? [];
  const axesOfSpace = shape.length - 2;
  const channels = [shape[1], ...new Array<number>(axesOfSpace).fill(1)];
  const ofChannels = (graph: OnnxGraph, values: readonly number[]) => graph.floats(Float32Array.from(values), channels);
  const inverse = variance.map((value) => 1 / Math.sqrt(value + epsilon));
  return {
    shapes: [shape],
    differentiable: [0, 1, 2],
    forward: (graph, inputs) => ({
      outputs: [graph.node("BatchNormalization", inputs, { epsilon: { float: epsilon } })],
    }),
    backward(graph, known, [slope]) {
      const along = (i: number, values: string) =>
        known.wants(i) ? perChannel(graph, values, axesOfSpace) : undefined;
      const scale = () => graph.node("Reshape", [known.input(1), graph.integers(channels)]);
      const normalised = () =>
        graph.node("Mul", [graph.node("Sub", [known.input(0), ofChannels(graph, mean)]), ofChannels(graph, inverse)]);
      return [
        known.wants(0)
          ? graph.node("Mul", [slope as string, graph.node("Mul", [scale(), ofChannels(graph, inverse)])])
          : undefined,
        known.wants(1) ? along(1, graph.node("Mul", [slope as string, normalised()])) : undefined,
        along(2, slope as string),
      ];
    },
  };
}

/** As `normaliseRows`, where the row of a channel goes through all images of the batch. */
function byBatch(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  // Not read here, but where the running ones begin.
  for (const i of [3, 4]) constant(context, i, "statistics");
  const epsilon = attributes(context.node).number("epsilon", DEFAULT_EPSILON);
  const axes = [0, ...shape.map((_, axis) => axis).slice(2)];
  const ofChannels = [shape[1], ...shape.slice(2).map(() => 1)];
  const overRow = (graph: OnnxGraph, value: string) => graph.node("ReduceMean", [value], { axes, keepdims: 1 });
  const spread = (graph: OnnxGraph, value: string) => graph.node("Reshape", [value, graph.integers(ofChannels)]);
  return {
    shapes: [shape],
    differentiable: [0, 1, 2],
    forward(graph, [input, scale, shift]) {
      const mean = overRow(graph, input);
      const centred = graph.node("Sub", [input, mean]);
      const variance = overRow(graph, graph.node("Mul", [centred, centred]));
      const deviation = graph.node("Sqrt", [graph.node("Add", [variance, number(graph, epsilon)])]);
      const inverse = graph.node("Reciprocal", [deviation]);
      const normalised = graph.node("Mul", [centred, inverse]);
      const output = scaleAndShift(graph, normalised, scale, shift, shape[1]);
      const flat = (value: string) => graph.node("Reshape", [value, graph.integers([shape[1]])]);
      return {
        outputs: [output],
        kept: {
          normalised: { value: normalised, shape },
          inverse: { value: inverse, shape: [1, ...ofChannels] },
        },
        statistics: { mean: flat(mean), variance: flat(variance) },
      };
    },
    backward(graph, known, [slope]) {
      const d = slope as string;
      const x = known.kept("normalised");
      const product = graph.node("Mul", [d, x]);
      const own = [
        known.wants(1) ? perChannel(graph, product, shape.length - 2) : undefined,
        known.wants(2) ? perChannel(graph, d, shape.length - 2) : undefined,
      ];
      if (!known.wants(0)) return [undefined, ...own];
      const centred = graph.node("Sub", [d, overRow(graph, d)]);
      const straight = graph.node("Sub", [centred, graph.node("Mul", [x, overRow(graph, product)])]);
      const factor = graph.node("Mul", [known.kept("inverse"), spread(graph, known.input(1))]);
      return [graph.node("Mul", [straight, factor]), ...own];
    },
  };
}

/** Batch normalisation with mean 0 and variance 1 is scale and shift in one pass over memory instead of two. */
function scaleAndShift(graph: OnnxGraph, value: string, scale: string, shift: string, channels: number): string {
  const zeros = graph.floats(new Float32Array(channels), [channels]);
  return graph.node("BatchNormalization", [value, scale, shift, zeros, ones(graph, channels)], {
    epsilon: { float: 0 },
  });
}

const ones = (graph: OnnxGraph, length: number) => graph.floats(new Float32Array(length).fill(1), [length]);
