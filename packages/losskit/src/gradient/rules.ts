// The derivative of each operation of the language: one row per operation, with its convention where there is no derivative.

import { CLASS } from "../formula/axes.js";
import { GRADIENT_OF_ROUTINE, type Graph, type Node } from "../formula/node.js";

/**
 * Cotangents of the arguments of `node`, given that of `node` itself; undefined for an argument without a derivative. They may vary
 * over more axes than the argument, which the sweep sums away.
 */
export type Rule = (graph: Graph, node: Node, cotangent: Node) => readonly (Node | undefined)[];

/** Every voxel, class or image that attains an extreme gets an equal share. */
const shared: Rule = (g, node, c) => {
  const attained = g.combine("eq", node.args[0], node);
  return [g.mul(attained, g.combine("slopeDiv", c, g.total(node.over, attained)))];
};

const none: Rule = (_, node) => node.args.map(() => undefined);

/** Operations without a row are leaves, or are gone before a gradient is taken. */
export const RULES: Readonly<Partial<Record<Node["op"], Rule>>> = {
  add: (_, __, c) => [c, c],
  sub: (g, _, c) => [c, g.neg(c)],
  neg: (g, _, c) => [g.neg(c)],
  mul: (g, { args: [a, b] }, c) => [g.mul(c, b), g.mul(c, a)],
  // Where b is 0 the quotient has no derivative; it is taken as 0, as for a mean of nothing.
  div: (g, { args: [a, b] }, c) => {
    const overB = g.combine("slopeDiv", c, b);
    return [overB, g.neg(g.combine("slopeDiv", g.mul(overB, a), b))];
  },
  // At a = 0 the slope b a^(b-1) is infinite for b < 1; it is taken as 0: a perfect score has nothing left to gain.
  pow: (g, node, c) => {
    const [a, b] = node.args;
    // d/db a^b = a^b log a, which tends to 0 with a for b > 0.
    const logA = g.apply("log", g.where(g.combine("lt", g.zero, a), a, g.one));
    return [g.mul(c, g.combine("powSlope", a, b)), g.mul(c, g.mul(node, logA))];
  },
  exp: (g, node, c) => [g.mul(c, node)],
  // At 0 the slope is taken as 0; log(p) itself never gets here, its slope is that of log-sigmoid.
  log: (g, { args: [a] }, c) => [g.combine("slopeDiv", c, a)],
  log1p: (g, { args: [a] }, c) => [g.combine("slopeDiv", c, g.add(g.one, a))],
  // Not node + 1, which near -1 has lost the digits of exp.
  expm1: (g, { args: [a] }, c) => [g.mul(c, g.apply("exp", a))],
  // At 0 the slope is taken as 0.
  sqrt: (g, node, c) => [g.combine("slopeDiv", g.mul(g.number(0.5), c), node)],
  // At 0 the slope is taken as 0, the middle of its subgradients -1 to 1.
  abs: (g, { args: [a] }, c) => [g.mul(c, g.apply("sign", a))],
  sign: none,
  sigmoid: (g, node, c) => [g.mul(c, g.mul(node, g.sub(g.one, node)))],
  softplus: (g, { args: [a] }, c) => [g.mul(c, g.apply("sigmoid", a))],
  tanh: (g, node, c) => [g.mul(c, g.sub(g.one, g.mul(node, node)))],
  // At a tie each argument gets half; so a clamp at its bound passes half of the gradient.
  min: (g, { args: [a, b] }, c) => [g.mul(c, g.combine("wins", b, a)), g.mul(c, g.combine("wins", a, b))],
  max: (g, { args: [a, b] }, c) => [g.mul(c, g.combine("wins", a, b)), g.mul(c, g.combine("wins", b, a))],
  // A comparison is a step: its slope is 0 wherever it has one, and is taken as 0 at the step.
  lt: none,
  le: none,
  eq: none,
  wins: none,
  where: (g, { args: [condition] }, c) => [undefined, g.where(condition, c, g.zero), g.where(condition, g.zero, c)],
  stop: none,
  total: (_, __, c) => [c],
  largest: shared,
  smallest: shared,
  totalBy: (g, { args: [id] }, c) => [undefined, g.gather(c, id)],
  gather: (g, { args: [, id] }, c) => [g.sumBy("totalBy", id, c), undefined],
  matmul: (g, node, c) => {
    // A slope that is the same for all classes is so many equal numbers, and not a vector of one.
    const everyClass = c.axes & CLASS ? c : g.mul(c, g.combine("le", g.zero, g.input("class")));
    return [g.matmul(node.name, node.value !== 1, everyClass)];
  },
  routine: (g, node, c) => [
    g.routine(node.name + GRADIENT_OF_ROUTINE, [...node.args, c]),
    ...node.args.slice(1).map(() => undefined),
  ],
};
