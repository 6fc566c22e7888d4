// Makes the values of a kernel: equal ones are one, and what needs no work is not computed.

import type { FloatOp, KernelValue } from "./kernel.js";

const FOLD: Partial<Record<FloatOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
};

/** The largest float32. */
export const LARGEST_FLOAT = 2 ** 128 - 2 ** 104;

export type KernelValues = ReturnType<typeof createKernelValues>;

export function createKernelValues() {
  const values: KernelValue[] = [];
  const known = new Map<string, KernelValue>();

  function make(op: KernelValue["op"], args: readonly KernelValue[], extra: Partial<KernelValue> = {}): KernelValue {
    const data = extra.data ?? 0;
    const key = `${op}|${Object.is(data, -0) ? "-0" : data}|${args.map(({ id }) => id).join()}`;
    const existing = known.get(key);
    if (existing) return existing;
    const value: KernelValue = {
      id: values.length,
      op,
      args,
      data,
      perClass: extra.perClass ?? args.some((arg) => arg.perClass),
      uniform: extra.uniform ?? args.every((arg) => arg.uniform),
      mask: extra.mask ?? false,
      level: extra.level ?? Math.max(0, ...args.map(({ level }) => level)),
    };
    values.push(value);
    known.set(key, value);
    return value;
  }

  const number = (value: number) => make("number", [], { data: value, uniform: true });
  const zero = number(0);
  const one = number(1);
  const is = (value: KernelValue, n: number) => value.op === "number" && value.data === n;
  const isNumber = (value: KernelValue) => value.op === "number";

  const constant = (slot: number, perClass: boolean) => make("constant", [], { data: slot, perClass, uniform: true });
  const load = (slot: number, perClass: boolean) => make("load", [], { data: slot, perClass, uniform: false });
  /** @param wanted of "isLabel", the label */
  const label = (op: "isClass" | "isLabel" | "isIgnored", slot: number, perClass: boolean, wanted?: number) =>
    make(op, wanted === undefined ? [] : [number(wanted)], { data: slot, perClass, uniform: false, mask: true });

  /** A mask with the argument swapped out: not(not(m)) is m. */
  const not = (m: KernelValue): KernelValue => (m.op === "not" ? m.args[0] : make("not", [m], { mask: true }));
  const areOpposite = (a: KernelValue, b: KernelValue) => not(a) === b;

  function compare(op: "lt" | "le" | "eq", a: KernelValue, b: KernelValue): KernelValue {
    return make(op, [a, b], { mask: true });
  }

  function and(a: KernelValue, b: KernelValue): KernelValue {
    if (a === b || (a.op === "and" && a.args.includes(b))) return a;
    if (b.op === "and" && b.args.includes(a)) return b;
    return make("and", [a, b], { mask: true });
  }

  function asFloat(m: KernelValue): KernelValue {
    return make("asFloat", [m]);
  }

  function keep(m: KernelValue, a: KernelValue): KernelValue {
    if (is(a, 0)) return zero;
    if (is(a, 1)) return asFloat(m);
    if (a.op === "asFloat") return asFloat(and(m, a.args[0]));
    if (a.op === "keep") return a.args[0] === m ? a : keep(and(m, a.args[0]), a.args[1]);
    return make("keep", [m, a]);
  }

  function select(m: KernelValue, a: KernelValue, b: KernelValue): KernelValue {
    if (a === b) return a;
    if (is(b, 0)) return keep(m, a);
    if (is(a, 0)) return keep(not(m), b);
    if (m.op === "not") return select(m.args[0], b, a);
    // min(x, 0) here and -max(x, 0) there is x here, less max(x, 0) everywhere.
    if (a.op === "min" && is(a.args[1], 0) && b.op === "neg" && b.args[0] === binary("max", a.args[0], zero)) {
      return binary("sub", keep(m, a.args[0]), b.args[0]);
    }
    // Expensive functions are taken once, of what was selected.
    if (a.op === b.op && a.args.length === 1 && !a.mask && a.op !== "asFloat") {
      return unary(a.op as FloatOp, select(m, a.args[0], b.args[0]));
    }
    if (a.op === "pow" && b.op === "pow")
      return binary("pow", select(m, a.args[0], b.args[0]), select(m, a.args[1], b.args[1]));
    if ((a.op === "sub" || a.op === "add") && a.op === b.op && a.args[1] === b.args[1]) {
      return binary(a.op, select(m, a.args[0], b.args[0]), a.args[1]);
    }
    return make("select", [m, a, b]);
  }

  function unary(op: FloatOp, a: KernelValue): KernelValue {
    const fold = FOLD[op];
    if (isNumber(a) && fold) return number(fold(a.data, 0));
    if (op === "neg") {
      if (a.op === "neg") return a.args[0];
      if (a.op === "sub") return binary("sub", a.args[1], a.args[0]);
    }
    if (op === "abs" && (a.op === "neg" || a.op === "abs")) return unary("abs", a.args[0]);
    return make(op, [a]);
  }

  function binary(op: FloatOp, a: KernelValue, b: KernelValue): KernelValue {
    const fold = FOLD[op];
    if (isNumber(a) && isNumber(b) && fold) return number(fold(a.data, b.data));
    switch (op) {
      case "add":
        return add(a, b);
      case "sub":
        if (is(b, 0)) return a;
        if (is(a, 0)) return unary("neg", b);
        if (a === b) return zero;
        if (b.op === "neg") return add(a, b.args[0]);
        if (a.op === "neg") return unary("neg", add(a.args[0], b));
        if (is(a, 1) && b.op === "asFloat") return asFloat(not(b.args[0]));
        if (isKept(a) && isKept(b) && areOpposite(a.args[0], b.args[0])) {
          return select(a.args[0], kept(a), unary("neg", kept(b)));
        }
        return crossEntropyOf(a, b) ?? factored("sub", a, b) ?? make("sub", [a, b]);
      case "mul":
        return multiply(a, b);
      case "div":
        if (is(a, 0)) return zero;
        if (is(b, 1)) return a;
        break;
      case "min":
      case "max":
        if (a === b) return a;
        if (a.op === "neg" && b.op === "neg") {
          return unary("neg", binary(op === "min" ? "max" : "min", a.args[0], b.args[0]));
        }
        break;
    }
    return make(op, [a, b]);
  }

  function add(a: KernelValue, b: KernelValue): KernelValue {
    if (is(a, 0)) return b;
    if (is(b, 0)) return a;
    if (a.op === "neg" && b.op === "neg") return unary("neg", add(a.args[0], b.args[0]));
    if (b.op === "neg") return binary("sub", a, b.args[0]);
    if (a.op === "neg") return binary("sub", b, a.args[0]);
    if (b.op === "sub" && b.args[1] === a) return b.args[0];
    if (a.op === "sub" && a.args[1] === b) return a.args[0];
    const [m, n] = [maskOf(a), maskOf(b)];
    if (m && n && areOpposite(m, n)) return select(m, kept(a), kept(b));
    if (n && a.uniform && kept(b).uniform) return select(n, add(a, kept(b)), a);
    if (m && b.uniform && kept(a).uniform) return select(m, add(b, kept(a)), b);
    return factored("add", a, b) ?? make("add", a.id <= b.id ? [a, b] : [b, a]);
  }

  const isScaled = (a: KernelValue) => a.op === "mul" && a.args[0].uniform && !a.args[1].uniform;

  /** A sum or difference of products that share a factor: one multiplication less, and what is uniform is combined outside the loop. */
  function factored(op: "add" | "sub", a: KernelValue, b: KernelValue): KernelValue | undefined {
    if (!isScaled(b)) return undefined;
    const [v, t] = b.args;
    if (isScaled(a)) {
      if (a.args[1] === t) return multiply(binary(op, a.args[0], v), t);
      if (a.args[0] === v) return multiply(v, binary(op, a.args[1], t));
    }
    if (a.op !== "add") return undefined;
    const at = a.args.findIndex((part) => isScaled(part) && part.args[1] === t);
    return at < 0 ? undefined : add(a.args[1 - at], multiply(binary(op, a.args[at].args[0], v), t));
  }

  /** y min(x, 0) - (1 - y) max(x, 0) is y x - max(x, 0): at most the last digit of x differs, and for y of 0 and 1 nothing. */
  function crossEntropyOf(a: KernelValue, b: KernelValue): KernelValue | undefined {
    if (a.op !== "mul" || b.op !== "mul") return undefined;
    const low = a.args.find((part) => part.op === "min" && is(part.args[1], 0));
    const high = b.args.find((part) => part.op === "max" && is(part.args[1], 0));
    const rest = b.args.find((part) => part.op === "sub" && is(part.args[0], 1));
    const y = a.args.find((part) => part !== low);
    if (!low || !high || !rest || !y || rest.args[1] !== y || low.args[0] !== high.args[0]) return undefined;
    return binary("sub", multiply(y, low.args[0]), high);
  }

  const isKept = (a: KernelValue) => a.op === "keep" || a.op === "asFloat";
  const maskOf = (a: KernelValue) => (isKept(a) ? a.args[0] : undefined);
  const kept = (a: KernelValue) => (a.op === "keep" ? a.args[1] : one);

  function multiply(a: KernelValue, b: KernelValue): KernelValue {
    if (is(a, 0) || is(b, 0)) return zero;
    if (is(a, 1)) return b;
    if (is(b, 1)) return a;
    if (is(a, -1)) return unary("neg", b);
    if (is(b, -1)) return unary("neg", a);
    if (a.op === "neg") return unary("neg", multiply(a.args[0], b));
    if (b.op === "neg") return unary("neg", multiply(a, b.args[0]));
    const [m, n] = [maskOf(a), maskOf(b)];
    if (m) return keep(m, multiply(kept(a), b));
    if (n) return keep(n, multiply(a, kept(b)));
    // p (1 - p) is the same whichever of the two is the small one.
    if (a.op === "select" && b.op === "select" && a.args[0] === b.args[0]) {
      const [, on, off] = a.args;
      if (b.args[1] === off && b.args[2] === on) return multiply(on, off);
    }
    // What is the same for all voxels is multiplied first: outside the loop.
    if (b.uniform && !a.uniform) return multiply(b, a);
    if (a.uniform && b.op === "mul" && b.args[0].uniform) return multiply(multiply(a, b.args[0]), b.args[1]);
    if (!a.uniform && b.op === "mul" && b.args[0].uniform) return multiply(b.args[0], multiply(a, b.args[1]));
    if (!b.uniform && a.op === "mul" && a.args[0].uniform && !a.uniform) {
      return multiply(a.args[0], multiply(a.args[1], b));
    }
    return make("mul", a.uniform || a.id <= b.id ? [a, b] : [b, a]);
  }

  /** Sum or largest over the classes: had only when a round over them is over. */
  function overClasses(how: "add" | "max", a: KernelValue): KernelValue {
    return make("overClasses", [a], {
      data: how === "max" ? 1 : 0,
      perClass: false,
      uniform: false,
      level: a.level + 1,
    });
  }

  /** Of each class the sum over the others, or the largest of them: unlike sum - a it loses nothing where one class has nearly all. */
  const otherClasses = (how: "add" | "max", a: KernelValue) =>
    make("otherClasses", [a], { data: how === "max" ? 1 : 0, perClass: true, level: a.level + 1 });

  /** @param slot of the constant that holds the rows of the matrix */
  const matmul = (slot: number, a: KernelValue) =>
    make("matmul", [a], { data: slot, perClass: true, uniform: false, level: a.level + 1 });

  return {
    values,
    otherClasses,
    matmul,
    number,
    zero,
    one,
    is,
    constant,
    load,
    label,
    not,
    and,
    compare,
    asFloat,
    keep,
    select,
    unary,
    binary,
    overClasses,
  };
}
