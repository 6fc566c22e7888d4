// Builds an ONNX graph node by node: equal nodes are made once, so that code can ask for what it needs where it needs it.

import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxType, OnnxValue } from "./onnx-model.js";
import { elementType } from "./onnx-model.js";

/** A value of the graph, by its name. */
export type Tensor = string;

export type FloatType = "float32" | "float64";

export type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Inputs and parameters get the name asked for, with a number behind it where another has it. */
export interface Builder {
  /** Adds a node with one result. */
  node(op: string, args: readonly Tensor[], attributes?: Attributes): Tensor;
  /** Adds a node with several results. */
  nodeWith(op: string, args: readonly Tensor[], results: number, attributes?: Attributes): readonly Tensor[];
  constant(type: OnnxTensor["type"], dims: readonly number[], values: readonly number[]): Tensor;
  /** A scalar; float32 where no type is given. */
  number(value: number, type?: FloatType): Tensor;
  /** A list of whole numbers, as shapes, axes and slices are given. */
  integers(...values: readonly number[]): Tensor;
  /** Numbers under a name, for people to find and change. */
  parameter(tensor: OnnxTensor): Tensor;
  cast(value: Tensor, type: OnnxType): Tensor;
  input(value: OnnxValue): Tensor;
  /** Gives a value a name of its own. */
  output(result: Tensor, value: OnnxValue): void;
  /** The body of a loop: a graph that may read all values of this one. */
  body(): Builder;
  graph(name: string): OnnxGraph;
}

/** What the graphs of one model share: no two values have the same name. */
interface Outer {
  readonly fresh: (what: string) => string;
  readonly constant: Builder["constant"];
}

/**
 * An empty graph and what adds to it.
 *
 * @param reserved names of its outputs, which no input or parameter may take
 * @param outer of the body of a loop
 */
export function createBuilder(reserved: readonly string[], outer?: Outer): Builder {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const known = new Map<string, readonly Tensor[]>();
  const taken = new Set(reserved);
  let count = 0;

  /** Names with a slash are never those that people give. */
  const fresh = outer?.fresh ?? ((what: string) => `${what}/${count++}`);

  function unique(name: string): string {
    let free = name;
    for (let i = 2; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  }

  function nodeWith(op: string, args: readonly Tensor[], results: number, attributes: Attributes = {}) {
    const key = JSON.stringify([op, args, attributes]);
    const before = known.get(key);
    if (before) return before;
    const outputNames = Array.from({ length: results }, () => fresh(op));
    nodes.push({ op, name: outputNames[0], inputs: args, outputs: outputNames, attributes });
    known.set(key, outputNames);
    return outputNames;
  }

  const node = (op: string, args: readonly Tensor[], attributes?: Attributes): Tensor =>
    nodeWith(op, args, 1, attributes)[0];

  /** Constants of the bodies of loops lie outside, where they are read once. */
  function constant(type: OnnxTensor["type"], dims: readonly number[], values: readonly number[]): Tensor {
    if (outer) return outer.constant(type, dims, values);
    const key = `constant ${type} [${dims}] ${values.map((value) => (Object.is(value, -0) ? "-0" : value))}`;
    const before = known.get(key);
    if (before) return before[0];
    const name = fresh("constant");
    initializers.push({ name, type, dims, values });
    known.set(key, [name]);
    return name;
  }

  return {
    node,
    nodeWith,
    constant,
    number: (value, type = "float32") => constant(type, [], [value]),
    integers: (...values) => constant("int64", [values.length], values),
    parameter(tensor) {
      const name = unique(tensor.name);
      initializers.push({ ...tensor, name });
      return name;
    },
    cast: (value, type) => node("Cast", [value], { to: { int: elementType(type) } }),
    input(value) {
      const name = outer ? fresh(value.name) : unique(value.name);
      inputs.push({ ...value, name });
      return name;
    },
    output(result, value) {
      const name = outer ? fresh(value.name) : value.name;
      nodes.push({ op: "Identity", name, inputs: [result], outputs: [name] });
      outputs.push({ ...value, name });
    },
    body: () => createBuilder([], { fresh, constant }),
    graph: (name) => ({ name, nodes, initializers, inputs, outputs }),
  };
}

/** What a formula's operations are made of, by their names in ONNX's list of operators. */
export function createOperators(builder: Builder) {
  const { node, integers, constant } = builder;
  const unary = (op: string) => (a: Tensor) => node(op, [a]);
  const binary = (op: string) => (a: Tensor, b: Tensor) => node(op, [a, b]);
  const reduction = (op: string) => (a: Tensor, axes: readonly number[]) =>
    node(op, [a, integers(...axes)], { keepdims: { int: 1 } });
  const slice = (a: Tensor, from: number, to: number, axis: number) =>
    node("Slice", [a, integers(from), integers(to), integers(axis)]);
  /** One element of a list, as a scalar: an extent of a shape, say. */
  const element = (shape: Tensor, axis: number) => node("Gather", [shape, constant("int64", [], [axis])]);
  return {
    neg: unary("Neg"),
    abs: unary("Abs"),
    exp: unary("Exp"),
    log: unary("Log"),
    sqrt: unary("Sqrt"),
    sign: unary("Sign"),
    tanh: unary("Tanh"),
    floor: unary("Floor"),
    not: unary("Not"),
    shape: unary("Shape"),
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    pow: binary("Pow"),
    min: binary("Min"),
    max: binary("Max"),
    and: binary("And"),
    equal: binary("Equal"),
    less: binary("Less"),
    lessOrEqual: binary("LessOrEqual"),
    greater: binary("Greater"),
    greaterOrEqual: binary("GreaterOrEqual"),
    reshape: binary("Reshape"),
    expand: binary("Expand"),
    matMul: binary("MatMul"),
    where: (condition: Tensor, a: Tensor, b: Tensor) => node("Where", [condition, a, b]),
    sum: reduction("ReduceSum"),
    largest: reduction("ReduceMax"),
    smallest: reduction("ReduceMin"),
    concat: (parts: readonly Tensor[], axis: number) => node("Concat", parts, { axis: { int: axis } }),
    slice,
    element,
    /** 0, 1, … one less than an extent, as int64. */
    range: (end: Tensor) => node("Range", [constant("int64", [], [0]), end, constant("int64", [], [1])]),
  };
}
