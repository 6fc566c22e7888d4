// The operations of the language as values of a kernel.

import type { BinaryOp, Node, UnaryOp } from "../formula/node.js";
import type { KernelValue } from "./kernel.js";
import type { KernelValues } from "./kernel-values.js";
import { sigmoidOf } from "./lower-inputs.js";

/** A whole exponent up to this is a few multiplications. */
const MAX_WHOLE_EXPONENT = 16;

/**
 * @param many whether there are several classes
 * @param wholeExponent of powers, where it is a whole number
 */
export function lowerNode(
  k: KernelValues,
  node: Node,
  args: readonly KernelValue[],
  many: boolean,
  wholeExponent: (exponent: Node) => number | undefined,
): KernelValue {
  const [a, b, c] = args;
  switch (node.op) {
    case "stop":
      return a;
    case "where":
      return k.select(a.op === "asFloat" ? a.args[0] : k.not(k.compare("eq", a, k.zero)), b, c);
    case "total":
      return many ? k.overClasses("add", a) : a;
    case "largest":
      return many ? k.overClasses("max", a) : a;
    case "smallest":
      return many ? k.unary("neg", k.overClasses("max", k.unary("neg", a))) : a;
    case "pow":
    case "powSlope":
      return lowerPower(k, node.op, a, b, wholeExponent(node.args[1]));
    default:
      return args.length === 1 ? lowerUnary(k, node.op as UnaryOp, a) : lowerBinary(k, node.op as BinaryOp, a, b);
  }
}

function lowerUnary(k: KernelValues, op: UnaryOp, a: KernelValue): KernelValue {
  const magnitude = () => k.unary("abs", a);
  const decay = () => k.unary("expNegative", k.unary("neg", magnitude()));
  switch (op) {
    case "sign":
      return k.select(k.compare("lt", k.zero, a), k.one, k.keep(k.compare("lt", a, k.zero), k.number(-1)));
    case "sigmoid":
      return sigmoidOf(k, a, "precise").p();
    case "softplus":
      return k.binary("add", k.binary("max", a, k.zero), k.unary("log1pUnit", decay()));
    case "tanh": {
      // tanh |a| = -t / (t + 2) with t = exp(-2 |a|) - 1: no digits are lost near 0.
      const t = k.unary("expm1", k.binary("mul", k.number(-2), magnitude()));
      const size = k.binary("div", k.unary("neg", t), k.binary("add", t, k.number(2)));
      return k.binary("copySign", size, a);
    }
    default:
      return k.unary(op, a);
  }
}

function lowerBinary(k: KernelValues, op: BinaryOp, a: KernelValue, b: KernelValue): KernelValue {
  const isZero = (v: KernelValue) => k.compare("eq", v, k.zero);
  switch (op) {
    case "lt":
    case "le":
    case "eq":
      return k.asFloat(k.compare(op, a, b));
    case "wins":
      return k.select(k.compare("lt", b, a), k.one, k.keep(k.compare("eq", a, b), k.number(0.5)));
    case "div":
      if (b.op === "number" && b.data !== 0) return k.binary("div", a, b);
      return k.keep(k.not(k.and(isZero(a), isZero(b))), k.binary("div", a, b));
    case "slopeDiv": {
      const where = k.not(isZero(b));
      // One division outside the loop instead of one per voxel.
      if (b.uniform && !a.uniform) return k.binary("mul", k.keep(where, k.binary("div", k.one, b)), a);
      return k.keep(where, k.binary("div", a, b));
    }
    case "pow":
    case "powSlope":
      throw new Error("powers are lowered with their exponent");
    default:
      return k.binary(op, a, b);
  }
}

function lowerPower(
  k: KernelValues,
  op: "pow" | "powSlope",
  a: KernelValue,
  b: KernelValue,
  whole: number | undefined,
): KernelValue {
  const exponent = b.op === "number" && Number.isInteger(b.data) ? b.data : whole;
  if (exponent !== undefined && Math.abs(exponent) <= MAX_WHOLE_EXPONENT) {
    if (op === "pow") return wholePower(k, a, exponent);
    if (exponent === 1) return k.one;
    const slope = k.binary("mul", k.number(exponent), wholePower(k, a, exponent - 1));
    return exponent > 1 ? slope : k.keep(k.not(k.compare("eq", a, k.zero)), slope);
  }
  if (op === "pow") return k.binary("pow", a, b);
  const power = k.binary("pow", a, k.binary("sub", b, k.one));
  const atZero = k.asFloat(k.compare("eq", b, k.one));
  return k.select(k.compare("eq", a, k.zero), atZero, k.binary("mul", b, power));
}

function wholePower(k: KernelValues, a: KernelValue, exponent: number): KernelValue {
  if (exponent < 0) return k.binary("div", k.one, wholePower(k, a, -exponent));
  let result = k.one;
  let square = a;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = k.binary("mul", result, square);
    if (rest > 1) square = k.binary("mul", square, square);
  }
  return result;
}
