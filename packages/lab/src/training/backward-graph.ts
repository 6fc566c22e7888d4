// The gradient of the network as an ONNX graph: from the slopes along the logits to those along all parameters.

import { type Layer, LEAK, type Network } from "./architecture.js";
import { type BatchShape, saved, savedValues, splitParameters } from "./forward-graph.js";
import { createOnnxGraph, type OnnxGraph } from "./onnx-graph.js";

/** Matrix product with transposes, in ONNX Runtime's own operators: no transposed copy is made. */
const FUSED_MATMUL = "com.microsoft:FusedMatMul";

/** So steep that every positive output that training meets is clipped to 1; infinity clips as well. */
const STEEP = 1e30;

interface Context {
  readonly graph: OnnxGraph;
  readonly network: Network;
  readonly shape: BatchShape;
  readonly parameters: ReadonlyMap<string, string>;
  /** Slope along each parameter, filled by the layers. */
  readonly slopes: Map<string, string>;
}

/** "parameters", "image", the saved values and "slopes" (of the logits) in; "gradient", flat as the parameters, out. */
export function trainingBackwardGraph(network: Network, shape: BatchShape): Uint8Array {
  const graph = createOnnxGraph("backward");
  const parameters = splitParameters(graph, network);
  const { batch, crop } = shape;
  const { inputChannels, outputChannels } = network.shape;
  graph.input("image", [batch, inputChannels, crop, crop]);
  for (const { name, shape: extents, type } of savedValues(network, shape)) graph.input(name, extents, type);
  const context: Context = { graph, network, shape, parameters, slopes: new Map() };

  // Slope along each value; a value that two layers read adds up theirs.
  const along = new Map([["logits", graph.input("slopes", [batch, outputChannels, crop, crop])]]);
  const pass = (name: string, slope: string) => {
    const before = along.get(name);
    along.set(name, before ? graph.node("Add", [before, slope]) : slope);
  };
  for (const layer of [...network.layers].reverse()) {
    const slope = along.get(layer.output) as string;
    for (const [name, contribution] of RULES[layer.kind](context, layer, slope)) pass(name, contribution);
  }
  const flat = network.parameters.map(({ name, size }) =>
    graph.node("Reshape", [context.slopes.get(name) as string, graph.integers([size])]),
  );
  graph.output(graph.node("Concat", flat, { axis: 0 }), "gradient");
  return graph.encode();
}

/** Slopes along the values that a layer reads, by their names; what lies along its parameters goes to the context. */
type Rule = (context: Context, layer: Layer, slope: string) => readonly (readonly [name: string, slope: string])[];

const RULES: Readonly<Record<Layer["kind"], Rule>> = {
  /**
   * Backwards through leaky ReLU, scale and shift, normalisation, convolution. With n pixels, x the normalised value, i its inverse deviation and d the
   * slope after the scale g: along the convolution's output it is i g (d - mean(d) - x mean(d x)).
   */
  block(context, layer, slope) {
    const { graph, shape, parameters, slopes } = context;
    const { output, outputChannels } = layer;
    const edge = shape.crop / 2 ** layer.level;
    const pixels = edge * edge;
    const rows = graph.integers([shape.batch, outputChannels, pixels]);
    // 1 where the output is positive, the leak elsewhere: clipping a steep line is faster than a choice per pixel.
    const steep = graph.node("Mul", [output, number(graph, STEEP)]);
    const leak = graph.node("Clip", [steep, number(graph, LEAK), number(graph, 1)]);
    const d = graph.node("Reshape", [graph.node("Mul", [slope, leak]), rows]);

    const x = saved.normalised(layer);
    const sum = graph.node("ReduceSum", [d, graph.integers([2])]);
    const weighted = graph.node("ReduceSum", [graph.node("Mul", [d, x]), graph.integers([2])]);
    slopes.set(`${output}.scale`, graph.node("ReduceSum", [weighted, graph.integers([0])], { keepdims: 0 }));
    slopes.set(`${output}.shift`, graph.node("ReduceSum", [sum, graph.integers([0])], { keepdims: 0 }));
    const overPixels = (value: string) => graph.node("Mul", [value, number(graph, 1 / pixels)]);
    const centred = graph.node("Sub", [d, overPixels(sum)]);
    const straight = graph.node("Sub", [centred, graph.node("Mul", [x, overPixels(weighted)])]);
    const scale = graph.node("Reshape", [
      parameters.get(`${output}.scale`) as string,
      graph.integers([outputChannels, 1]),
    ]);
    const factor = graph.node("Mul", [saved.inverseDeviation(layer), scale]);
    const convolved = graph.node("Reshape", [
      graph.node("Mul", [straight, factor]),
      graph.integers([shape.batch, outputChannels, edge, edge]),
    ]);
    return convolution3x3(context, layer, convolved, edge);
  },
  pool({ graph, shape }, layer, slope) {
    const edge = (2 * shape.crop) / 2 ** layer.level;
    const grid = graph.integers([shape.batch, layer.inputChannels, edge, edge]);
    const spread = graph.node("MaxUnpool", [slope, saved.places(layer), grid], {
      kernel_shape: [2, 2],
      strides: [2, 2],
    });
    return [[layer.input, spread]];
  },
  up({ graph, shape, parameters, slopes }, layer, slope) {
    const { input, output, inputChannels, outputChannels } = layer;
    const edge = shape.crop / 2 ** layer.level / 2;
    slopes.set(`${output}.shift`, graph.node("ReduceSum", [slope, graph.integers([0, 2, 3])], { keepdims: 0 }));
    // Each input pixel made four output pixels: side by side as channels, the weights' slope is one matrix product.
    const quarters = graph.node("Reshape", [
      graph.node("SpaceToDepth", [slope], { blocksize: 2 }),
      graph.integers([shape.batch, 4 * outputChannels, edge * edge]),
    ]);
    const pixels = graph.node("Reshape", [input, graph.integers([shape.batch, inputChannels, edge * edge])]);
    const perImage = graph.node(FUSED_MATMUL, [pixels, quarters], { transB: 1 });
    const total = graph.node("ReduceSum", [perImage, graph.integers([0])], { keepdims: 0 });
    // SpaceToDepth counts [row, column, channel]; the weights are [channel, row, column].
    const grid = graph.node("Reshape", [total, graph.integers([inputChannels, 2, 2, outputChannels])]);
    slopes.set(`${output}.weight`, graph.node("Transpose", [grid], { perm: [0, 3, 1, 2] }));
    const weight = parameters.get(`${output}.weight`) as string;
    return [[input, graph.node("Conv", [slope, weight], { kernel_shape: [2, 2], strides: [2, 2] })]];
  },
  concat({ graph }, layer, slope) {
    if (layer.kind !== "concat") return [];
    const sizes = graph.integers([layer.inputChannels, layer.outputChannels - layer.inputChannels]);
    const [grown, skip] = graph.nodes("Split", [slope, sizes], ["grown", "skip"], { axis: 1 });
    return [
      [layer.input, grown],
      [layer.skip, skip],
    ];
  },
  head({ graph, shape, parameters, slopes }, layer, slope) {
    const { input, output, inputChannels, outputChannels } = layer;
    const pixels = shape.crop ** 2;
    slopes.set(`${output}.shift`, graph.node("ReduceSum", [slope, graph.integers([0, 2, 3])], { keepdims: 0 }));
    const d = graph.node("Reshape", [slope, graph.integers([shape.batch, outputChannels, pixels])]);
    const features = graph.node("Reshape", [input, graph.integers([shape.batch, inputChannels, pixels])]);
    const perImage = graph.node(FUSED_MATMUL, [d, features], { transB: 1 });
    slopes.set(`${output}.weight`, graph.node("ReduceSum", [perImage, graph.integers([0])], { keepdims: 0 }));
    const weight = parameters.get(`${output}.weight`) as string;
    const turned = graph.node("Transpose", [weight], { perm: [1, 0, 2, 3] });
    return [[input, graph.node("Conv", [slope, turned], { kernel_shape: [1, 1] })]];
  },
};

/**
 * Slopes of a 3 × 3 convolution: along its weights by matrix products, along its input by the turned kernel.
 *
 * The weight at (row, column) meets the input shifted by as much. The three shifts along columns lie side by side as channels; a shift along rows is
 * an offset in the flat array of pixels, and is put into the slopes, which have fewer channels: three products instead of nine shifted copies.
 */
function convolution3x3(
  { graph, shape, parameters, slopes }: Context,
  { input, output, inputChannels, outputChannels }: Layer,
  slope: string,
  edge: number,
): readonly (readonly [string, string])[] {
  const padded = graph.node("Pad", [input, graph.integers([0, 0, 1, 1, 0, 0, 1, 1])]);
  const byColumn = [0, 1, 2].map((dx) =>
    graph.node("Slice", [padded, graph.integers([dx]), graph.integers([dx + edge]), graph.integers([3])]),
  );
  const columns = graph.node("Reshape", [
    graph.node("Concat", byColumn, { axis: 1 }),
    graph.integers([shape.batch, 3 * inputChannels, (edge + 2) * edge]),
  ]);
  const d = graph.node("Reshape", [slope, graph.integers([shape.batch, outputChannels, edge * edge])]);
  const byRow = [0, 1, 2].map((dy) => {
    const placed = graph.node("Pad", [d, graph.integers([0, 0, dy * edge, 0, 0, (2 - dy) * edge])]);
    const perImage = graph.node(FUSED_MATMUL, [placed, columns], { transB: 1 });
    const total = graph.node("ReduceSum", [perImage, graph.integers([0])], { keepdims: 0 });
    return graph.node("Reshape", [total, graph.integers([outputChannels, 1, 3, inputChannels])]);
  });
  const grid = graph.node("Concat", byRow, { axis: 1 });
  slopes.set(`${output}.weight`, graph.node("Transpose", [grid], { perm: [0, 3, 1, 2] }));
  if (input === "image") return [];
  const weight = parameters.get(`${output}.weight`) as string;
  const backwards = [
    graph.integers([-1, -1]),
    graph.integers([-4, -4]),
    graph.integers([2, 3]),
    graph.integers([-1, -1]),
  ];
  const turned = graph.node("Transpose", [graph.node("Slice", [weight, ...backwards])], { perm: [1, 0, 2, 3] });
  return [[input, graph.node("Conv", [slope, turned], { pads: [1, 1, 1, 1] })]];
}

const number = (graph: OnnxGraph, value: number) => graph.floats(new Float32Array([value]), []);
