// A kernel as text: each stage with its values by name and as infix expressions, and what it does with them.

import { readsArray, valuesIn, valuesOf } from "./check-kernel-values.js";
import { type Effect, isReadFromRow, type Kernel, type KernelArray, type KernelValue } from "./kernel.js";
import { apart } from "./print-nodes.js";
import { atom, BINDS, call, infix, LONGEST_PART, number, operation, type Term } from "./print-terms.js";

export interface KernelWords {
  /** How the group value behind a constant is written, or with a column an element of a matrix. */
  constant(source: number, column?: number): Term;
  /** How the matrix of a matmul node is written. */
  matrix(source: number): Term;
  /** How an array is called. */
  array(array: KernelArray): string;
  /** A name that nothing else has. */
  freeName(wanted: string): string;
  /** Name of the sum of a reduction, with the class where each has its own. */
  sum(node: number, ofClass: string | undefined): string;
  /** Names of values that the formula has names for, by their marks. */
  readonly known: ReadonlyMap<string, string>;
  readonly marksOf: ReturnType<typeof createMarks>;
}

/** Which class an entry is for: the class of the round, or one of those that are written out. */
export const index = ({ perClass, class: own }: { readonly perClass: boolean; readonly class?: number }): string =>
  perClass ? "[c]" : own === undefined ? "" : `[${own}]`;

/** An array by its own name. */
export const arrayName = (array: KernelArray): string => {
  const field = array.name.match(/^field (.*)$/u)?.[1];
  return (field === undefined ? array.name : apart(field, "field")) + index(array);
};

/** First letter of the names of values that have no better one. */
const LETTERS: Partial<Record<KernelValue["op"], string>> = {
  exp: "e",
  expNegative: "e",
  expDifference: "e",
  div: "r",
};

const letterOf = ({ op, data }: KernelValue): string =>
  op === "overClasses" ? (data === 1 ? "m" : "z") : (LETTERS[op] ?? "v");

/** Operations that are as short as a name for them. */
const SHORT: ReadonlySet<KernelValue["op"]> = new Set(["not", "asFloat", "neg"]);

const COMMUTES: ReadonlySet<KernelValue["op"]> = new Set(["add", "mul", "min", "max", "eq", "and"]);

/** Marks by which equal values of different kernels can be told, from what they are made of and the names of arrays. */
export function createMarks() {
  const known = new Map<string, string>();
  return ({ arrays, constants }: Pick<Kernel, "arrays" | "constants">, values: readonly KernelValue[]) => {
    const marks = new Map<KernelValue, string>();
    for (const value of [...values].sort((a, b) => a.id - b.id)) {
      const { op, data } = value;
      const own = readsArray(value) ? arrayName(arrays[data]) : op === "constant" ? constants[data].source : data;
      const args = value.args.map((arg) => marks.get(arg) as string);
      if (COMMUTES.has(op)) args.sort();
      const key = [op, own, ...args].join("|");
      const mark = known.get(key) ?? `#${known.size}`;
      known.set(key, mark);
      marks.set(value, mark);
    }
    return marks;
  };
}

/** The stages, one list of lines each. */
export function printStages(kernel: Kernel, words: KernelWords): { readonly perClass: boolean; lines: string[] }[] {
  const { stages, kept } = kernel;
  const roots = stages.flatMap(({ effects }) => effects.flatMap(valuesOf));
  const everything = valuesIn(roots);
  const marks = words.marksOf(kernel, everything);
  const uses = new Map<KernelValue, number>();
  for (const value of [...roots, ...everything.flatMap(({ args }) => args)])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  const names = new Map<KernelValue, string>();
  const nameOf = (value: KernelValue): string => {
    const before = names.get(value);
    if (before) return before;
    const known = words.known.get(marks.get(value) as string);
    const name = known ?? words.freeName(letterOf(value)) + index(value);
    names.set(value, name);
    return name;
  };

  return stages.map(({ perClass, effects }, stage) => {
    const lines: string[] = [];
    const terms = new Map<KernelValue, Term>();
    const isRead = (value: KernelValue) => isReadFromRow(kernel, value, stage);
    const stageRoots = effects.flatMap(valuesOf);
    for (const value of valuesIn(stageRoots, isRead).sort((a, b) => a.id - b.id)) {
      if (isRead(value)) {
        terms.set(value, atom(nameOf(value)));
        continue;
      }
      const term = termOf(
        value,
        kernel,
        words,
        value.args.map((arg) => terms.get(arg) as Term),
      );
      const known = words.known.has(marks.get(value) as string);
      const often = (uses.get(value) ?? 0) > 1 && !SHORT.has(value.op);
      const long = term.text.length > LONGEST_PART && !stageRoots.includes(value);
      const named = value.args.length > 0 && !value.mask && (known || often || long || kept.has(value.id));
      if (named) lines.push(`${nameOf(value)} = ${term.text}`);
      terms.set(value, named ? atom(nameOf(value)) : term);
    }
    for (const effect of effects) lines.push(...printEffect(effect, kernel, words, terms, (id) => named(id)));
    return { perClass, lines };

    function named(row: number): string {
      const value = everything.find(({ id }) => kept.get(id)?.row === row);
      return value ? nameOf(value) : `row ${row}`;
    }
  });
}

function printEffect(
  effect: Effect,
  kernel: Kernel,
  words: KernelWords,
  terms: ReadonlyMap<KernelValue, Term>,
  nameOfRow: (row: number) => string,
): string[] {
  const term = (value: KernelValue) => terms.get(value) as Term;
  switch (effect.kind) {
    case "check":
    case "row":
      // What is kept has a line and a name already.
      return [];
    case "overClasses":
      return [
        `${nameOfRow(effect.row)} = ${effect.how === "max" ? "classes_max" : "classes_sum"}(${term(effect.value).text})`,
      ];
    case "write":
      return [`${words.array(kernel.arrays[effect.array])} = ${term(effect.value).text}`];
    case "sum": {
      const { how } = kernel.sums[effect.sum];
      const name = nameOfSum(effect.sum);
      if (how !== "total")
        return [`${name} = ${how === "largest" ? "max" : "min"}(${name}, ${term(effect.value).text})`];
      return [`${name} += ${term(effect.value).text}`];
    }
    case "product": {
      const log = call("log1p", term(effect.value));
      const { op, data } = effect.factor;
      const scaled = op === "number" && data === -1 ? log : (operation("mul", [term(effect.factor), log]) as Term);
      const sign = scaled === log ? "-" : "+";
      return [`${nameOfSum(effect.sum)} ${sign}= ${scaled.text}    # one logarithm of a product for each tile`];
    }
  }

  function nameOfSum(sum: number): string {
    const { node, perClass, class: own } = kernel.sums[sum];
    return words.sum(node, perClass ? "c" : own === undefined ? undefined : String(own));
  }
}

function termOf(value: KernelValue, kernel: Kernel, words: KernelWords, args: readonly Term[]): Term {
  const { op, data } = value;
  const array = () => atom(words.array(kernel.arrays[data]));
  const equals = (b: Term) => infix("==", BINDS.comparison, array(), b);
  switch (op) {
    case "number":
      return number(data);
    case "constant": {
      const constant = kernel.constants[data];
      if (constant.source === "ignore") return atom("ignore");
      // With one channel there is one row of a matrix, which is for no class.
      const own = constant.columns && !constant.perClass ? (constant.class ?? 0) : constant.class;
      return ofClass(words.constant(constant.source, constant.columns?.[0]), own);
    }
    case "load":
      return array();
    case "isClass":
      return equals(atom("c"));
    case "isLabel":
      return equals(args[0]);
    case "isIgnored":
      return equals(atom("ignore"));
    case "not":
      return opposite(value.args[0], args[0]);
    case "and":
      return infix("and", BINDS.and, args[0], args[1]);
    case "asFloat":
      return args[0];
    case "keep":
      return call("where", args[0], args[1], number(0));
    case "expNegative":
      return call("exp", args[0]);
    case "expDifference":
      return call("exp", infix("-", BINDS.add, args[0], args[1]));
    case "log1pUnit":
    case "log1pPositive":
      return call("log1p", args[0]);
    case "sigmoidNegative":
    case "preciseSigmoidNegative":
      return call("sigmoid", args[0]);
    case "copySign":
      return call("copy_sign", args[0], args[1]);
    case "overClasses":
      return call(data === 1 ? "classes_max" : "classes_sum", args[0]);
    case "matmul":
      return call("matmul", words.matrix(kernel.constants[data].source as number), args[0]);
    default:
      return operation(op, args) ?? call(op, ...args);
  }
}

/** Of one class where the classes are written out. */
const ofClass = (term: Term, own: number | undefined): Term =>
  own === undefined ? term : { ...term, text: term.text.replaceAll("[c]", `[${own}]`) };

/** Values are never NaN, so that the opposite of < is >=. */
function opposite({ op }: KernelValue, mask: Term): Term {
  const signs: Partial<Record<KernelValue["op"], readonly [string, string]>> = {
    lt: ["<", ">="],
    le: ["<=", ">"],
    eq: ["==", "!="],
    isClass: ["==", "!="],
    isLabel: ["==", "!="],
    isIgnored: ["==", "!="],
  };
  const sign = signs[op];
  if (!sign || mask.binds !== BINDS.comparison) return call("not", mask);
  // The one sign outside of parentheses: both sides bind tighter than a comparison.
  return { ...mask, text: mask.text.replace(` ${sign[0]} `, ` ${sign[1]} `) };
}
