// Computes what follows from shapes and constants alone, as exporters write the sizes of paddings and reshapings.

import type { ModelAttribute, ModelNode, Tensor } from "./read-model.js";
import { broadcast, range, type Shape, sizeOf, stridesOf } from "./shapes.js";

/** Numbers of ONNX's types of elements that Cast asks for. */
const FLOAT = 1;
const WHOLE = [6, 7, 9];

interface Given {
  readonly node: ModelNode;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly opset: number;
}

type Fold = (given: Given) => Tensor | undefined;

/**
 * Value of a node all of whose inputs are constants, of `Shape` also where they are not.
 *
 * @param shapeOfInput shape of the first input
 * @returns undefined for an operation that is not computed here
 */
export function fold(
  node: ModelNode,
  inputs: readonly (Tensor | undefined)[],
  shapeOfInput: Shape | undefined,
  opset: number,
): Tensor | undefined {
  if (node.op === "Shape" && shapeOfInput) {
    const { start = 0, end } = Object.fromEntries(node.attributes) as Record<string, number>;
    return list(shapeOfInput.slice(start, end));
  }
  if (node.inputs.some((name, i) => name !== "" && !inputs[i])) return undefined;
  return FOLDS[node.op]?.({ node, inputs, opset });
}

const FOLDS: Readonly<Record<string, Fold>> = {
  Constant({ node }) {
    const value = node.attributes.get("value");
    if (isTensor(value)) return value;
    const whole = node.attributes.get("value_int") ?? node.attributes.get("value_ints");
    if (whole !== undefined) return typeof whole === "number" ? scalar(whole) : list(whole as readonly number[]);
    const float = node.attributes.get("value_float") ?? node.attributes.get("value_floats");
    if (float === undefined) return undefined;
    const values = Float32Array.from(typeof float === "number" ? [float] : (float as readonly number[]));
    return { type: "float32", shape: typeof float === "number" ? [] : [values.length], values };
  },
  ConstantOfShape({ node, inputs: [shape] }) {
    const value = node.attributes.get("value") as Tensor | undefined;
    const like: Tensor = value ?? { type: "float32", shape: [1], values: new Float32Array(1) };
    const extents = numbers(shape);
    return withValues(like, extents, new Array<number>(sizeOf(extents)).fill(like.values[0]));
  },
  Identity: ({ inputs: [x] }) => x,
  Cast({ node, inputs: [x] }) {
    const to = node.attributes.get("to");
    if (!x) return undefined;
    if (to === FLOAT) return { type: "float32", shape: x.shape, values: Float32Array.from(x.values) };
    return WHOLE.includes(to as number)
      ? { type: "integer", shape: x.shape, values: Array.from(x.values, Math.trunc) }
      : undefined;
  },
  Add: ({ inputs }) => pointwise(inputs, (a, b) => a + b),
  Sub: ({ inputs }) => pointwise(inputs, (a, b) => a - b),
  Mul: ({ inputs }) => pointwise(inputs, (a, b) => a * b),
  Div: ({ inputs }) =>
    pointwise(inputs, inputs.every((x) => x?.type === "integer") ? (a, b) => Math.trunc(a / b) : (a, b) => a / b),
  Floor: ({ inputs: [x] }) => x && withValues(x, x.shape, Array.from(x.values, Math.floor)),
  Ceil: ({ inputs: [x] }) => x && withValues(x, x.shape, Array.from(x.values, Math.ceil)),
  Neg: ({ inputs: [x] }) =>
    x &&
    withValues(
      x,
      x.shape,
      Array.from(x.values, (value) => -value),
    ),
  Concat({ inputs }) {
    const parts = inputs as readonly Tensor[];
    // Lists only: sizes are never anything else.
    if (parts.some(({ shape }) => shape.length !== 1) || parts.length === 0) return undefined;
    const values = parts.flatMap((part) => [...part.values]);
    return withValues(parts[0], [values.length], values);
  },
  Gather({ node, inputs: [x, indices] }) {
    if (!x || !indices || x.shape.length !== 1 || (node.attributes.get("axis") ?? 0) !== 0) return undefined;
    const values = Array.from(indices.values, (i) => x.values[i < 0 ? i + x.shape[0] : i]);
    return withValues(x, indices.shape, values);
  },
  Reshape({ inputs: [x, shape] }) {
    return x && withValues(x, reshaped(x.shape, numbers(shape)), x.values);
  },
  Unsqueeze({ node, inputs: [x, axes] }) {
    return x && withValues(x, unsqueezed(x.shape, axesOf(node, axes)), x.values);
  },
  Squeeze({ node, inputs: [x, axes] }) {
    return x && withValues(x, squeezed(x.shape, axesOf(node, axes)), x.values);
  },
  Transpose({ node, inputs: [x] }) {
    if (!x) return undefined;
    const rank = x.shape.length;
    const order = (node.attributes.get("perm") as readonly number[] | undefined) ?? range(rank).reverse();
    const strides = stridesOf(x.shape);
    return gather(
      x,
      order.map((axis) => x.shape[axis]),
      order.map((axis) => strides[axis]),
      0,
    );
  },
  Slice({ node, inputs: [x, ...rest], opset }) {
    if (!x) return undefined;
    const cuts = readSlice(node, rest, x.shape, opset);
    const strides = stridesOf(x.shape);
    const offset = cuts.reduce((sum, { start }, axis) => sum + start * strides[axis], 0);
    return gather(
      x,
      cuts.map(({ length }) => length),
      cuts.map(({ step }, axis) => step * strides[axis]),
      offset,
    );
  },
};

const isTensor = (value: ModelAttribute | undefined): value is Tensor =>
  typeof value === "object" && "values" in value && "type" in value;

const scalar = (value: number): Tensor => ({ type: "integer", shape: [], values: [value] });
const list = (values: readonly number[]): Tensor => ({ type: "integer", shape: [values.length], values });

const numbers = (tensor: Tensor | undefined): number[] => Array.from(tensor?.values ?? []);

function withValues(like: Tensor, shape: Shape, values: ArrayLike<number>): Tensor {
  return like.type === "float32"
    ? { type: "float32", shape, values: Float32Array.from(values) }
    : { type: "integer", shape, values: Array.from(values) };
}

/** Elements at an offset plus index times stride along every axis. */
function gather(x: Tensor, shape: Shape, strides: readonly number[], offset: number): Tensor {
  const own = stridesOf(shape);
  const values = range(sizeOf(shape)).map((place) => {
    const from = strides.reduce(
      (at, stride, axis) => at + stride * (Math.floor(place / own[axis]) % shape[axis]),
      offset,
    );
    return x.values[from];
  });
  return withValues(x, shape, values);
}

function pointwise(inputs: readonly (Tensor | undefined)[], compute: (a: number, b: number) => number) {
  const [a, b] = inputs;
  const shape = a && b && broadcast(a.shape, b.shape);
  if (!shape) return undefined;
  const like = a.type === "float32" ? a : b;
  const spread = (x: Tensor) => {
    const padded = [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
    const strides = stridesOf(padded).map((stride, axis) => (padded[axis] === 1 ? 0 : stride));
    return gather(x, shape, strides, 0).values;
  };
  const [left, right] = [spread(a), spread(b)];
  return withValues(
    like,
    shape,
    Array.from(left, (value, i) => compute(value, right[i])),
  );
}

/** Axes of a node: an input since opset 13, an attribute before. */
export const axesOf = (node: ModelNode, input: Tensor | undefined): readonly number[] | undefined =>
  input ? numbers(input) : (node.attributes.get("axes") as readonly number[] | undefined);

/** The shape that Reshape makes: 0 keeps an extent, -1 takes what is left. */
export function reshaped(shape: Shape, wanted: readonly number[]): number[] {
  const extents = wanted.map((extent, axis) => (extent === 0 ? shape[axis] : extent));
  const known = sizeOf(extents.filter((extent) => extent !== -1));
  return extents.map((extent) => (extent === -1 ? sizeOf(shape) / known : extent));
}

export function unsqueezed(shape: Shape, axes: readonly number[] = []): number[] {
  const rank = shape.length + axes.length;
  const places = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  const result = [...shape];
  for (const axis of places) result.splice(axis, 0, 1);
  return result;
}

export function squeezed(shape: Shape, axes: readonly number[] | undefined): number[] {
  const places = axes?.map((axis) => (axis < 0 ? axis + shape.length : axis));
  return shape.filter((extent, axis) => (places ? !places.includes(axis) : extent !== 1));
}

/** What a slice takes along one axis. */
export interface Cut {
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

/** The cuts of a Slice along every axis; starts, ends, axes and steps are inputs since opset 10, attributes before. */
export function readSlice(
  node: ModelNode,
  inputs: readonly (Tensor | undefined)[],
  shape: Shape,
  opset: number,
): Cut[] {
  const attribute = (name: string) => (node.attributes.get(name) as readonly number[] | undefined) ?? [];
  const [starts, ends, givenAxes = [], steps = []] =
    opset < 10
      ? [attribute("starts"), attribute("ends"), attribute("axes")]
      : inputs.map((tensor) => (tensor ? numbers(tensor) : []));
  const axes = givenAxes.length > 0 ? givenAxes : range(starts.length);
  const cuts: Cut[] = shape.map((length) => ({ start: 0, length, step: 1 }));
  axes.forEach((given, i) => {
    const axis = given < 0 ? given + shape.length : given;
    const extent = shape[axis];
    const step = steps[i] ?? 1;
    const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
    const place = (at: number) => Math.min(Math.max(at < 0 ? at + extent : at, low), high);
    const start = step > 0 ? place(starts[i]) : Math.max(0, place(starts[i]));
    cuts[axis] = { start, length: Math.max(0, Math.ceil((place(ends[i]) - start) / step)), step };
  });
  return cuts;
}
