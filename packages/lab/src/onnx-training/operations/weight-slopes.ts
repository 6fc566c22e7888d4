// Slopes along the weights of a convolution: the part of a training step that takes longest, in three forms.

import type { OnnxGraph } from "../onnx-graph.js";
import { range, type Shape, sizeOf } from "../shapes.js";
import { isPlain, isTiling, type Window } from "./window.js";

/** Matrix product with transposes, in ONNX Runtime's own operators: no transposed copy is made. */
const FUSED_MATMUL = "com.microsoft:FusedMatMul";

/** A convolution from `[batch, from, ...space]` to `[batch, to, ...places]`. */
export interface ConvolutionShape {
  readonly window: Window;
  readonly batch: number;
  readonly from: number;
  readonly to: number;
  readonly space: Shape;
  readonly places: Shape;
}

/** Slopes `[to, from, ...kernel]` from the input and the slopes along the output. */
export function weightSlopes(graph: OnnxGraph, shape: ConvolutionShape, input: string, slope: string): string {
  if (isTiling(shape.window) && shape.space.every((extent, i) => extent === shape.places[i] * shape.window.kernel[i])) {
    return byTiles(graph, shape, input, slope);
  }
  return isPlain(shape.window) ? byShifts(graph, shape, input, slope) : byConvolution(graph, shape, input, slope);
}

/** Each place of the window has pixels of its own: side by side as channels, the weights' slope is one matrix product. */
function byTiles(graph: OnnxGraph, shape: ConvolutionShape, input: string, slope: string): string {
  const { window, batch, from, to, places } = shape;
  const { kernel } = window;
  // [batch, from, place, row of the tile, …] with the axes of the tile brought before the places.
  const split = graph.node("Reshape", [
    input,
    graph.integers([batch, from, ...places.flatMap((extent, axis) => [extent, kernel[axis]])]),
  ]);
  const axes = range(kernel.length);
  const perm = [0, 1, ...axes.map((axis) => 3 + 2 * axis), ...axes.map((axis) => 2 + 2 * axis)];
  const tiles = graph.node("Reshape", [
    graph.node("Transpose", [split], { perm }),
    graph.integers([batch, from * sizeOf(kernel), sizeOf(places)]),
  ]);
  const d = graph.node("Reshape", [slope, graph.integers([batch, to, sizeOf(places)])]);
  const perImage = graph.node(FUSED_MATMUL, [d, tiles], { transB: 1 });
  const total = graph.node("ReduceSum", [perImage, graph.integers([0])], { keepdims: 0 });
  return graph.node("Reshape", [total, graph.integers([to, from, ...kernel])]);
}

/**
 * The weight at (row, column) meets the input shifted by as much. The shifts along columns lie side by side as channels; a shift along rows (and
 * slices) is an offset in the flat array of pixels, and is put into the slopes, which have fewer channels: for 3 × 3 three products instead of nine
 * shifted copies.
 */
function byShifts(graph: OnnxGraph, shape: ConvolutionShape, input: string, slope: string): string {
  const { window, batch, from, to, space, places } = shape;
  const { kernel, begins, ends } = window;
  const last = space.length - 1;
  const padded = space.map((extent, axis) => extent + begins[axis] + ends[axis]);
  const hasBorder = [...begins, ...ends].some((pad) => pad !== 0);
  const bordered = hasBorder ? graph.node("Pad", [input, graph.integers([0, 0, ...begins, 0, 0, ...ends])]) : input;
  const axis = graph.integers([2 + last]);
  const byColumn = range(kernel[last]).map((dx) =>
    kernel[last] === 1
      ? bordered
      : graph.node("Slice", [bordered, graph.integers([dx]), graph.integers([dx + places[last]]), axis]),
  );
  const pixels = sizeOf(padded.slice(0, last)) * places[last];
  const columns = graph.node("Reshape", [
    byColumn.length === 1 ? byColumn[0] : graph.node("Concat", byColumn, { axis: 1 }),
    graph.integers([batch, kernel[last] * from, pixels]),
  ]);
  // Every offset along the axes before the last one.
  const rows = range(sizeOf(kernel.slice(0, last))).map((index) => {
    let rest = index;
    const offset = new Array<number>(last);
    for (let i = last - 1; i >= 0; i--) {
      offset[i] = rest % kernel[i];
      rest = Math.floor(rest / kernel[i]);
    }
    const after = offset.map((at, i) => kernel[i] - 1 - at);
    const isWhole = [...offset, ...after].every((pad) => pad === 0);
    const placed = isWhole
      ? slope
      : graph.node("Pad", [slope, graph.integers([0, 0, ...offset, 0, 0, 0, ...after, 0])]);
    const d = graph.node("Reshape", [placed, graph.integers([batch, to, pixels])]);
    const perImage = graph.node(FUSED_MATMUL, [d, columns], { transB: 1 });
    const total = graph.node("ReduceSum", [perImage, graph.integers([0])], { keepdims: 0 });
    return graph.node("Reshape", [total, graph.integers([to, 1, kernel[last], from])]);
  });
  const grid = rows.length === 1 ? rows[0] : graph.node("Concat", rows, { axis: 1 });
  const turned = graph.node("Transpose", [grid], { perm: [0, 3, 1, 2] });
  return graph.node("Reshape", [turned, graph.integers([to, from, ...kernel])]);
}

/**
 * With batch and channels exchanged it is itself a convolution, of the input by the slopes, whose gaps are the strides: slower than products of matrices,
 * and right for every window.
 */
function byConvolution(graph: OnnxGraph, shape: ConvolutionShape, input: string, slope: string): string {
  const { window, space, places } = shape;
  const { kernel, strides, dilations, begins, ends } = window;
  const perm = [1, 0, ...range(space.length, 2)];
  const exchanged = [input, slope].map((value) => graph.node("Transpose", [value], { perm }));
  const convolved = graph.node("Conv", exchanged, {
    kernel_shape: places,
    strides: dilations,
    dilations: strides,
    pads: [...begins, ...ends],
  });
  const axes = range(space.length, 2);
  // Pixels that no window reads make the result longer than the kernel.
  const cut = graph.node("Slice", [
    convolved,
    graph.integers(axes.map(() => 0)),
    graph.integers(kernel),
    graph.integers(axes),
  ]);
  return graph.node("Transpose", [cut], { perm });
}
