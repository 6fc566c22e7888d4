// Gathers a slope by the target: what a voxel of the object gets and what one of the background gets, each one number without voxels.

import { VOXEL } from "../formula/axes.js";
import type { Graph, Node } from "../formula/node.js";

/**
 * coefficient × y^targets × (1 - y)^others × factors, with a coefficient that has no voxels. With a numbering the coefficient is one per object, and
 * every voxel takes that of its own.
 */
interface Monomial {
  readonly coefficient: Node;
  readonly numbering: Node | undefined;
  readonly targets: number;
  readonly notTargets: number;
  /** Sorted by id. */
  readonly factors: readonly Node[];
}

/** More summands than any formula of a person; the slope then stays as it is. */
const MAX_SUMMANDS = 64;

/**
 * The same slope, with (a + b) y + (a + c) (1 - y) in place of a + b y + c (1 - y). The slope of a Dice loss, for one, is 1/D - W/D² on the background,
 * which on an empty mask is all but 0: between voxels the two would be rounded first and cancel then, but numbers
 * without voxels are subtracted in float64 on every backend.
 */
export function inTargetBasis(graph: Graph, slope: Node): Node {
  const y = graph.input("y");
  const notY = graph.sub(graph.one, y);
  const summands = flatten(slope);
  if (summands.length > MAX_SUMMANDS) return slope;

  const left: Node[] = [];
  const families = new Map<string, { summand: Node; negative: boolean; monomial: Monomial }[]>();
  for (const { node, negative } of summands) {
    const monomial = monomialOf(graph, node, y, notY);
    const summand = negative ? graph.neg(node) : node;
    const key = [monomial.numbering, ...monomial.factors].map((node) => node?.id).join();
    if (monomial.targets + monomial.notTargets > 1) left.push(summand);
    else families.set(key, [...(families.get(key) ?? []), { summand, negative, monomial }]);
  }
  for (const family of families.values()) {
    // Only a summand that is there for both kinds of voxel can cancel.
    const both = family.some(({ monomial }) => monomial.targets + monomial.notTargets === 0);
    const either = family.some(({ monomial }) => monomial.targets + monomial.notTargets === 1);
    if (!both || !either) {
      left.push(...family.map(({ summand }) => summand));
      continue;
    }
    const total = (wanted: (monomial: Monomial) => boolean) =>
      family
        .filter(({ monomial }) => wanted(monomial))
        .map(({ negative, monomial }) => (negative ? graph.neg(monomial.coefficient) : monomial.coefficient))
        .reduce(graph.add, graph.zero);
    const { numbering } = family[0].monomial;
    const ofVoxels = (coefficient: Node) => (numbering ? graph.gather(coefficient, numbering) : coefficient);
    const onTarget = ofVoxels(total(({ notTargets }) => notTargets === 0));
    const offTarget = ofVoxels(total(({ targets }) => targets === 0));
    const gathered = graph.add(graph.mul(onTarget, y), graph.mul(offTarget, notY));
    left.push(family[0].monomial.factors.reduce(graph.mul, gathered));
  }
  return left.reduce(graph.add, graph.zero);
}

/** The summands of a sum, with their signs. */
function flatten(root: Node): { readonly node: Node; readonly negative: boolean }[] {
  const summands: { node: Node; negative: boolean }[] = [];
  const stack = [{ node: root, negative: false }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, negative } = next;
    const [a, b] = node.args;
    if (node.op === "neg") stack.push({ node: a, negative: !negative });
    else if ((node.op === "add" || node.op === "sub") && node.axes & VOXEL && summands.length <= MAX_SUMMANDS) {
      stack.push({ node: b, negative: negative !== (node.op === "sub") }, { node: a, negative });
    } else summands.push(next);
  }
  return summands;
}

/** A product as a monomial; a sum within it is one factor. */
function monomialOf(graph: Graph, root: Node, y: Node, notY: Node): Monomial {
  let coefficient = graph.one;
  let numbering: Node | undefined;
  let [targets, notTargets] = [0, 0];
  const factors: Node[] = [];
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (!(node.axes & VOXEL)) coefficient = graph.mul(coefficient, node);
    else if (node === y) targets++;
    else if (node === notY) notTargets++;
    else if (node.op === "gather" && !numbering) {
      coefficient = graph.mul(coefficient, node.args[0]);
      numbering = node.args[1];
    } else if (node.op === "mul") stack.push(...node.args);
    else if (node.op === "neg") {
      coefficient = graph.neg(coefficient);
      stack.push(node.args[0]);
    } else factors.push(node);
  }
  return { coefficient, numbering, targets, notTargets, factors: factors.sort((a, b) => a.id - b.id) };
}
