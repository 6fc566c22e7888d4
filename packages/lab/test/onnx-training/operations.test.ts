// Every operation that can be trained through: what it computes is what ONNX Runtime makes of the given model, its slopes are those that are measured.

import { dice } from "losskit";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { OPERATIONS } from "../../src/onnx-training/operations/table.js";
import { trainableFromOnnx } from "../../src/onnx-training/trainable.js";
import { createTrainer } from "../../src/onnx-training/trainer.js";
import { type Draft, image, measuredGradient, model, normals, outputOf, relativeDistance } from "./small-models.js";

interface Case {
  readonly name: string;
  readonly draw: (draft: Draft) => string;
  /** `[2, 1, 8, 6]` where absent. */
  readonly shape?: readonly number[];
  readonly opset?: number;
  readonly batchStatistics?: "batch";
}

const PLANE = [2, 1, 8, 6];
const VOLUME = [2, 1, 4, 6, 4];
const float = (value: number) => ({ float: value });

const conv = (
  name: string,
  weight: readonly number[],
  attributes: Parameters<Draft["graph"]["node"]>[2] = {},
  shape = PLANE,
): Case => ({
  name: `Conv, ${name}`,
  shape,
  draw: ({ graph, x, parameter }) =>
    graph.node("Conv", [x, parameter(weight), parameter([weight[0]])], {
      kernel_shape: weight.slice(2),
      ...attributes,
    }),
});

const transposed = (
  name: string,
  weight: readonly number[],
  attributes: Parameters<Draft["graph"]["node"]>[2] = {},
  shape = PLANE,
): Case => ({
  name: `ConvTranspose, ${name}`,
  shape,
  draw: ({ graph, x, parameter }) =>
    graph.node("ConvTranspose", [x, parameter(weight), parameter([weight[1]])], {
      kernel_shape: weight.slice(2),
      ...attributes,
    }),
});

const plain = (op: string, attributes: Parameters<Draft["graph"]["node"]>[2] = {}, shape = PLANE, more = ""): Case => ({
  name: `${op}${more}`,
  shape,
  draw: ({ graph, x }) => graph.node(op, [x], attributes),
});

const resized = (name: string, scales: readonly number[], attributes: Parameters<Draft["graph"]["node"]>[2]): Case => ({
  name: `Resize, ${name}`,
  draw: ({ graph, x }) => {
    // A constant by a node, as exporters write it.
    const factors = graph.floats(Float32Array.of(1, 1, ...scales), [4]);
    return graph.node("Resize", [x, "", factors], attributes);
  },
});

const padded = (mode: string, pads: readonly number[]): Case => ({
  name: `Pad, ${mode} [${pads}]`,
  draw: ({ graph, x }) => graph.node("Pad", [x, graph.integers(pads)], { mode }),
});

const CASES: readonly Case[] = [
  conv("3 × 3 with a border", [4, 3, 3, 3], { pads: [1, 1, 1, 1] }),
  conv("3 × 3 without a border", [4, 3, 3, 3]),
  conv("1 × 1", [4, 3, 1, 1]),
  conv("5 × 3, with another border on each side", [2, 3, 5, 3], { pads: [2, 0, 1, 2] }),
  conv("with a border wider than its kernel", [2, 3, 1, 1], { pads: [1, 1, 1, 1] }),
  conv("stride 2, with pixels that no window reads", [4, 3, 3, 3], { strides: [2, 2] }),
  conv("stride 2, with a border", [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv("strides 1 and 2", [2, 3, 3, 3], { strides: [1, 2], pads: [1, 1, 1, 1] }),
  conv("in tiles", [4, 3, 2, 3], { strides: [2, 3] }),
  conv("in tiles with a rest", [2, 3, 3, 3], { strides: [3, 3] }),
  conv("with gaps", [2, 3, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv("auto_pad", [2, 3, 3, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  conv("along a line", [2, 3, 3], { pads: [1, 1] }, [2, 1, 12]),
  conv("of volumes", [2, 3, 3, 3, 3], { pads: [1, 1, 1, 1, 1, 1] }, VOLUME),
  conv("of volumes, stride 2", [2, 3, 3, 3, 3], { pads: [1, 1, 1, 1, 1, 1], strides: [2, 2, 2] }, VOLUME),
  {
    name: "Conv without a bias",
    draw: ({ graph, x, parameter }) => graph.node("Conv", [x, parameter([2, 3, 3, 3])], { pads: [1, 1, 1, 1] }),
  },
  transposed("2 × 2", [3, 2, 2, 2], { strides: [2, 2] }),
  transposed("3 × 3, stride 2, with a longer output", [3, 2, 3, 3], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    output_padding: [1, 1],
  }),
  transposed("3 × 3, stride 1", [3, 2, 3, 3], { pads: [1, 1, 1, 1] }),
  transposed("of volumes", [3, 2, 2, 2, 2], { strides: [2, 2, 2] }, VOLUME),
  plain("Relu"),
  plain("LeakyRelu", { alpha: float(0.2) }),
  {
    name: "Sigmoid between other nodes",
    draw: ({ graph, x }) => graph.node("Mul", [x, graph.node("Sigmoid", [x])]),
  },
  plain("Tanh"),
  plain("Identity"),
  plain("Dropout"),
  plain("MaxPool", { kernel_shape: [2, 2], strides: [2, 2] }),
  plain("MaxPool", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, PLANE, " of windows that overlap"),
  plain("MaxPool", { kernel_shape: [2, 3, 2], strides: [2, 3, 2] }, VOLUME, " of volumes"),
  plain("AveragePool", { kernel_shape: [2, 2], strides: [2, 2] }),
  plain("AveragePool", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, PLANE, " with a border"),
  plain(
    "AveragePool",
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
    PLANE,
    " that counts the border",
  ),
  plain("GlobalAveragePool"),
  plain("Flatten"),
  plain("Transpose", { perm: [0, 2, 3, 1] }),
  {
    name: "Add, Sub and Mul of values that several nodes read",
    draw: ({ graph, x }) => {
      const bent = graph.node("Tanh", [x]);
      return graph.node("Mul", [graph.node("Add", [x, bent]), graph.node("Sub", [bent, x])]);
    },
  },
  {
    name: "Mul and Add of constants by channel, as group normalisation is exported",
    draw: ({ graph, x, parameter }) =>
      graph.node("Add", [graph.node("Mul", [x, parameter([3, 1, 1])]), parameter([3, 1, 1])]),
  },
  {
    name: "Sub from a number, Mul by one channel",
    draw: ({ graph, x, parameter }) => {
      const gate = graph.node("Conv", [x, parameter([1, 3, 1, 1])]);
      return graph.node("Mul", [graph.node("Sub", [parameter([1]), x]), gate]);
    },
  },
  {
    name: "Concat along channels, of a value twice",
    draw: ({ graph, x }) => graph.node("Concat", [x, graph.node("Tanh", [x]), x], { axis: 1 }),
  },
  {
    name: "Concat and Split along rows",
    draw: ({ graph, x }) => {
      const [top, , bottom] = graph.nodes("Split", [x, graph.integers([3, 1, 4])], ["top", "unused", "bottom"], {
        axis: 2,
      });
      return graph.node("Concat", [bottom, graph.node("Tanh", [top])], { axis: -2 });
    },
  },
  {
    name: "Slice",
    draw: ({ graph, x }) =>
      graph.node("Slice", [x, graph.integers([1, -5]), graph.integers([7, 100]), graph.integers([2, -1])]),
  },
  {
    name: "Slice with steps",
    draw: ({ graph, x }) =>
      graph.node("Slice", [
        x,
        graph.integers([1, 0]),
        graph.integers([7, 6]),
        graph.integers([2, 3]),
        graph.integers([2, 3]),
      ]),
  },
  padded("constant", [0, 0, 1, 2, 0, 1, 0, 3]),
  padded("constant", [0, 0, -1, 2, 0, 0, -2, 0]),
  padded("reflect", [0, 0, 1, 2, 0, 0, 3, 1]),
  padded("edge", [0, 0, 1, 2, 0, 0, 3, 1]),
  {
    name: "Reshape, Squeeze and Unsqueeze, by a computed shape",
    draw: ({ graph, x }) => {
      const rows = graph.node("Reshape", [x, graph.integers([0, 1, 3, -1])]);
      const squeezed = graph.node("Squeeze", [rows, graph.integers([1])]);
      const back = graph.node("Reshape", [graph.node("Tanh", [squeezed]), graph.node("Shape", [x])]);
      return graph.node("Squeeze", [graph.node("Unsqueeze", [back, graph.integers([-1])]), graph.integers([4])]);
    },
  },
  {
    name: "Cast",
    draw: ({ graph, x }) => graph.node("Tanh", [graph.node("Cast", [x], { to: 1 })]),
  },
  ...[PLANE, VOLUME].map((shape) => ({
    name: `InstanceNormalization in ${shape.length - 2} axes`,
    shape,
    draw: ({ graph, x, parameter }: Draft) =>
      graph.node("InstanceNormalization", [x, parameter([3]), parameter([3])], { epsilon: float(1e-3) }),
  })),
  {
    name: "GroupNormalization",
    opset: 21,
    draw: ({ graph, x, parameter }) => {
      const wide = graph.node("Conv", [x, parameter([4, 3, 1, 1])]);
      return graph.node("GroupNormalization", [wide, parameter([4]), parameter([4])], {
        num_groups: 2,
        epsilon: float(1e-3),
      });
    },
  },
  {
    name: "BatchNormalization by the file",
    draw: ({ graph, x, parameter }) =>
      graph.node(
        "BatchNormalization",
        [
          x,
          parameter([3]),
          parameter([3]),
          ...[
            [0.1, -0.2, 0.3],
            [0.5, 1, 2],
          ].map((v) => graph.floats(Float32Array.from(v), [3])),
        ],
        { epsilon: float(1e-3) },
      ),
  },
  {
    name: "BatchNormalization by the batch",
    batchStatistics: "batch",
    draw: ({ graph, x, parameter }) => {
      const statistics = [
        [0.1, -0.2, 0.3],
        [0.5, 1, 2],
      ].map((v) => graph.floats(Float32Array.from(v), [3]));
      const inputs = [x, parameter([3]), parameter([3]), ...statistics];
      return graph.node("BatchNormalization", inputs, { epsilon: float(1e-3) });
    },
  },
  resized("nearest, twice as large", [2, 2], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  }),
  resized("nearest, by half a pixel", [2, 3], { mode: "nearest" }),
  resized("nearest, smaller", [0.5, 0.67], { mode: "nearest", nearest_mode: "ceil" }),
  resized("linear, twice as large", [2, 2], { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" }),
  resized("linear with aligned corners", [2, 2], { mode: "linear", coordinate_transformation_mode: "align_corners" }),
  resized("linear, smaller and larger", [0.5, 1.5], { mode: "linear" }),
  {
    name: "Resize, linear, to a size",
    draw: ({ graph, x }) => graph.node("Resize", [x, "", "", graph.integers([2, 3, 11, 12])], { mode: "linear" }),
  },
  {
    name: "Upsample of opset 9",
    opset: 9,
    draw: ({ graph, x }) =>
      graph.node("Upsample", [x, graph.floats(Float32Array.of(1, 1, 2, 2), [4])], { mode: "linear" }),
  },
  {
    name: "Slice, Pad, Unsqueeze and Squeeze of opset 9",
    opset: 9,
    draw: ({ graph, x }) => {
      const cut = graph.node("Slice", [x], { starts: [1], ends: [7], axes: [2] });
      const framed = graph.node("Pad", [cut], { pads: [0, 0, 0, 1, 0, 0, 2, 0], mode: "constant", value: float(0.5) });
      return graph.node("Squeeze", [graph.node("Unsqueeze", [framed], { axes: [4] })], { axes: [4] });
    },
  },
];

/** Of what float32 leaves of a difference over a step of 0.01, and of the third derivative where a function bends. */
const TOLERANCE = 1e-3;

describe.each(CASES)("$name", ({ draw, shape = PLANE, opset, batchStatistics }) => {
  const bytes = model(shape, draw, opset);
  const pixels = image(shape);

  it("runs as the given model, and gives the slopes that are measured", async () => {
    const trainable = trainableFromOnnx(bytes, { batchStatistics });
    const slopes = normals(trainable.logitsShape.reduce((a, b) => a * b, 1));
    const trainer = await createTrainer(ort, trainable, { loss: dice() });
    let logits = new Float32Array();
    const { gradient } = await trainer.gradient(pixels, (values) => {
      logits = values.slice();
      return { value: 0, gradient: slopes };
    });
    await trainer.release();
    const given = await outputOf(bytes, shape, pixels);
    expect(trainable.logitsShape).toEqual(given.dims);
    if (!batchStatistics) expect(relativeDistance(logits, given.data)).toBeLessThan(1e-6);
    expect(gradient.length).toBeGreaterThan(5);
    expect(relativeDistance(gradient, await measuredGradient(trainable, pixels, slopes))).toBeLessThan(TOLERANCE);
  });
});

it("leaves no operation out", () => {
  const used = new Set<string>();
  for (const { draw, shape = PLANE, opset } of CASES) {
    model(
      shape,
      (draft) =>
        draw({
          ...draft,
          graph: {
            ...draft.graph,
            node: (op, ...rest) => {
              used.add(op);
              return draft.graph.node(op, ...rest);
            },
            nodes: (op, ...rest) => {
              used.add(op);
              return draft.graph.nodes(op, ...rest);
            },
          },
        }),
      opset,
    );
  }
  expect(Object.keys(OPERATIONS).filter((op) => !used.has(op))).toEqual([]);
});
