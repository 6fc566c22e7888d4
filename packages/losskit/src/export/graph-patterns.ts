// Parts of a graph that generated code writes as one: means, ranked sums, conditions, and what is known of a value without the arrays.

import { CLASS, NONE } from "../formula/axes.js";
import type { Node } from "../formula/node.js";
import { ROUTINES } from "../formula/operations.js";

/** Nodes that need no text of their own, since something larger is printed as one. */
export function insidePatterns(
  nodes: readonly Node[],
  uses: ReadonlyMap<Node, number>,
  users: ReadonlyMap<Node, readonly Node[]>,
): ReadonlySet<Node> {
  const inside = new Set<Node>();
  for (const node of nodes) {
    const routine = rankedBy(node);
    if (routine) {
      const [product] = node.args;
      for (const inner of [product, ...product.args.filter(({ args }) => args[0] === routine), routine])
        inside.add(inner);
    }
    // A comparison stands in the conditions themselves, a short one in several.
    if (isComparison(node)) {
      const by = users.get(node) ?? [];
      // What has a name, or is short by itself, is as short as the condition's own name would be.
      const short = by.length === 1 || node.args.every((arg) => isLeaf(arg) || (uses.get(arg) ?? 0) > 1);
      if (short && by.every(({ op, args }) => op === "where" && args.indexOf(node) === 0)) inside.add(node);
    }
    const mean = node.op === "div" ? meanOf(node.args[0], node.args[1]) : undefined;
    if (!mean) continue;
    const wrapping = node.args[0] === mean.total ? [mean.total] : [node.args[0], mean.total];
    for (const inner of wrapping) if (uses.get(inner) === 1) inside.add(inner);
  }
  return inside;
}

/** Nodes that take each node as an argument. */
export function usersOf(nodes: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of nodes) for (const arg of node.args) users.set(arg, [...(users.get(arg) ?? []), node]);
  return users;
}

const rankingRoutine = (node: Node) => node.op === "routine" && ROUTINES[node.name].gives === "groups";

/** The routine of a sum of voxels with the weights that it gives them. */
export function rankedBy(node: Node): Node | undefined {
  if (node.op !== "total" || node.args[0].op !== "mul") return undefined;
  const stopped = node.args[0].args.find(({ op, args }) => op === "stop" && rankingRoutine(args[0]));
  return stopped?.args[0];
}

/** A sum over some axes by their extent, as a mean; a factor or a sign in front of the sum stays in front of the mean. */
export function meanOf(a: Node, b: Node): { total: Node; sign: number; factor?: Node } | undefined {
  if (b.op !== "extent") return undefined;
  let [node, sign] = [a, 1];
  let factor: Node | undefined;
  if (node.op === "neg") [node, sign] = [node.args[0], -1];
  if (node.op === "mul" && node.args[0].axes === NONE) [factor, node] = node.args;
  return node.op === "total" && node.over === b.over && !rankedBy(node) ? { total: node, sign, factor } : undefined;
}

/** Made of numbers and parameters alone: a number of Python's, and not an array. */
export function isSetting({ op, axes, args }: Node): boolean {
  if (axes !== NONE || op === "input" || op === "total" || op === "largest" || op === "smallest") return false;
  return op === "number" || op === "parameter" || (args.length > 0 && args.every(isSetting));
}

const isComparison = ({ op }: Node) => op === "lt" || op === "le" || op === "eq";
export const isLeaf = ({ op }: Node) =>
  op === "number" || op === "parameter" || op === "input" || op === "field" || op === "extent";

/** Whether a divisor cannot be 0, whatever the arrays hold. */
export function isNeverZero(node: Node): boolean {
  switch (node.op) {
    case "number":
      return node.value !== 0;
    case "extent":
    case "exp":
      return true;
    case "total":
      // Of the classes that a list or "foreground" names there is one.
      return node.over === CLASS && node.args[0].op === "parameter" && node.args[0].name.endsWith(":selected");
    case "add":
      return node.args.some(isNeverZero) && node.args.every(isNotNegative);
    case "mul":
      return node.args.every(isNeverZero);
    default:
      return false;
  }
}

function isNotNegative(node: Node): boolean {
  if (node.op === "number") return node.value >= 0;
  if (node.op === "mul" && node.args[0] === node.args[1]) return true;
  return node.op === "exp" || node.op === "extent" || node.op === "sqrt" || node.op === "abs";
}
