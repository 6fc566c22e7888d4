// Rewrites a formula into the same function in forms that lose no digits: logarithms from the logit, 1 - score from
// what is wrong, not from what is right.

import { VOXEL } from "./axes.js";
import { type Graph, type Node, rebuild } from "./node.js";

/**
 * The stable form of a loss, in the same graph.
 *
 * - `1 - p` is `q`, and `log(p)`, `log(1 - p)` are `logP`, `logQ`: backends compute the four from the logit.
 * - `p - y` is `p (1 - y) - q y`: exact for a saturated p on a hard target.
 * - `1 - exp(a)` is `-expm1(a)`, and `1 - p^b` is `-expm1(b log(p))`.
 * - `1 - A / B` is `(B - A) / B`, where B - A is subtracted symbolically. On a near-perfect mask A and B agree in all
 *   their digits and 1 - A / B is noise; their difference is a sum of errors, each of which is small by itself.
 */
export function stableForm(graph: Graph, loss: Node): Node {
  const p = graph.input("p");
  const q = graph.input("q");
  const y = graph.input("y");
  const notY = graph.sub(graph.one, y);
  const done = rebuild(graph, [loss], (node, args) => {
    const [a, b] = args;
    if (node.op === "mul" && a.op === "number" && b.op === "div") {
      return graph.div(graph.mul(a, b.args[0]), b.args[1]);
    }
    if (node.op === "sub") {
      if (a === p && b === y) return graph.sub(graph.mul(p, notY), graph.mul(q, y));
      if (a === y && b === p) return graph.sub(graph.mul(q, y), graph.mul(p, notY));
      if (graph.isNumber(a, 1) && b.op === "div") {
        const difference = subtract(graph, b.args[1], b.args[0]);
        if (difference) return graph.div(difference, b.args[1]);
      }
    }
    return ofActivation(graph, node, args);
  });
  return done.get(loss) as Node;
}

/**
 * The first and third line of that alone, for texts that people read: a formula keeps its shape, and its logarithms stay finite.
 *
 * @returns the form of every node that the roots are made of
 */
export function readableForm(graph: Graph, roots: readonly Node[]): ReadonlyMap<Node, Node> {
  return rebuild(graph, roots, (node, args) => ofActivation(graph, node, args));
}

/** 1 - p, logarithms of p and 1 - p, and what is 1 minus an exponential. */
function ofActivation(graph: Graph, node: Node, [a, b]: readonly Node[]): Node | undefined {
  const [p, q] = [graph.input("p"), graph.input("q")];
  if (node.op === "log") return a === p ? graph.input("logP") : a === q ? graph.input("logQ") : undefined;
  if (node.op !== "sub" || !graph.isNumber(a, 1)) return undefined;
  if (b === p) return q;
  if (b === q) return p;
  if (b.op === "exp") return graph.neg(graph.apply("expm1", b.args[0]));
  if (b.op === "pow" && (b.args[0] === p || b.args[0] === q)) {
    const logarithm = graph.input(b.args[0] === p ? "logP" : "logQ");
    return graph.neg(graph.apply("expm1", graph.mul(b.args[1], logarithm)));
  }
  return undefined;
}

/** A product of factors with a number in front. */
interface Monomial {
  readonly coefficient: number;
  /** Sorted by id; a factor stands as often as its power. */
  readonly factors: readonly Node[];
}

/** Above these the rewriting gives up: the formula keeps the form it was written in. */
const MAX_MONOMIALS = 64;
/** Most terms that a multiplication may give before equal ones are added. */
const MAX_PRODUCTS = 512;
const MAX_DEGREE = 4;
/** Squares of squares would have millions of factors. */
const MAX_FACTORS = 16;

/** B - A with equal parts cancelled and sums merged; undefined where nothing cancels. */
function subtract(graph: Graph, b: Node, a: Node): Node | undefined {
  const left = expand(graph, b, false);
  const right = expand(graph, a, false);
  if (!left || !right) return undefined;
  const negated = right.map((monomial) => ({ ...monomial, coefficient: -monomial.coefficient }));
  const merged = collect([...left, ...negated]);
  const sums = merged.filter(({ factors }) => factors.some(isSum)).length;
  if (merged.length === left.length + right.length && sums < 2) return undefined;
  return assemble(graph, merged);
}

const isSum = (node: Node) =>
  node.op === "sumBy" || (node.op === "reduce" && node.name === "sum" && node.args[0].op !== "routine");
/** What a sum is of. */
const summandOf = ({ op, args }: Node) => args[op === "sumBy" ? 1 : 0];
/** Sums over the same things are equal in this. */
const rangeOf = ({ op, over, args }: Node) => (op === "sumBy" ? `objects ${args[0].id}` : `${over}`);

/** Expansions of nodes, apart for voxels: without them a name that is used twice, line after line, doubles the work each time. */
const expansions = { voxels: new WeakMap<Node, Expansion>(), groups: new WeakMap<Node, Expansion>() };
type Expansion = { readonly monomials: readonly Monomial[] | undefined };

/** An expression as a sum of monomials; undefined where that would be too large. */
function expand(graph: Graph, node: Node, voxels: boolean): readonly Monomial[] | undefined {
  const known = voxels ? expansions.voxels : expansions.groups;
  const expansion = known.get(node) ?? { monomials: expandNode(graph, node, voxels) };
  known.set(node, expansion);
  return expansion.monomials;
}

function expandNode(graph: Graph, node: Node, voxels: boolean): readonly Monomial[] | undefined {
  switch (node.op) {
    case "number":
      return node.value === 0 ? [] : [{ coefficient: node.value, factors: [] }];
    case "neg":
      return expand(graph, node.args[0], voxels)?.map((m) => ({ ...m, coefficient: -m.coefficient }));
    case "add":
    case "sub": {
      // 1 - y is a factor of its own: it is exact, and the basis below needs it.
      if (voxels && isNotY(node)) return [{ coefficient: 1, factors: [node] }];
      const left = expand(graph, node.args[0], voxels);
      const right = expand(graph, node.args[1], voxels);
      if (!left || !right) return undefined;
      const sign = node.op === "add" ? 1 : -1;
      return limited(collect([...left, ...right.map((m) => ({ ...m, coefficient: sign * m.coefficient }))]));
    }
    case "mul": {
      const left = expand(graph, node.args[0], voxels);
      const right = expand(graph, node.args[1], voxels);
      if (!left || !right || left.length * right.length > MAX_PRODUCTS) return undefined;
      const products = left.flatMap((l) =>
        right.map((r) => ({
          coefficient: l.coefficient * r.coefficient,
          factors: [...l.factors, ...r.factors].sort((m, n) => m.id - n.id),
        })),
      );
      return limited(collect(products));
    }
    case "div": {
      const [a, b] = node.args;
      if (b.op !== "number" || b.value === 0) return [{ coefficient: 1, factors: [node] }];
      return expand(graph, a, voxels)?.map((m) => ({ ...m, coefficient: m.coefficient / b.value }));
    }
    case "pow": {
      const [base, exponent] = node.args;
      const power = exponent.op === "number" ? exponent.value : 0;
      if (!(Number.isInteger(power) && power >= 2 && power <= MAX_DEGREE)) return [{ coefficient: 1, factors: [node] }];
      return expand(graph, Array<Node>(power).fill(base).reduce(graph.mul), voxels);
    }
    default:
      return [{ coefficient: 1, factors: [node] }];
  }
}

const isNotY = (node: Node) =>
  node.op === "sub" && node.args[0].op === "number" && node.args[0].value === 1 && node.args[1].name === "y";

const limited = (monomials: readonly Monomial[]) =>
  monomials.length > MAX_MONOMIALS || monomials.some(({ factors }) => factors.length > MAX_FACTORS)
    ? undefined
    : monomials;

/** Adds up the coefficients of equal products and drops what cancels. */
function collect(monomials: readonly Monomial[]): readonly Monomial[] {
  const byFactors = new Map<string, { coefficient: number; scale: number; factors: readonly Node[] }>();
  for (const { coefficient, factors } of monomials) {
    const key = factors.map((factor) => factor.id).join();
    const entry = byFactors.get(key);
    if (entry) {
      entry.coefficient += coefficient;
      entry.scale = Math.max(entry.scale, Math.abs(coefficient));
    } else byFactors.set(key, { coefficient, scale: Math.abs(coefficient), factors });
  }
  // What is left of a cancellation by rounding (0.3 + 0.7 - 1) is zero.
  return [...byFactors.values()].filter(({ coefficient, scale }) => Math.abs(coefficient) > 4e-16 * scale);
}

/** The sum of monomials as a node; sums with the same other factors become one sum of a merged expression. */
function assemble(graph: Graph, monomials: readonly Monomial[]): Node {
  const groups = new Map<string, { others: readonly Node[]; sums: { coefficient: number; sum: Node }[] }>();
  const terms: Node[] = [];
  const product = (coefficient: number, factors: readonly Node[]) =>
    graph.mul(graph.number(coefficient), factors.reduce(graph.mul, graph.one));
  for (const { coefficient, factors } of monomials) {
    const sums = factors.filter(isSum);
    if (sums.length !== 1) {
      terms.push(product(coefficient, factors));
      continue;
    }
    const others = factors.filter((factor) => factor !== sums[0]);
    const key = `${rangeOf(sums[0])}|${others.map((factor) => factor.id).join()}`;
    const group = groups.get(key) ?? { others, sums: [] };
    group.sums.push({ coefficient, sum: sums[0] });
    groups.set(key, group);
  }
  for (const { others, sums } of groups.values()) terms.push(graph.mul(product(1, others), mergeSums(graph, sums)));
  return terms.reduce(graph.add, graph.zero);
}

/** Σ c_k sum(e_k) as sum(Σ c_k e_k), with the inner expression simplified the same way. */
function mergeSums(graph: Graph, sums: readonly { readonly coefficient: number; readonly sum: Node }[]): Node {
  const [{ sum: first }] = sums;
  const byObject = first.op === "sumBy";
  const over = byObject ? VOXEL : first.over;
  const asWritten = () =>
    sums.map(({ coefficient, sum }) => graph.mul(graph.number(coefficient), sum)).reduce(graph.add, graph.zero);
  if (sums.length === 1) return asWritten();
  const voxels = over === VOXEL;
  const expanded = sums.map(({ coefficient, sum }) =>
    expand(graph, summandOf(sum), voxels)?.map((m) => ({ ...m, coefficient: m.coefficient * coefficient })),
  );
  if (expanded.some((monomials) => monomials === undefined)) return asWritten();
  const monomials = collect(expanded.flatMap((m) => m ?? []));
  const inner = voxels ? inErrorBasis(graph, monomials) : assemble(graph, monomials);
  if (!inner) return asWritten();
  if (!(inner.axes & over)) return asWritten();
  return byObject ? graph.sumBy("sumBy", first.args[0], inner) : graph.reduce("sum", over, inner);
}

/**
 * A polynomial in p and y written in products of p, q = 1 - p, y and 1 - y only.
 *
 * Every power p^a q^b of degree a + b < m is multiplied by (p + q)^(m - a - b) = 1 until all have the same degree, and
 * likewise in y; then coefficients are added. Of p + y - 2 p y this leaves p (1 - y) + q y: where the prediction is right all
 * remaining products are small, so nothing is lost by subtraction.
 */
function inErrorBasis(graph: Graph, monomials: readonly Monomial[]): Node | undefined {
  const p = graph.input("p");
  const q = graph.input("q");
  const y = graph.input("y");
  const notY = graph.sub(graph.one, y);
  const groups = new Map<string, { others: readonly Node[]; powers: { coefficient: number; powers: number[] }[] }>();
  for (const { coefficient, factors } of monomials) {
    const power = (variable: Node) => factors.filter((factor) => factor === variable).length;
    const others = factors.filter((factor) => factor !== p && factor !== q && factor !== y && factor !== notY);
    const key = others.map((factor) => factor.id).join();
    const group = groups.get(key) ?? { others, powers: [] };
    group.powers.push({ coefficient, powers: [power(p), power(q), power(y), power(notY)] });
    groups.set(key, group);
  }
  const terms: Node[] = [];
  for (const { others, powers } of groups.values()) {
    const degree = Math.max(...powers.map(({ powers: [a, b] }) => a + b));
    const targetDegree = Math.max(...powers.map(({ powers: [, , c, d] }) => c + d));
    if (degree > MAX_DEGREE || targetDegree > MAX_DEGREE) return undefined;
    const table = new Map<string, { coefficient: number; scale: number; a: number; c: number }>();
    for (const { coefficient, powers: exponents } of powers) {
      const [a, b, c, d] = exponents;
      const missing = degree - a - b;
      const targetMissing = targetDegree - c - d;
      for (let i = 0; i <= missing; i++) {
        for (let j = 0; j <= targetMissing; j++) {
          const added = coefficient * binomial(missing, i) * binomial(targetMissing, j);
          const key = `${a + i},${c + j}`;
          const entry = table.get(key) ?? { coefficient: 0, scale: 0, a: a + i, c: c + j };
          entry.coefficient += added;
          entry.scale = Math.max(entry.scale, Math.abs(added));
          table.set(key, entry);
        }
      }
    }
    for (const { coefficient, scale, a, c } of table.values()) {
      if (Math.abs(coefficient) <= 4e-16 * scale) continue;
      const factors = [
        ...others,
        ...Array<Node>(a).fill(p),
        ...Array<Node>(degree - a).fill(q),
        ...Array<Node>(c).fill(y),
        ...Array<Node>(targetDegree - c).fill(notY),
      ];
      terms.push(graph.mul(graph.number(coefficient), factors.reduce(graph.mul, graph.one)));
    }
  }
  return terms.reduce(graph.add, graph.zero);
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}
