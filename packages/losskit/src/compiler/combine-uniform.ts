// Moves what is the same for all voxels out of a kernel and into the combine step: computed once, in float64, and rounded once.

import { VOXEL } from "../formula/axes.js";
import type { BinaryOp, Graph, Node, UnaryOp } from "../formula/node.js";
import type { Effect, Kernel, KernelConstant, KernelValue } from "./kernel.js";

/**
 * The same kernel with constants in place of what is made of constants. In float32 their products would round again, and differences such as the
 * 1/D - W/D² of a Dice loss on an empty mask, which are all that is left of the slope there, would lose every digit.
 *
 * @param graph of the plan; it receives nodes for what is moved
 * @returns the kernel, and nodes that the combine step must have computed before it, arguments first
 */
export function combineUniform(kernel: Kernel, graph: Graph): { kernel: Kernel; groups: readonly Node[] } {
  const constants: KernelConstant[] = [];
  const groups = new Map<number, Node>();

  function slotOf(constant: KernelConstant): number {
    const known = constants.findIndex((entry) => isSame(entry, constant));
    return known >= 0 ? known : constants.push(constant) - 1;
  }
  // Labels are compared with it, and no value names its slot.
  for (const constant of kernel.constants) if (constant.source === "ignore") slotOf(constant);

  const moved = new Map<KernelValue, KernelValue>();
  function move(value: KernelValue): KernelValue {
    const known = moved.get(value);
    if (known) return known;
    const result = moveOnce(value);
    moved.set(value, result);
    return result;
  }
  function moveOnce(value: KernelValue): KernelValue {
    if (value.op === "constant") return { ...value, data: slotOf(kernel.constants[value.data]) };
    if (value.op === "number" || value.args.length === 0) return value;
    if (value.op === "matmul") {
      return { ...value, data: slotOf(kernel.constants[value.data]), args: value.args.map(move) };
    }
    const combined = value.uniform && !value.mask ? groupValue(value, kernel, graph) : undefined;
    if (!combined) return { ...value, args: value.args.map(move) };
    const { node, class: own } = combined;
    for (const part of groupParts(node)) groups.set(part.id, part);
    const data = slotOf({ source: node.id, perClass: value.perClass, ...(own === undefined ? {} : { class: own }) });
    return { ...value, op: "constant", args: [], data };
  }
  const effect = (entry: Effect): Effect => {
    if (entry.kind === "check") return entry;
    if (entry.kind !== "product") return { ...entry, value: move(entry.value) };
    return { ...entry, value: move(entry.value), factor: move(entry.factor) };
  };
  const stages = kernel.stages.map((stage) => ({ ...stage, effects: stage.effects.map(effect) }));
  const ordered = [...groups.values()].sort((a, b) => a.id - b.id);
  return { kernel: { ...kernel, constants, stages }, groups: ordered };
}

const isSame = (a: KernelConstant, b: KernelConstant) =>
  a.source === b.source && a.perClass === b.perClass && a.class === b.class && String(a.columns) === String(b.columns);

/** A node and what the combine step makes it of. Sums over voxels are done by then. */
function groupParts(root: Node): Node[] {
  const parts = new Set<Node>();
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (parts.has(node) || node.args.some(({ axes }) => axes & VOXEL)) continue;
    parts.add(node);
    stack.push(...node.args);
  }
  return [...parts];
}

const UNARY: Partial<Record<KernelValue["op"], UnaryOp>> = {
  neg: "neg",
  abs: "abs",
  sqrt: "sqrt",
  exp: "exp",
  log: "log",
  log1p: "log1p",
  expm1: "expm1",
};
const BINARY: Partial<Record<KernelValue["op"], BinaryOp>> = {
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  min: "min",
  max: "max",
  pow: "pow",
  lt: "lt",
  le: "le",
  eq: "eq",
};

/** A uniform value as a node without voxels, masks as 1 and 0; undefined where it has no such form or joins constants of several classes. */
function groupValue(
  root: KernelValue,
  { constants }: Kernel,
  graph: Graph,
): { readonly node: Node; readonly class: number | undefined } | undefined {
  const classes = new Set<number>();
  const made = new Map<KernelValue, Node | undefined>();
  function nodeOf(value: KernelValue): Node | undefined {
    if (!made.has(value)) made.set(value, makeNode(value));
    return made.get(value);
  }
  function makeNode(value: KernelValue): Node | undefined {
    if (value.op === "number") return graph.number(value.data);
    if (value.op === "constant") {
      const { source, class: own, columns } = constants[value.data];
      if (source === "ignore") return undefined;
      if (own !== undefined) classes.add(own);
      const node = graph.nodes[source];
      if (!columns) return node;
      // A column of the matrix is its product with the vector that is 1 there.
      const isColumn = graph.combine("eq", graph.input("class"), graph.number(columns[0]));
      return graph.matmul(node.name, node.value === 1, isColumn);
    }
    const args = value.args.map(nodeOf);
    if (args.length === 0 || args.includes(undefined)) return undefined;
    const [a, b, c] = args as Node[];
    const [unary, binary] = [UNARY[value.op], BINARY[value.op]];
    if (unary) return graph.apply(unary, a);
    if (binary) return graph.combine(binary, a, b);
    switch (value.op) {
      case "asFloat":
        return a;
      case "not":
        return graph.sub(graph.one, a);
      case "and":
        return graph.mul(a, b);
      case "keep":
        return graph.where(a, b, graph.zero);
      case "select":
        return graph.where(a, b, c);
      default:
        return undefined;
    }
  }
  const node = nodeOf(root);
  return node && classes.size < 2 ? { node, class: [...classes][0] } : undefined;
}
