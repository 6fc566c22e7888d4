// What values of a formula vary over, read off its syntax, and the letters that say so: i for voxels, c for classes.

import { type Axes, CLASS, IMAGE, INSTANCE, NONE, VOXEL } from "../formula/axes.js";
import { BINARY_FUNCTIONS, REDUCTIONS, ROUTINES } from "../formula/operations.js";
import { CLASS_COUNT, INPUTS } from "../formula/reserved-names.js";
import type { Expression, Statement } from "../formula/syntax.js";

/** The letters of an axis, best first, and of its number of elements; in the order in which indices stand. */
const LETTERS: readonly { readonly axis: Axes; readonly index: readonly string[]; readonly count: string }[] = [
  { axis: IMAGE, index: ["b", "n"], count: "B" },
  { axis: VOXEL, index: ["i", "j", "v"], count: "N" },
  { axis: INSTANCE, index: ["k", "j", "m"], count: "K" },
  { axis: CLASS, index: ["c", "\\ell", "m"], count: "C" },
];

export const AXIS_ORDER: readonly Axes[] = LETTERS.map(({ axis }) => axis);

/** Letters that the formulas' own names leave free; a prime where none does, which no name has. */
export interface Letters {
  readonly index: ReadonlyMap<Axes, string>;
  readonly count: ReadonlyMap<Axes, string>;
}

export function freeLetters(names: Iterable<string>): Letters {
  const taken = new Set([...names].flatMap((name) => name.split("_")));
  const choose = (...candidates: string[]): string => {
    const letter = candidates.find((candidate) => !taken.has(candidate)) ?? `${candidates[0]}'`;
    taken.add(letter);
    return letter;
  };
  return {
    index: new Map(LETTERS.map(({ axis, index }) => [axis, choose(...index)])),
    count: new Map(LETTERS.map(({ axis, count }) => [axis, choose(count)])),
  };
}

/** Whether a call joins voxels, classes, images or instances: `max(a, b)` does not, `max(e)` does. */
export function reductionOf(name: string, args: readonly Expression[]) {
  if (!Object.hasOwn(REDUCTIONS, name) || (Object.hasOwn(BINARY_FUNCTIONS, name) && args.length !== 1))
    return undefined;
  return REDUCTIONS[name];
}

/** What each expression varies over; names of statements, parameters and fields as given. */
export function axesReader(named: ReadonlyMap<string, Axes>): (expression: Expression) => Axes {
  const known = new WeakMap<Expression, Axes>();
  const all = (expressions: readonly Expression[]) => expressions.reduce((axes, e) => axes | read(e), NONE);

  function read(expression: Expression): Axes {
    const before = known.get(expression);
    if (before !== undefined) return before;
    const axes = find(expression);
    known.set(expression, axes);
    return axes;
  }

  function find(expression: Expression): Axes {
    switch (expression.kind) {
      case "number":
        return NONE;
      case "negative":
        return read(expression.arg);
      case "binary":
        return read(expression.left) | read(expression.right);
      case "name": {
        const { name } = expression;
        if (name === "class") return CLASS;
        if ((INPUTS as readonly string[]).includes(name)) return IMAGE | CLASS | VOXEL;
        return name === CLASS_COUNT ? NONE : (named.get(name) ?? NONE);
      }
      case "call": {
        const { name, args } = expression;
        const reduction = reductionOf(name, args);
        if (reduction) return read(args[0]) & ~reduction.over;
        if (name === "sum_by") return (all(args) & ~VOXEL) | INSTANCE;
        if (name === "matmul") return read(args[1]);
        if (Object.hasOwn(ROUTINES, name) && ROUTINES[name].gives === "groups") return all(args) & ~VOXEL;
        return all(args);
      }
    }
  }
  return read;
}

/**
 * The axes that are written as indices: voxels and instances always, classes and images only where the formula itself speaks of them (joins
 * them, asks for the class, has a number per class). A formula that does not is one class in one image, as papers print it.
 */
export function shownAxes(statements: readonly Statement[], parameterKinds: Iterable<string>): Axes {
  let shown = VOXEL | INSTANCE;
  if ([...parameterKinds].some((kind) => kind !== "number")) shown |= CLASS;
  for (const expression of statements.flatMap((statement) => subexpressions(statement.expression))) {
    if (expression.kind === "name" && expression.name === "class") shown |= CLASS;
    if (expression.kind !== "call") continue;
    shown |= reductionOf(expression.name, expression.args)?.over ?? NONE;
    if (expression.name === "matmul") shown |= CLASS;
  }
  return shown;
}

/** An expression and all within it. */
export function subexpressions(expression: Expression): Expression[] {
  const found = [expression];
  for (let at = 0; at < found.length; at++) {
    const next = found[at];
    if (next.kind === "negative") found.push(next.arg);
    else if (next.kind === "binary") found.push(next.left, next.right);
    else if (next.kind === "call") found.push(...next.args);
  }
  return found;
}
