// Poolings: the largest of a window, its mean, and the mean of a whole image.

import { attributes, type Differentiable, type NodeInContext, operand, unsupported } from "../operation.js";
import { range, sizeOf } from "../shapes.js";
import { number } from "./pointwise.js";
import { readWindow, unread, type Window, windowAttributes, windowPlaces } from "./window.js";

export function maxPool(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const { window, places } = readPooling(context);
  const output = [...shape.slice(0, 2), ...places];
  const reaches = window.kernel.map((size, axis) => window.dilations[axis] * (size - 1) + 1);
  const apart = reaches.every((reach, axis) => reach <= window.strides[axis]);
  return {
    shapes: [output],
    differentiable: [0],
    forward(graph, [input]) {
      const [pooled, indices] = graph.nodes("MaxPool", [input], ["pooled", "places"], windowAttributes(window));
      return { outputs: [pooled], kept: { places: { value: indices, shape: output, type: "int64" } } };
    },
    backward(graph, known, [slope]) {
      const indices = known.kept("places");
      if (apart) {
        const { kernel, strides } = window;
        const unpooled = [slope as string, indices, graph.integers(shape)];
        return [graph.node("MaxUnpool", unpooled, { kernel_shape: kernel, strides })];
      }
      // A pixel can be the largest of several windows: their slopes add up.
      const zeros = graph.node("ConstantOfShape", [graph.integers([sizeOf(shape)])]);
      const flat = [indices, slope as string].map((value) => graph.node("Reshape", [value, graph.integers([-1])]));
      const scattered = graph.node("ScatterElements", [zeros, ...flat], { axis: 0, reduction: "add" });
      return [graph.node("Reshape", [scattered, graph.integers(shape)])];
    },
  };
}

export function averagePool(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const { node } = context;
  const { window, places } = readPooling(context);
  const [batch, channels, ...space] = shape;
  if (window.dilations.some((dilation) => dilation !== 1)) {
    throw unsupported(node, "has dilations; windows without gaps are supported");
  }
  const countsBorder = attributes(node).number("count_include_pad", 0);
  return {
    shapes: [[batch, channels, ...places]],
    differentiable: [0],
    forward: (graph, inputs) => ({
      outputs: [
        graph.node("AveragePool", inputs, {
          kernel_shape: window.kernel,
          strides: window.strides,
          pads: [...window.begins, ...window.ends],
          count_include_pad: countsBorder,
        }),
      ],
    }),
    backward(graph, _known, [slope]) {
      const shares = shareOfPixel(window, space, places, countsBorder === 1);
      const share = graph.floats(Float32Array.from(shares), [1, 1, ...places]);
      const ones = graph.floats(new Float32Array(channels * sizeOf(window.kernel)).fill(1), [
        channels,
        1,
        ...window.kernel,
      ]);
      return [
        graph.node("ConvTranspose", [graph.node("Mul", [slope as string, share]), ones], {
          ...windowAttributes(window),
          group: channels,
          output_padding: unread(window, space),
        }),
      ];
    },
  };
}

/** One divided by the pixels that count in each window. */
function shareOfPixel(window: Window, space: readonly number[], places: readonly number[], countsBorder: boolean) {
  const along = places.map((count, axis) =>
    range(count).map((place) => {
      const start = place * window.strides[axis] - window.begins[axis];
      const end = start + window.kernel[axis];
      return countsBorder ? window.kernel[axis] : Math.min(end, space[axis]) - Math.max(start, 0);
    }),
  );
  return along
    .reduce((counts, own) => counts.flatMap((count) => own.map((extent) => count * extent)), [1])
    .map((count) => 1 / count);
}

export function globalAveragePool(context: NodeInContext): Differentiable {
  const { shape } = operand(context, 0);
  const [batch, channels, ...space] = shape;
  return {
    shapes: [[batch, channels, ...space.map(() => 1)]],
    differentiable: [0],
    forward: (graph, inputs) => ({ outputs: [graph.node("GlobalAveragePool", inputs)] }),
    backward(graph, _known, [slope]) {
      const share = graph.node("Mul", [slope as string, number(graph, 1 / sizeOf(space))]);
      return [graph.node("Expand", [share, graph.integers(shape)])];
    },
  };
}

function readPooling(context: NodeInContext) {
  const { node } = context;
  const [, , ...space] = operand(context, 0).shape;
  const window = readWindow(context, space);
  if (attributes(node).number("ceil_mode", 0) === 1 && unread(window, space).some((rest) => rest !== 0)) {
    throw unsupported(node, `has ceil_mode 1, and its windows do not fit into [${space}]; give images that they fill`);
  }
  return { window, places: windowPlaces(window, space) };
}
