// How a sum over voxels is taken: class by class, and with what is the same for many voxels or classes taken out.

import type { KernelValue } from "./kernel.js";
import type { KernelValues } from "./kernel-values.js";

export interface SumPart {
  readonly value: KernelValue;
  /** With `factor` × log(1 + product) added, as one logarithm of a product per tile. */
  readonly product?: KernelValue;
  readonly factor?: KernelValue;
  /** Whether it is summed for every class, even where it is the same for all. */
  readonly perClass: boolean;
}

/**
 * Values whose sums over the voxels, and over the classes where they are per class, add up to that of a value.
 *
 * @param perClass whether each class has a sum of its own
 * @param joined whether these sums are only ever added up
 */
export function sumParts(k: KernelValues, value: KernelValue, perClass: boolean, joined: boolean): readonly SumPart[] {
  const inside = insideClassSum(k, value);
  const split = joined ? splitSharedLogarithm(k, inside) : undefined;
  if (split) {
    return [
      { ...withProduct(k, split.perClass), perClass: true },
      { ...withProduct(k, split.shared), perClass: false },
    ];
  }
  return [{ ...withProduct(k, inside), perClass: perClass || inside.perClass }];
}

/** Σ over voxels of w × Σ over classes of e is summed class by class: no row is needed for the inner sum. */
function insideClassSum(k: KernelValues, value: KernelValue): KernelValue {
  if (value.op === "overClasses" && value.data === 0 && value.args[0].perClass) return value.args[0];
  if (value.op === "neg") {
    const inner = insideClassSum(k, value.args[0]);
    return inner === value.args[0] ? value : k.unary("neg", inner);
  }
  if ((value.op === "mul" || value.op === "keep") && !value.args[0].perClass && value.args[1].op === "overClasses") {
    const inner = insideClassSum(k, value.args[1]);
    if (inner === value.args[1]) return value;
    return value.op === "mul" ? k.binary("mul", value.args[0], inner) : k.keep(value.args[0], inner);
  }
  return value;
}

/**
 * Softmax cross entropy sums y (x - m - log Z) over classes and voxels. Of the labels of a voxel exactly one is set, so log Z, which is the same for all classes,
 * is summed once per voxel, and the rest as soon as x - m is there.
 */
function splitSharedLogarithm(
  k: KernelValues,
  value: KernelValue,
): { readonly perClass: KernelValue; readonly shared: KernelValue } | undefined {
  const log = value.perClass ? valueIn(value, ({ op, perClass }) => op === "log1pPositive" && !perClass) : undefined;
  const parts = log && linearIn(k, value, log);
  const factor = parts && sumOfLabels(k, parts.factor);
  return log && parts && factor && { perClass: parts.rest, shared: k.binary("mul", factor, log) };
}

/** Σ over the classes of a value that is kept where the label is the class: the value itself, where the voxel counts. */
function sumOfLabels(k: KernelValues, value: KernelValue): KernelValue | undefined {
  if (value.op === "neg") {
    const inner = sumOfLabels(k, value.args[0]);
    return inner && k.unary("neg", inner);
  }
  if (value.op !== "asFloat" && value.op !== "keep") return undefined;
  const [mask, kept = k.one] = value.args;
  if (kept.perClass) return undefined;
  const masks = mask.op === "and" ? mask.args : [mask];
  const rest = masks.filter(({ op }) => op !== "isClass");
  if (rest.length !== masks.length - 1 || rest.some(({ perClass }) => perClass)) return undefined;
  return rest.reduce((sum, m) => k.keep(m, sum), kept);
}

/**
 * A sum of c × log(1 + e), with the same c for all voxels, is c times one logarithm of the product of the 1 + e: the logarithm leaves the loop.
 * Cross entropy is such a sum, once log p and log(1 - p) are written with e = exp(-|x|). An e below 0 stays out: factors of a half are soon a
 * product that is nothing beside the 1 which is taken off it.
 */
function withProduct(k: KernelValues, value: KernelValue): Omit<SumPart, "perClass"> {
  const isLogarithm = ({ op, args }: KernelValue) => op === "log1pUnit" && args[0].op === "expNegative";
  const log = valueIn(value, isLogarithm);
  const parts = log && linearIn(k, value, log);
  if (!log || !parts?.factor.uniform || valueIn(parts.rest, isLogarithm)) return { value };
  return { value: parts.rest, product: log.args[0], factor: parts.factor };
}

/** A value of a kind that another is made of. */
function valueIn(value: KernelValue, isMeant: (value: KernelValue) => boolean): KernelValue | undefined {
  const seen = new Set<KernelValue>();
  const stack = [value];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (isMeant(next)) return next;
    if (seen.has(next)) continue;
    seen.add(next);
    stack.push(...next.args);
  }
  return undefined;
}

/**
 * Splits a value into `rest + factor × l`, l one of the values it is made of; undefined where it is not linear in l.
 */
function linearIn(
  k: KernelValues,
  value: KernelValue,
  l: KernelValue,
): { readonly rest: KernelValue; readonly factor: KernelValue } | undefined {
  const seen = new Map<KernelValue, boolean>();
  const contains = (v: KernelValue): boolean => {
    const before = seen.get(v);
    if (before !== undefined) return before;
    const found = v === l || v.args.some(contains);
    seen.set(v, found);
    return found;
  };
  function split(v: KernelValue): { rest: KernelValue; factor: KernelValue } | undefined {
    if (v === l) return { rest: k.zero, factor: k.one };
    if (!contains(v)) return { rest: v, factor: k.zero };
    if (v.op === "neg" || v.op === "keep") {
      const inner = split(v.args[v.args.length - 1]);
      const [m] = v.args;
      const map = (a: KernelValue) => (v.op === "neg" ? k.unary("neg", a) : k.keep(m, a));
      return inner && { rest: map(inner.rest), factor: map(inner.factor) };
    }
    if (v.op === "add" || v.op === "sub") {
      const [a, b] = v.args.map(split);
      const op = v.op;
      return a && b && { rest: k.binary(op, a.rest, b.rest), factor: k.binary(op, a.factor, b.factor) };
    }
    if (v.op === "select" && !contains(v.args[0])) {
      const [a, b] = v.args.slice(1).map(split);
      const [m] = v.args;
      return a && b && { rest: k.select(m, a.rest, b.rest), factor: k.select(m, a.factor, b.factor) };
    }
    if (v.op === "mul") {
      const [a, b] = v.args;
      const [other, inner] = contains(a) ? [b, a] : [a, b];
      if (contains(other)) return undefined;
      const parts = split(inner);
      return parts && { rest: k.binary("mul", other, parts.rest), factor: k.binary("mul", other, parts.factor) };
    }
    return undefined;
  }
  return contains(value) ? split(value) : undefined;
}
