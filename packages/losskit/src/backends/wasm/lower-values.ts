// A kernel's values as lane code: which instructions each operation is made of.

import type { KernelValue } from "../../compiler/kernel.js";
import * as functions from "./functions.js";
import type { LaneCode, LaneNode } from "./lane-code.js";

/** Functions of one argument that are more than an instruction. */
const FUNCTIONS = {
  exp: functions.exp,
  expNegative: functions.expNegative,
  sigmoidNegative: functions.sigmoidNegative,
  preciseSigmoidNegative: functions.preciseSigmoidNegative,
  log: functions.log,
  log1p: functions.log1p,
  log1pUnit: functions.log1pUnit,
  log1pPositive: functions.log1pPositive,
  expm1: functions.expm1,
} as const;

/** How the leaves of a stage are read; `undefined` for a value that must be computed from its arguments. */
export type ReadLeaf = (value: KernelValue) => LaneNode | undefined;

/** A function from values to lane code that shares what it has made before. */
export function createValueLowering(c: LaneCode, read: ReadLeaf): (value: KernelValue) => LaneNode {
  const made = new Map<KernelValue, LaneNode>();
  const lower = (value: KernelValue): LaneNode => {
    const before = made.get(value);
    if (before) return before;
    const node = read(value) ?? lowerValue(c, value, lower);
    made.set(value, node);
    return node;
  };
  return lower;
}

function lowerValue(c: LaneCode, value: KernelValue, lower: (value: KernelValue) => LaneNode): LaneNode {
  const { op } = value;
  const [first, second, third] = value.args;
  const a = () => lower(first);
  const b = () => lower(second);
  /** With the mask set on or off: `not` costs no instruction of its own. */
  const masked = (v: LaneNode) =>
    first.op === "not" ? c.op("v128.andnot", v, lower(first.args[0])) : c.op("v128.and", v, a());
  switch (op) {
    case "number":
      return c.float(value.data);
    case "add":
      return c.add(a(), b());
    case "sub":
      return c.sub(a(), b());
    case "mul":
      return c.mul(a(), b());
    case "div":
      return c.div(a(), b());
    case "min":
      return c.op("f32x4.pmin", a(), b());
    case "max":
      return c.op("f32x4.pmax", a(), b());
    case "neg":
      return first.op === "abs" ? functions.negativeAbs(c, lower(first.args[0])) : functions.neg(c, a());
    case "abs":
      return functions.abs(c, a());
    case "sqrt":
      return c.op("f32x4.sqrt", a());
    case "exp":
    case "expNegative":
    case "sigmoidNegative":
    case "preciseSigmoidNegative":
    case "log":
    case "log1p":
    case "log1pUnit":
    case "log1pPositive":
    case "expm1":
      return FUNCTIONS[op](c, a());
    case "expDifference":
      return functions.expDifference(c, a(), b());
    case "pow":
      return functions.pow(c, a(), b());
    case "copySign":
      return functions.copySign(c, a(), b());
    case "lt":
      return c.op("f32x4.lt", a(), b());
    case "le":
      return c.op("f32x4.le", a(), b());
    case "eq":
      return c.op("f32x4.eq", a(), b());
    case "not":
      return c.op("v128.not", a());
    case "and":
      if (first.op === "not") return c.op("v128.andnot", b(), lower(first.args[0]));
      if (second.op === "not") return c.op("v128.andnot", a(), lower(second.args[0]));
      return c.op("v128.and", a(), b());
    case "asFloat":
      return masked(c.float(1));
    case "keep":
      return masked(b());
    case "select": {
      const side = sideOfSigmoid(value);
      if (side) return functions.sideBySign(c, lower(side.small), lower(side.x), side.isP);
      return isOnce(value)
        ? c.op("v128.bitselect", b(), lower(third), a())
        : functions.select(c, a(), b(), lower(third));
    }
    default:
      throw new Error(`a stage has no ${op} (value ${value.id}); the plan is wrong`);
  }
}

/**
 * Whether nothing is shared by the three instructions of `select`, so that the one of WebAssembly, which is three on x86, is as good and shorter: of a label, whose
 * mask has no second use, unless both values are the same for all voxels, as is then what they differ by.
 */
const isOnce = ({ args: [mask, a, b] }: KernelValue) =>
  (mask.op === "isClass" || mask.op === "isLabel") && !(a.uniform && b.uniform);

/** Whether a value is p or 1 - p of a sigmoid, or of a stash, selected by the sign of x from the smaller of the two, which is the same for -x, and 1 less that. */
function sideOfSigmoid({
  args: [mask, a, b],
}: KernelValue): { readonly x: KernelValue; readonly small: KernelValue; readonly isP: boolean } | undefined {
  const isNumber = ({ op, data }: KernelValue, n: number) => op === "number" && data === n;
  if ((mask.op !== "le" && mask.op !== "lt") || !isNumber(mask.args[0], 0)) return undefined;
  const [, x] = mask.args;
  const isRestOf = (whole: KernelValue, small: KernelValue) =>
    whole.op === "sub" && isNumber(whole.args[0], 1) && whole.args[1] === small;
  const isP = isRestOf(a, b);
  if (!isP && !isRestOf(b, a)) return undefined;
  const small = isP ? b : a;
  const isOfStash = small.op === "abs" && small.args[0] === x;
  const isSigmoid = small.op === "sigmoidNegative" || small.op === "preciseSigmoidNegative";
  const [of] = small.args;
  if (!isOfStash && !(isSigmoid && of.op === "neg" && of.args[0].op === "abs" && of.args[0].args[0] === x))
    return undefined;
  return { x, small, isP };
}
