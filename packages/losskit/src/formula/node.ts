// The graph that a formula becomes: nodes that know what they vary over, shared where they are equal.

import { LosskitError } from "../errors.js";
import { type Axes, CLASS, IMAGE, INSTANCE, NONE, VOXEL } from "./axes.js";

export type UnaryOp =
  | "neg"
  | "exp"
  | "log"
  | "log1p"
  | "expm1"
  | "sqrt"
  | "abs"
  | "sign"
  | "sigmoid"
  | "softplus"
  | "tanh";
export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  /** a / b, with 0 / 0 = 0: the mean of nothing, the overlap of nothing. */
  | "div"
  | "pow"
  | "min"
  | "max"
  /** Comparisons give 1 or 0 and have no gradient. */
  | "lt"
  | "le"
  | "eq"
  /** 1 where a is larger, 1/2 at a tie, 0 where b is: the slope of max(a, b) along a. */
  | "wins"
  /** a / b, but 0 wherever b is 0: slopes that are taken as 0 where they do not exist. */
  | "slopeDiv"
  /** Slope of a^b along a, with the convention at a = 0 that gradient/rules.ts states. */
  | "powSlope";

/** Reductions as a formula writes them; the options decide what they become. */
export type Reduction = "sum" | "mean" | "max" | "min";

/**
 * What a call supplies. `x` raw output, `p` its probability, `q` = 1 - p and the two logarithms in forms that lose no
 * digits, `y` target, `class` the class index, `valid` 1 where a voxel counts and 0 where it is ignored, `weight` =
 * `valid` times the caller's voxel weights.
 */
export type InputName = "x" | "p" | "q" | "logP" | "logQ" | "y" | "class" | "valid" | "weight";

export interface Node {
  /** Position in the graph: arguments always come before the nodes that use them. */
  readonly id: number;
  readonly op:
    | UnaryOp
    | BinaryOp
    | "number"
    | "parameter"
    | "input"
    | "field"
    | "where"
    /** Its argument without its gradient. */
    | "stop"
    /** A reduction as written; gone after the options are applied. */
    | "reduce"
    /** Sum, maximum, minimum over the axes in `over`. */
    | "total"
    | "largest"
    | "smallest"
    /** Product of the extents of the axes in `over`. */
    | "extent"
    /** Sum over the voxels of each instance; as written (`sumBy`) and with the options applied (`totalBy`). */
    | "sumBy"
    | "totalBy"
    /** 1, 2, … along the instances of a numbering. */
    | "instanceNumber"
    /** The value of the instance that a voxel belongs to, 0 where it belongs to none. */
    | "gather"
    /** Product of a matrix parameter with the vector over classes; `value` 1 for the transposed matrix. */
    | "matmul"
    /** A routine of routines/, voxels in and voxels out. */
    | "routine"
    /** Gradient with respect to `x`, from those with respect to x, p, q, logP, logQ (in this order). */
    | "activation";
  readonly args: readonly Node[];
  readonly axes: Axes;
  /** The number; or, of a matmul, whether the matrix is transposed. */
  readonly value: number;
  /** Name of the parameter, input, field, matrix, routine or reduction. */
  readonly name: string;
  /** Axes that a reduction removes, or over which a routine groups. */
  readonly over: Axes;
}

/** Behind the name of a routine: its vector-Jacobian product, whose last argument is the slope along its result. */
export const GRADIENT_OF_ROUTINE = ":gradient";

/** Most nodes that one graph may hold; the largest loss of the catalogue with its gradient takes under 1,000. */
export const MAX_NODES = 20_000;

const INPUT_AXES: Readonly<Record<InputName, Axes>> = {
  x: IMAGE | CLASS | VOXEL,
  p: IMAGE | CLASS | VOXEL,
  q: IMAGE | CLASS | VOXEL,
  logP: IMAGE | CLASS | VOXEL,
  logQ: IMAGE | CLASS | VOXEL,
  y: IMAGE | CLASS | VOXEL,
  class: CLASS,
  valid: IMAGE | VOXEL,
  weight: IMAGE | VOXEL,
};

const unary: Readonly<Record<UnaryOp, (a: number) => number>> = {
  neg: (a) => -a,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  abs: Math.abs,
  sign: Math.sign,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  tanh: Math.tanh,
};

const binary: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (a === 0 && b === 0 ? 0 : a / b),
  pow: (a, b) => a ** b,
  min: Math.min,
  max: Math.max,
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  eq: (a, b) => (a === b ? 1 : 0),
  wins: (a, b) => (a > b ? 1 : a === b ? 0.5 : 0),
  slopeDiv: (a, b) => (b === 0 ? 0 : a / b),
  powSlope: (a, b) => (a === 0 ? (b === 1 ? 1 : 0) : b * a ** (b - 1)),
};

/** The scalar meaning of every element-wise operation: the truth for folding here and for every backend's kernels. */
export const elementwise = { unary, binary };

export type Graph = ReturnType<typeof createGraph>;

/** A new, empty graph and the functions that add nodes to it; equal nodes are the same object. */
export function createGraph() {
  const nodes: Node[] = [];
  const known = new Map<string, Node>();

  function make(op: Node["op"], args: readonly Node[], axes: Axes, extra: Partial<Node> = {}): Node {
    const { value = 0, name = "", over = NONE } = extra;
    // -0 and 0 are different numbers to a division, so they are different nodes.
    const key = `${op}|${Object.is(value, -0) ? "-0" : value}|${name}|${over}|${axes}|${args.map((arg) => arg.id).join()}`;
    const existing = known.get(key);
    if (existing) return existing;
    if (nodes.length >= MAX_NODES) {
      throw new LosskitError("FORMULA_LIMIT", `the formula needs more than ${MAX_NODES} operations; make it smaller`);
    }
    const node: Node = { id: nodes.length, op, args, axes, value, name, over };
    nodes.push(node);
    known.set(key, node);
    return node;
  }

  const union = (args: readonly Node[]) => args.reduce((axes, arg) => axes | arg.axes, NONE);
  const isNumber = (node: Node, value?: number) =>
    node.op === "number" && (value === undefined || node.value === value);

  const number = (value: number) => make("number", [], NONE, { value });
  const zero = number(0);
  const one = number(1);
  const parameter = (name: string, axes: Axes) => make("parameter", [], axes, { name });
  const field = (name: string, axes: Axes) => make("field", [], axes, { name });
  /** An input; `axes` only where a call supplies it per class too (`valid` of a target given per class). */
  const input = (name: InputName, axes = INPUT_AXES[name]) => make("input", [], axes, { name });

  function apply(op: UnaryOp, a: Node): Node {
    if (isNumber(a)) return number(unary[op](a.value));
    if (op === "neg" && a.op === "neg") return a.args[0];
    return make(op, [a], a.axes);
  }

  function combine(op: BinaryOp, a: Node, b: Node): Node {
    if (isNumber(a) && isNumber(b)) return number(binary[op](a.value, b.value));
    switch (op) {
      case "add":
        if (isNumber(a, 0)) return b;
        if (isNumber(b, 0)) return a;
        if (b.op === "neg") return combine("sub", a, b.args[0]);
        break;
      case "sub":
        if (isNumber(b, 0)) return a;
        if (isNumber(a, 0)) return apply("neg", b);
        if (a === b) return zero;
        if (b.op === "neg") return combine("add", a, b.args[0]);
        break;
      case "mul":
        if (isNumber(a, 0) || isNumber(b, 0)) return zero;
        if (isNumber(a, 1)) return b;
        if (isNumber(b, 1)) return a;
        if (isNumber(a, -1)) return apply("neg", b);
        if (isNumber(b, -1)) return apply("neg", a);
        // Numbers first, and gathered, so that equal products meet.
        if (isNumber(b)) return combine("mul", b, a);
        if (isNumber(a) && b.op === "mul" && isNumber(b.args[0])) {
          return combine("mul", number(a.value * b.args[0].value), b.args[1]);
        }
        if (isNumber(a) && b.op === "neg") return combine("mul", number(-a.value), b.args[0]);
        break;
      case "div":
      case "slopeDiv":
        if (isNumber(a, 0)) return zero;
        if (isNumber(b, 1)) return a;
        break;
      case "pow":
        if (isNumber(b, 1)) return a;
        if (isNumber(b, 2)) return make("mul", [a, a], a.axes);
        break;
    }
    return make(op, [a, b], a.axes | b.axes);
  }

  function where(condition: Node, a: Node, b: Node): Node {
    if (isNumber(condition)) return condition.value !== 0 ? a : b;
    if (a === b) return a;
    return make("where", [condition, a, b], union([condition, a, b]));
  }

  function stop(a: Node): Node {
    return isNumber(a) || a.op === "stop" ? a : make("stop", [a], a.axes);
  }

  /** Product of the extents of some axes: what a sum of a constant over them multiplies it by. */
  function extent(over: Axes): Node {
    return over === NONE ? one : make("extent", [], NONE, { over });
  }

  /** Sum over some axes; those that the argument does not vary over count as repetitions of it. */
  function total(over: Axes, a: Node): Node {
    const repeated = extent(over & ~a.axes);
    const inside = over & a.axes;
    if (inside === NONE || isNumber(a, 0)) return combine("mul", repeated, a);
    if (a.op === "neg") return apply("neg", total(over, a.args[0]));
    // A factor that does not vary over these axes leaves the sum: one multiplication in place of one per voxel.
    if (a.op === "mul") {
      const [left, right] = a.args;
      if ((left.axes & over) === NONE && left.axes === NONE) return combine("mul", left, total(over, right));
      if ((right.axes & over) === NONE && right.axes === NONE) return combine("mul", right, total(over, left));
    }
    return combine("mul", repeated, make("total", [a], a.axes & ~inside, { over: inside }));
  }

  function extreme(op: "largest" | "smallest", over: Axes, a: Node): Node {
    const inside = over & a.axes;
    return inside === NONE ? a : make(op, [a], a.axes & ~inside, { over: inside });
  }

  const reduce = (kind: Reduction, over: Axes, a: Node) => make("reduce", [a], a.axes & ~over, { name: kind, over });
  const sumBy = (op: "sumBy" | "totalBy", id: Node, a: Node) =>
    make(op, [id, a], ((id.axes | a.axes) & ~VOXEL) | INSTANCE);
  const instanceNumber = (id: Node) => make("instanceNumber", [id], (id.axes & ~VOXEL) | INSTANCE);
  const gather = (values: Node, id: Node) =>
    isNumber(values, 0) ? zero : make("gather", [values, id], (values.axes & ~INSTANCE) | id.axes);
  const matmul = (matrix: string, transposed: boolean, a: Node) =>
    make("matmul", [a], a.axes, { name: matrix, value: transposed ? 1 : 0 });
  const routine = (name: string, args: readonly Node[], over: Axes = NONE) =>
    make("routine", args, union(args) | IMAGE | VOXEL, { name, over });
  const activation = (cotangents: readonly Node[]) => make("activation", cotangents, IMAGE | CLASS | VOXEL);

  return {
    nodes,
    zero,
    one,
    number,
    parameter,
    field,
    input,
    apply,
    combine,
    where,
    stop,
    extent,
    total,
    extreme,
    reduce,
    sumBy,
    instanceNumber,
    gather,
    matmul,
    routine,
    activation,
    isNumber,
    add: (a: Node, b: Node) => combine("add", a, b),
    sub: (a: Node, b: Node) => combine("sub", a, b),
    mul: (a: Node, b: Node) => combine("mul", a, b),
    div: (a: Node, b: Node) => combine("div", a, b),
    neg: (a: Node) => apply("neg", a),
  };
}

/** Copies a node into another graph, replacing nodes on the way: `visit` returns the replacement, or nothing to copy. */
export function rebuild(
  graph: Graph,
  roots: readonly Node[],
  visit: (node: Node, args: readonly Node[]) => Node | undefined,
): Map<Node, Node> {
  const done = new Map<Node, Node>();
  for (const node of reachable(roots)) {
    const args = node.args.map((arg) => done.get(arg) as Node);
    done.set(node, visit(node, args) ?? copyNode(graph, node, args));
  }
  return done;
}

function copyNode(graph: Graph, node: Node, args: readonly Node[]): Node {
  switch (node.op) {
    case "number":
      return graph.number(node.value);
    case "parameter":
      return graph.parameter(node.name, node.axes);
    case "field":
      return graph.field(node.name, node.axes);
    case "input":
      return graph.input(node.name as InputName, node.axes);
    case "where":
      return graph.where(args[0], args[1], args[2]);
    case "stop":
      return graph.stop(args[0]);
    case "reduce":
      return graph.reduce(node.name as Reduction, node.over, args[0]);
    case "total":
      return graph.total(node.over, args[0]);
    case "largest":
    case "smallest":
      return graph.extreme(node.op, node.over, args[0]);
    case "extent":
      return graph.extent(node.over);
    case "sumBy":
    case "totalBy":
      return graph.sumBy(node.op, args[0], args[1]);
    case "instanceNumber":
      return graph.instanceNumber(args[0]);
    case "gather":
      return graph.gather(args[0], args[1]);
    case "matmul":
      return graph.matmul(node.name, node.value === 1, args[0]);
    case "routine":
      return graph.routine(node.name, args, node.over);
    case "activation":
      return graph.activation(args);
    default:
      return args.length === 1
        ? graph.apply(node.op as UnaryOp, args[0])
        : graph.combine(node.op as BinaryOp, args[0], args[1]);
  }
}

/** The nodes that some roots are made of, arguments before the nodes that use them. */
export function reachable(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.args);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
