// The element-wise operations of formulas as ONNX operators, in forms that lose no digits; formula/node.ts says what each means.

import type { BinaryOp, UnaryOp } from "../formula/node.js";
import { type Builder, createOperators, type FloatType, type Tensor } from "./onnx-builder.js";

export type Scalars = ReturnType<typeof createScalars>;

/** @param type of what they take and give */
export function createScalars(builder: Builder, type: FloatType) {
  const on = createOperators(builder);
  const number = (value: number) => builder.number(value, type);
  const [zero, half, one] = [number(0), number(0.5), number(1)];
  const isZero = (a: Tensor) => on.equal(a, zero);
  const asFloat = (truth: Tensor) => builder.cast(truth, type);

  /**
   * With u = 1 + x rounded: log(u) x / (u - 1). What rounding took from x it took from u - 1 as well, which is exact near u = 1 (Goldberg,
   * "What every computer scientist should know about floating-point arithmetic", ACM Computing Surveys 1991, theorem 4).
   */
  function log1p(x: Tensor): Tensor {
    const u = on.add(one, x);
    const vanishes = on.equal(u, one);
    const rounded = on.where(vanishes, one, on.sub(u, one));
    return on.where(vanishes, x, on.mul(on.log(u), on.div(x, rounded)));
  }

  /** e^x - 1 = tanh(x / 2) (e^x + 1), where nothing cancels. */
  const expm1 = (x: Tensor) => on.mul(on.tanh(on.mul(half, x)), on.add(on.exp(x), one));

  /** e^-|x|, which cannot overflow. */
  const decay = (x: Tensor) => on.exp(on.neg(on.abs(x)));

  /** Not the operator Sigmoid: in ONNX Runtime it is off by 4e-8, which below -17 is more than all of it. */
  const sigmoid = (x: Tensor) => on.div(on.where(on.less(x, zero), decay(x), one), on.add(one, decay(x)));
  const softplus = (x: Tensor) => on.add(on.max(x, zero), log1p(decay(x)));

  /** What divides where b is not 0; a quotient that is not wanted must not be infinite either, for 0 × infinity is no number. */
  const divisor = (b: Tensor, unwanted: Tensor) => on.where(unwanted, one, b);

  function slopeDiv(a: Tensor, b: Tensor): Tensor {
    return on.where(isZero(b), zero, on.div(a, divisor(b, isZero(b))));
  }

  function powSlope(a: Tensor, b: Tensor): Tensor {
    const positive = on.mul(b, on.pow(divisor(a, isZero(a)), on.sub(b, one)));
    return on.where(isZero(a), asFloat(on.equal(b, one)), positive);
  }

  const unary: Readonly<Record<UnaryOp, (a: Tensor) => Tensor>> = {
    neg: on.neg,
    exp: on.exp,
    log: on.log,
    log1p,
    expm1,
    sqrt: on.sqrt,
    abs: on.abs,
    sign: on.sign,
    sigmoid,
    softplus,
    tanh: on.tanh,
  };

  const binary: Readonly<Record<Exclude<BinaryOp, Comparison>, (a: Tensor, b: Tensor) => Tensor>> = {
    add: on.add,
    sub: on.sub,
    mul: on.mul,
    // 0 / 0 becomes 0 / 1.
    div: (a, b) => on.div(a, divisor(b, on.and(isZero(a), isZero(b)))),
    pow: on.pow,
    min: on.min,
    max: on.max,
    wins: (a, b) => on.mul(half, on.add(asFloat(on.greater(a, b)), asFloat(on.greaterOrEqual(a, b)))),
    slopeDiv,
    powSlope,
  };

  /** Comparisons give truth values, which a condition reads and a sum counts as 1 and 0. */
  const comparisons: Readonly<Record<Comparison, (a: Tensor, b: Tensor) => Tensor>> = {
    lt: on.less,
    le: on.lessOrEqual,
    eq: on.equal,
  };

  return { unary, binary, comparisons, number, asFloat, log1p, decay, zero, half, one };
}

export type Comparison = "lt" | "le" | "eq";
