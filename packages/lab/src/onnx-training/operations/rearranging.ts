// Operations that move numbers without changing them: joining, splitting, cutting, framing, and other shapes of the same array.

import { axesOf, readSlice, reshaped, squeezed, unsqueezed } from "../fold.js";
import { attributes, constant, type Differentiable, type NodeInContext, operand, unsupported } from "../operation.js";
import { range, type Shape, sameShape, sizeOf } from "../shapes.js";
import { alongAxes, transposedMatrix } from "./along-axes.js";

/** The attribute `axis`, counted from the front; `last` is the largest it may be. */
function axisOf(context: NodeInContext, otherwise: number, last = operand(context, 0).shape.length - 1): number {
  const axis = attributes(context.node).number("axis", otherwise);
  const rank = operand(context, 0).shape.length;
  const place = axis < 0 ? axis + rank : axis;
  if (place >= 0 && place <= last) return place;
  throw unsupported(context.node, `has the axis ${axis} of ${rank}`);
}

export function concat(context: NodeInContext): Differentiable {
  const axis = axisOf(context, 1);
  const shapes = context.inputs.map((_, i) => operand(context, i).shape);
  const [first] = shapes;
  const across = (shape: Shape) => shape.filter((_, i) => i !== axis);
  if (!shapes.every((shape) => sameShape(across(shape), across(first)))) {
    const listed = shapes.map((shape) => `[${shape}]`).join(" and ");
    throw unsupported(
      context.node,
      `joins ${listed}, which differ in another axis than ${axis}; the extents of the images may have to be multiples of a power of 2`,
    );
  }
  const extents = shapes.map((shape) => shape[axis]);
  return {
    shapes: [first.map((extent, i) => (i === axis ? extents.reduce((a, b) => a + b, 0) : extent))],
    differentiable: range(shapes.length),
    forward: (graph, inputs) => ({ outputs: [graph.node("Concat", inputs, { axis })] }),
    backward: (graph, _known, [slope]) =>
      extents.length === 1
        ? [slope]
        : graph.nodes(
            "Split",
            [slope as string, graph.integers(extents)],
            extents.map((_, i) => `part${i}`),
            { axis },
          ),
  };
}

/** Its sizes are an input since opset 13, an attribute before; without them the parts are equal. */
export function split(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const axis = axisOf(context, 0);
  const { node } = context;
  const count = node.outputs.length;
  const equal = range(count).map((i) =>
    Math.min(Math.ceil(shape[axis] / count), shape[axis] - i * Math.ceil(shape[axis] / count)),
  );
  const sizes = constant(context, 1, "sizes") ?? attributes(node).list("split") ?? equal;
  const shapes = sizes.map((size) => shape.map((extent, i) => (i === axis ? size : extent)));
  return {
    shapes,
    differentiable: [0],
    forward: (graph, [input]) => ({
      outputs: graph.nodes(
        "Split",
        [input, graph.integers(sizes)],
        range(count).map((i) => `part${i}`),
        { axis },
      ),
    }),
    backward(graph, _known, slopes) {
      const parts = slopes.map((slope, i) => slope ?? graph.node("ConstantOfShape", [graph.integers(shapes[i])]));
      return [graph.node("Concat", parts, { axis })];
    },
  };
}

export function slice(context: NodeInContext): Differentiable {
  const { node, opset } = context;
  const { shape } = operand(context, 0);
  const sizes = range(4, 1).map((i) => {
    constant(context, i, "places");
    return context.inputs[i]?.tensor;
  });
  const cuts = readSlice(node, sizes, shape, opset);
  if (cuts.some(({ step }) => step < 1)) throw unsupported(node, "goes backwards; steps of 1 and more are supported");
  const output = cuts.map(({ length }) => length);
  const axes = range(shape.length);
  const ends = cuts.map(({ start, length, step }) => start + (length - 1) * step + 1);
  const before = cuts.map(({ start }) => start);
  const after = shape.map((extent, axis) => extent - ends[axis]);
  return {
    shapes: [output],
    differentiable: [0],
    forward: (graph, [input]) => ({
      outputs: [
        graph.node("Slice", [
          input,
          graph.integers(before),
          graph.integers(ends),
          graph.integers(axes),
          graph.integers(cuts.map(({ step }) => step)),
        ]),
      ],
    }),
    backward(graph, _known, [slope]) {
      if (cuts.every(({ step }) => step === 1)) {
        return [graph.node("Pad", [slope as string, graph.integers([...before, ...after])])];
      }
      const matrices = cuts.map(({ start, length, step }, axis) =>
        range(length).map((place) => range(shape[axis]).map((from) => (from === start + place * step ? 1 : 0))),
      );
      return [alongAxes(graph, slope as string, output, matrices.map(transposedMatrix))];
    },
  };
}

/** A frame of one number, of the border's pixels, or of the mirrored image; a negative one cuts. */
export function pad(context: NodeInContext): Differentiable {
  const { node } = context;
  const { shape } = operand(context, 0);
  const { text, list, number } = attributes(node);
  const mode = text("mode", "constant");
  if (!["constant", "reflect", "edge"].includes(mode)) {
    throw unsupported(node, `has the mode "${mode}"; constant, reflect and edge are supported`);
  }
  const rank = shape.length;
  const given = constant(context, 1, "sizes") ?? list("pads") ?? [];
  const axes = constant(context, 3, "axes")?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? range(rank);
  if (given.length !== 2 * axes.length || axes.some((axis) => !(axis in shape))) {
    throw unsupported(node, `has ${given.length} sizes for ${axes.length} of the ${rank} axes`);
  }
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i];
    pads[axis + rank] = given[axes.length + i];
  });
  const [value] = constant(context, 2, "value") ?? [number("value", 0)];
  const output = shape.map((extent, axis) => extent + pads[axis] + pads[axis + rank]);
  return {
    shapes: [output],
    differentiable: [0],
    forward: (graph, [input]) => ({
      outputs: [
        graph.node(
          "Pad",
          [input, graph.integers(pads), ...(mode === "constant" ? [graph.floats(Float32Array.of(value), [])] : [])],
          { mode },
        ),
      ],
    }),
    backward(graph, _known, [slope]) {
      if (mode === "constant") {
        return [graph.node("Pad", [slope as string, graph.integers(pads.map((size) => (size === 0 ? 0 : -size)))])];
      }
      const matrices = shape.map((extent, axis) =>
        range(output[axis]).map((place) => {
          const from = source(place - pads[axis], extent, mode);
          return range(extent).map((at) => (at === from ? 1 : 0));
        }),
      );
      return [alongAxes(graph, slope as string, output, matrices.map(transposedMatrix))];
    },
  };
}

/** Pixel that a frame repeats: the last one of the image, or the one as far inside as the place is outside. */
function source(place: number, extent: number, mode: string): number {
  if (mode === "edge") return Math.min(Math.max(place, 0), extent - 1);
  const mirrored = Math.abs(place);
  return mirrored < extent ? mirrored : 2 * (extent - 1) - mirrored;
}

/** The same numbers in the same order under another shape. */
function view(context: NodeInContext, shape: Shape): Differentiable {
  const { shape: before } = operand(context, 0);
  if (sizeOf(shape) !== sizeOf(before)) throw unsupported(context.node, `makes [${shape}] of [${before}]`);
  return {
    shapes: [shape],
    differentiable: [0],
    forward: (graph, [input]) => ({ outputs: [graph.node("Reshape", [input, graph.integers(shape)])] }),
    backward: (graph, _known, [slope]) => [graph.node("Reshape", [slope as string, graph.integers(before)])],
  };
}

export const reshape = (context: NodeInContext) =>
  view(context, reshaped(operand(context, 0).shape, constant(context, 1, "shape") ?? []));

export function flatten(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const axis = axisOf(context, 1, shape.length);
  return view(context, [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))]);
}

export const unsqueeze = (context: NodeInContext) =>
  view(context, unsqueezed(operand(context, 0).shape, axesOf(context.node, context.inputs[1]?.tensor)));

export const squeeze = (context: NodeInContext) =>
  view(context, squeezed(operand(context, 0).shape, axesOf(context.node, context.inputs[1]?.tensor)));

export function transpose(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const perm = attributes(context.node).list("perm") ?? range(shape.length).reverse();
  const back = range(shape.length).map((axis) => perm.indexOf(axis));
  if (perm.length !== shape.length || back.includes(-1)) {
    throw unsupported(context.node, `orders the axes of [${shape}] by [${perm}]`);
  }
  return {
    shapes: [perm.map((axis) => shape[axis])],
    differentiable: [0],
    forward: (graph, inputs) => ({ outputs: [graph.node("Transpose", inputs, { perm })] }),
    backward: (graph, _known, [slope]) => [graph.node("Transpose", [slope as string], { perm: back })],
  };
}
