// Prints an expression of a formula as LaTeX, with the indices of its place and only the parentheses that precedence needs.

import { type Axes, CLASS, INSTANCE, VOXEL } from "../formula/axes.js";
import { ROUTINES } from "../formula/operations.js";
import type { Expression } from "../formula/syntax.js";
import { addends, chain, factors } from "./latex-flatten.js";
import { ONE, printFunction } from "./latex-functions.js";
import { AXIS_ORDER, type Letters, reductionOf } from "./latex-indices.js";
import { below, type NameParts, numberText, subscripted } from "./latex-names.js";
import { COMPARISONS, NOTATION, ROUTINE_OPERATORS } from "./latex-operators.js";
import {
  ATOM,
  atLevel,
  call,
  enclosed,
  fraction,
  inParentheses,
  LOOSE,
  POWER,
  PRODUCT,
  type Printed,
  piece,
  power,
  prefixed,
  product,
  sum,
  widthOf,
} from "./latex-printed.js";

/** What the printer knows of the formula around an expression. */
export interface Setting {
  readonly letters: Letters;
  readonly parts: ReadonlyMap<string, NameParts>;
  readonly shown: Axes;
  readonly axesOf: (expression: Expression) => Axes;
  /** Axes of a name as it is written. */
  readonly axesOfName: (name: string) => Axes;
  /** Told of everything that a legend may have to explain: routines, notation, counts. */
  readonly note: (kind: "routine" | "notation" | "count", key: string | Axes) => void;
}

/** The indices at a place: the letter of each axis, none for the voxels of a whole map; and how often each is in use. */
interface Place {
  readonly index: ReadonlyMap<Axes, string>;
  readonly used: ReadonlyMap<Axes, number>;
  /** In an exponent fractions have a slash; in a choice of cases they are set large, as LaTeX would not by itself. */
  readonly fractions: "usual" | "slash" | "large";
}

/** The indices of a value as they stand below its name. */
export function indicesOf(axes: Axes, shown: Axes, index: ReadonlyMap<Axes, string>): string {
  return AXIS_ORDER.map((axis) => (axes & shown & axis ? (index.get(axis) ?? "") : "")).join("");
}

/** The right side of a statement; what it varies over has its index, sums within take the next. */
export function printExpression(expression: Expression, setting: Setting): Printed {
  const free = setting.axesOf(expression);
  const used = new Map(AXIS_ORDER.map((axis) => [axis, free & axis ? 1 : 0]));
  return print(expression, { index: setting.letters.index, used, fractions: "usual" }, setting);
}

function print(expression: Expression, place: Place, setting: Setting): Printed {
  switch (expression.kind) {
    case "number": {
      const { tex, isAtom } = numberText(expression.value, place.fractions === "slash");
      const level = isAtom ? ATOM : tex.startsWith("10^") ? POWER : PRODUCT;
      return piece(tex, widthOf(tex), {
        level,
        look: "number",
        tall: tex.startsWith("\\frac"),
      });
    }
    case "name":
      return printName(expression.name, place, setting);
    case "call":
      return printCall(expression.name, expression.args, place, setting);
    default: {
      if (expression.kind === "binary") {
        const { operator, left, right } = expression;
        if (operator === "+" || operator === "-") {
          return sum(addends(expression).map(({ negative, e }) => addend(negative, e, place, setting)));
        }
        if (operator === "^")
          return power(print(left, place, setting), print(right, { ...place, fractions: "slash" }, setting));
        if (operator in COMPARISONS) {
          setting.note("notation", "indicator");
          const condition = printCondition(expression, place, setting);
          return piece(NOTATION.indicator.tex + enclosed(condition, "[", "]"), condition.width + 3, {
            look: "function",
            tall: condition.tall,
          });
        }
      }
      const { negative, body } = signed(expression, place, setting);
      return negative ? sum([{ negative, body }]) : body;
    }
  }
}

function printName(name: string, place: Place, { parts, axesOfName, shown, note }: Setting): Printed {
  if (name === "class") return piece(place.index.get(CLASS) as string, 1);
  if (name === "class_count") note("count", CLASS);
  const { isWord } = parts.get(name) as NameParts;
  const tex = subscripted(parts.get(name) as NameParts, indicesOf(axesOfName(name), shown, place.index));
  return piece(tex, widthOf(tex), { look: isWord ? "word" : "letter" });
}

/** A value as a term: its sign, and what comes after. The sign of a product or quotient is that of its first factor. */
function signed(expression: Expression, place: Place, setting: Setting): { negative: boolean; body: Printed } {
  if (expression.kind === "negative") {
    const { negative, body } = signed(expression.arg, place, setting);
    return { negative: true, body: negative ? inParentheses(sum([{ negative, body }])) : atLevel(body, PRODUCT) };
  }
  if (expression.kind === "binary" && (expression.operator === "*" || expression.operator === "/")) {
    return printChain(expression, place, setting);
  }
  return { negative: false, body: print(expression, place, setting) };
}

/** Products and quotients from left to right; a / b / c has one fraction line, as papers have. */
function printChain(expression: Expression, place: Place, setting: Setting): { negative: boolean; body: Printed } {
  const { first, steps } = chain(expression);
  const lastQuotient = steps.map(({ operator }) => operator).lastIndexOf("/");
  // A fraction within another is of the usual size.
  const inner: Place = place.fractions === "large" ? { ...place, fractions: "usual" } : place;
  const placeOf = (step: number) => (step <= lastQuotient ? inner : place);
  const { negative, body } = signed(first, placeOf(-1), setting);
  let over = [body];
  let under: Expression[] = [];
  /** The factors up to a step, the last ones as one fraction where there is something to divide by. */
  function closed(step: number): Printed[] {
    if (under.length === 0) return over;
    const denominators = under.length === 1 ? under : under.flatMap(factors);
    const denominator = product(denominators.map((e) => print(e, inner, setting)));
    return [fraction(product(over), denominator, placeOf(step).fractions)];
  }
  steps.forEach(({ operator, e }, step) => {
    if (operator === "/") under.push(e);
    else {
      over = [...closed(step), ...factors(e).map((factor) => print(factor, placeOf(step), setting))];
      under = [];
    }
  });
  return { negative, body: product(closed(steps.length)) };
}

function addend(negative: boolean, expression: Expression, place: Place, setting: Setting) {
  const own = signed(expression, place, setting);
  if (!own.negative) return { negative, body: own.body };
  return negative ? { negative, body: inParentheses(sum([own])) } : own;
}

/** A condition without the brackets that make it a number. */
function printCondition(expression: Expression, place: Place, setting: Setting): Printed {
  if (expression.kind === "binary" && expression.operator in COMPARISONS) {
    const [left, right] = [expression.left, expression.right].map((side) => print(side, place, setting));
    return piece(`${left.tex} ${COMPARISONS[expression.operator]} ${right.tex}`, left.width + right.width + 3, {
      level: LOOSE,
      tall: left.tall || right.tall,
    });
  }
  const value = print(expression, place, setting);
  return piece(`${value.tex} \\ne 0`, value.width + 4, { level: LOOSE, tall: value.tall });
}

/** The place within a sum over an axis: its next free letter. */
function within(axis: Axes, place: Place, letters: Letters): { inner: Place; index: string } {
  const depth = place.used.get(axis) as number;
  const index = `${letters.index.get(axis)}${"'".repeat(depth)}`;
  return {
    index,
    inner: {
      ...place,
      index: new Map([...place.index, [axis, index]]),
      used: new Map([...place.used, [axis, depth + 1]]),
    },
  };
}

/** A large operator and what it is of, which ends where the product ends. */
function bigOperator(tex: string, width: number, body: Printed): Printed {
  const set = body.level === LOOSE ? body : atLevel(body, PRODUCT);
  return piece(`${tex} ${set.tex}`, width + set.width, {
    level: set.level === LOOSE ? LOOSE : PRODUCT,
    look: "function",
    tall: true,
    open: true,
  });
}

function printCall(name: string, args: readonly Expression[], place: Place, setting: Setting): Printed {
  const reduction = reductionOf(name, args);
  if (reduction) {
    const { kind, over } = reduction;
    const { inner, index } = within(over, place, setting.letters);
    const body = print(args[0], inner, setting);
    if (kind === "max" || kind === "min") {
      const operator = `\\${kind}${below(index)}`;
      return body.level === LOOSE ? bigOperator(operator, 4, body) : prefixed(operator, body);
    }
    if (kind === "sum") return bigOperator(`\\sum${below(index)}`, 2, body);
    setting.note("count", over);
    return bigOperator(`\\frac{1}{${setting.letters.count.get(over)}} \\sum${below(index)}`, 4, body);
  }
  if (Object.hasOwn(ROUTINES, name)) return printRoutine(name, args, place, setting);
  if (name === "sum_by") {
    const { inner, index } = within(VOXEL, place, setting.letters);
    const numbers = print(args[0], inner, setting);
    const condition = `${index}\\,:\\,${numbers.tex} = ${place.index.get(INSTANCE)}`;
    return bigOperator(`\\sum_{${condition}}`, 0.7 * (numbers.width + 5), print(args[1], inner, setting));
  }
  if (name === "matmul") {
    const { inner, index } = within(CLASS, place, setting.letters);
    const matrix = setting.parts.get((args[0] as { readonly name: string }).name) as NameParts;
    const row = place.index.get(CLASS);
    const entry = piece(subscripted(matrix, `${row}${index}`), 3);
    return bigOperator(`\\sum${below(index)}`, 2, product([entry, print(args[1], inner, setting)]));
  }
  if (name === "where") return printCases(args, place, setting);
  if (name === "pow")
    return power(print(args[0], place, setting), print(args[1], { ...place, fractions: "slash" }, setting));
  if (name === "log1p") {
    const rest = addends(args[0]).map(({ negative, e }) => addend(negative, e, place, setting));
    return call("\\log", [sum([{ negative: false, body: ONE }, ...rest])]);
  }
  return printFunction(
    name,
    args.map((arg) => print(arg, place, setting)),
    setting.note,
  );
}

function printRoutine(name: string, args: readonly Expression[], place: Place, setting: Setting): Printed {
  setting.note("routine", name);
  const { voxelArguments, gives } = ROUTINES[name];
  const index = new Map(place.index);
  index.delete(VOXEL);
  const map: Place = { ...place, index };
  const printed = args.map((arg, i) => print(arg, i < voxelArguments.length ? map : place, setting));
  const maps = printed.slice(0, voxelArguments.length);
  const voxel = gives === "voxels" ? place.index.get(VOXEL) : undefined;
  const subscript = voxel === undefined ? "" : below(voxel);
  if (name === "squared_gradient" || name === "absolute_gradient") {
    const [e] = maps;
    const norm = `\\lVert \\nabla ${atLevel(e, ATOM).tex} \\rVert`;
    const tex =
      name === "squared_gradient" ? `${norm}${subscript}^2` : `${norm}_{1${voxel === undefined ? "" : `,${voxel}`}}`;
    return piece(tex, e.width + 4, {
      level: name === "squared_gradient" ? POWER : ATOM,
      look: "function",
      tall: e.tall,
    });
  }
  const of = call(ROUTINE_OPERATORS[name].tex, maps, printed.slice(voxelArguments.length));
  return subscript === "" ? of : { ...of, tex: of.tex + subscript, level: ATOM, width: of.width + 0.7 };
}

/** One row a condition: what is "otherwise" and again a choice goes on in the same brace. */
function printCases(args: readonly Expression[], around: Place, setting: Setting): Printed {
  const place: Place = around.fractions === "usual" ? { ...around, fractions: "large" } : around;
  const rows: { value: Printed; when?: Printed }[] = [];
  let [condition, value, otherwise] = args;
  for (;;) {
    rows.push({ value: print(value, place, setting), when: printCondition(condition, place, setting) });
    if (!(otherwise.kind === "call" && otherwise.name === "where")) break;
    [condition, value, otherwise] = otherwise.args;
  }
  rows.push({ value: print(otherwise, place, setting) });
  const lines = rows.map(
    ({ value: of, when }) => `${of.tex} & \\text{${when ? "if " : "otherwise"}}${when?.tex ?? ""}`,
  );
  const width = Math.max(...rows.map(({ value: of, when }) => of.width + (when?.width ?? 5) + 3));
  return piece(`\\begin{cases} ${lines.join(" \\\\ ")} \\end{cases}`, width, { level: LOOSE, tall: true, open: true });
}
