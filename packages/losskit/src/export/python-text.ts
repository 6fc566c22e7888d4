// Texts of Python expressions with how tightly they hold together, and what differs between the array libraries they are for.

import { LosskitError } from "../errors.js";
import type { Axes } from "../formula/axes.js";
import type { UnaryOp } from "../formula/node.js";

/** How tightly a text holds together, loosest first. */
export const LEVEL = { comparison: 1, sum: 2, product: 3, sign: 4, power: 5, atom: 6 } as const;
export interface Text {
  readonly text: string;
  readonly level: number;
}
export const atom = (text: string): Text => ({ text, level: LEVEL.atom });
/** A text as an operand of something that holds together as tightly as `level`. */
export const within = ({ text, level }: Text, needed: number): string => (level < needed ? `(${text})` : text);
/** A text that a method or an index can follow. */
export const closed = (text: Text): string => within(text, LEVEL.atom);

/** A routine that ranks the voxels of each group, and has one value for each. */
export interface GroupCall {
  readonly name: string;
  /** First and, where the routine has one, second argument, aligned to the same axes. */
  readonly voxels: readonly Text[];
  readonly scalars: readonly string[];
  /** Axes of the arguments, and those that a group spans. */
  readonly axes: Axes;
  readonly over: Axes;
  /** 1 for the voxels that count, aligned to the arguments; undefined where all do. */
  readonly counts: Text | undefined;
}

/** What differs between two array libraries of Python. */
export interface Dialect {
  /** Order of the axes of an array; instances stand where voxels do. */
  readonly order: readonly Axes[];
  unary(op: Exclude<UnaryOp, "neg">, a: Text): Text;
  power(a: Text, b: Text): Text;
  extreme(op: "min" | "max", a: Text, b: Text, isNumber: { readonly a: boolean; readonly b: boolean }): Text;
  /** A truth value per element as 1 and 0. */
  asNumber(condition: Text): Text;
  where(condition: string, a: string, b: string, isNumber: { readonly a: boolean; readonly b: boolean }): Text;
  stop(a: Text): Text;
  /** @param dimensions those to reduce; undefined for all there are */
  reduce(kind: "sum" | "mean" | "max" | "min", a: Text, dimensions: readonly number[] | undefined): Text;
  /** Size of one axis. */
  extent(dimension: number): Text;
  index(a: Text, index: string): Text;
  matmul(matrix: string, transposed: boolean, a: Text, axes: Axes): Text;
  groupRoutine(call: GroupCall): Text;
  gridRoutine(name: string, voxels: Text, scalars: readonly string[], axes: Axes): Text;
  sumBy(id: string, e: string): Text;
  instanceNumbers(id: string): Text;
  /** Asks for a function to be printed before the class. */
  need(name: string): void;
}

/** A power as Black writes it: without spaces between names and numbers. */
export function raised(base: string, exponent: string): Text {
  const isSimple = /^-?[\w.]+$/u;
  const operator = isSimple.test(base) && isSimple.test(exponent) ? "**" : " ** ";
  return { text: base + operator + exponent, level: LEVEL.power };
}

/** A function of a number, by Python's own. */
export function ofNumber(op: UnaryOp, a: Text): Text {
  if (op === "abs") return atom(`abs(${a.text})`);
  if (op === "sign") return atom(`math.copysign(1, ${a.text})`);
  if (op === "sigmoid") return { text: `1 / (1 + math.exp(-${within(a, LEVEL.atom)}))`, level: LEVEL.product };
  if (op === "softplus") return atom(`math.log1p(math.exp(${a.text}))`);
  // math.log refuses 0.
  return atom(op === "log" ? `log(${a.text})` : `math.${op}(${a.text})`);
}

/** A number as Python reads it. */
export function number(value: number): Text {
  if (value === Number.POSITIVE_INFINITY) return atom('float("inf")');
  if (value === Number.NEGATIVE_INFINITY) return { text: '-float("inf")', level: LEVEL.sign };
  if (Number.isNaN(value)) throw new LosskitError("NOT_FINITE", "the formula holds NaN; its numbers must be finite");
  return { text: pythonNumber(value), level: value < 0 ? LEVEL.sign : LEVEL.atom };
}

/** 1e-5, not 0.00001. */
export const pythonNumber = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
