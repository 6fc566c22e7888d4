// Prints a loss as LaTeX, as a paper would: an `aligned` block with a line for each statement, and a legend.

import { CLASS } from "../formula/axes.js";
import { type Names, readFormula } from "../formula/check.js";
import { type ParameterValue, termSettings } from "../formula/options.js";
import type { Expression, Statement } from "../formula/syntax.js";
import type { Loss, LossDefinition, LossTerm } from "../losses/loss.js";
import { indicesOf, printExpression } from "./latex-expression.js";
import { type LegendEntry, legendOf, type Notes } from "./latex-legend.js";
import { type NameParts, subscripted } from "./latex-names.js";
import { nameOf, type Part, readParts } from "./latex-parts.js";
import type { Printed } from "./latex-printed.js";
import { parameterLines, settingLines } from "./latex-settings.js";

export type { LegendEntry } from "./latex-legend.js";

export interface Latex {
  /** `\begin{aligned} … \end{aligned}`, for display mathematics; needs amsmath and amssymb. */
  readonly text: string;
  /** What its symbols are, in the order of a reader's questions. */
  readonly legend: readonly LegendEntry[];
}

/** Lines longer than this many letters are broken between the terms of a sum. */
export const MAX_LINE_WIDTH = 72;

/**
 * The LaTeX of a formula, or of the formula of a loss.
 *
 * A voxel is i and carried by all that varies over voxels: p_i. A class is c, an image b; they are written only where the formula speaks of classes
 * or images itself (p_{ic}), as papers do: a formula without them is of one class of one image, and options join what is left. An object is k. A sum within
 * a value that has the index already takes i'. A letter that the formula uses for something else gives way to the next.
 *
 * @param names of the parameters and fields of a formula that is given as text
 * @throws FormulaError as `readFormula` does
 *
 * @example latexOf("1 - 2*sum(p*y) / (sum(p) + sum(y))").text
 */
export function latexOf(formula: string | LossDefinition, names: Names = {}): Latex {
  const isText = typeof formula === "string";
  const source = isText ? { formula, names } : { formula: formula.formula, names: namesOf(formula) };
  readFormula(source.formula, source.names);
  const [part] = readParts([source]);
  const notes = emptyNotes();
  const text = block(part.statements.flatMap((statement) => statementLines(statement, part, notes)));
  const meanings = isText
    ? {}
    : Object.fromEntries(Object.values(formula.parameters).map(({ symbol, meaning }) => [symbol, meaning]));
  return { text, legend: legendOf(part, notes, meanings) };
}

/**
 * The LaTeX of a loss as it is set up: its terms with their weights, the lines of each, the values of its parameters, and in words the options that are
 * not the library's defaults. Names that two terms use for different things carry the term's name.
 *
 * @example latexOfLoss(add(dice(), [0.5, focal()])).text
 */
export function latexOfLoss(loss: Loss): Latex {
  const { terms } = loss;
  const settings = terms.map(({ options, definition }) => termSettings(options, definition.options ?? {}));
  const titles = titlesOf(terms);
  const plain = terms.length === 1 && terms[0].weight === 1 && settings[0].form === "complement";
  const parts = readParts(
    terms.map(({ definition, parameters }, i) => ({
      formula: definition.formula,
      names: namesOf(definition, parameters),
      values: bySymbol(definition, parameters),
      settings: settings[i],
      // One loss that nothing is done to is L itself.
      title: plain ? undefined : titles[i],
    })),
  );
  const bare = plain && !(parts[0].axesOfName("loss") & parts[0].shown & CLASS);
  const notes = emptyNotes();
  const lines = bare ? [] : sumLines(terms, parts, notes);
  const printed = new Set<string>();
  for (const part of parts) {
    for (const statement of part.statements) {
      const name = nameOf(statement);
      const line = `${name} ${part.meanings.get(name)}`;
      if (name !== "loss" && printed.has(line)) continue;
      printed.add(line);
      lines.push(...statementLines(statement, part, notes));
    }
  }
  lines.push(...parameterLines(parts, MAX_LINE_WIDTH), ...settingLines(parts));
  const legends = terms.flatMap(({ definition }, i) => {
    const entries = Object.values(definition.parameters).map(({ symbol, meaning }) => [symbol, meaning]);
    return legendOf(parts[i], notes, Object.fromEntries(entries));
  });
  return { text: block(lines), legend: [...new Map(legends.map((entry) => [entry.symbol, entry])).values()] };
}

const emptyNotes = (): Notes => ({ routine: new Set(), notation: new Set(), count: new Set() });

const block = (lines: readonly string[]): string =>
  ["\\begin{aligned}", lines.map((line) => `  ${line}`).join(" \\\\\n"), "\\end{aligned}"].join("\n");

/** `name = …`, broken into several lines where it is long. */
function statementLines(statement: Statement, part: Part, notes: Notes): string[] {
  const { parts, shown, letters, axesOf, axesOfName } = part;
  const name = nameOf(statement);
  const left = subscripted(parts.get(name) as NameParts, indicesOf(axesOf(statement.expression), shown, letters.index));
  const note = (kind: keyof Notes, key: unknown) => (notes[kind] as Set<unknown>).add(key);
  const right = printExpression(statement.expression, { letters, parts, shown, axesOf, axesOfName, note });
  return broken(right).map((line, i) => (i === 0 ? `${left} &= ${line}` : `&\\qquad {}${line}`));
}

function broken({ tex, width, terms }: Printed): string[] {
  if (width <= MAX_LINE_WIDTH || terms === undefined) return [tex];
  const lines: string[] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const term of terms) {
    if (filled + term.width > MAX_LINE_WIDTH) {
      lines.push(term.tex);
      filled = term.width;
    } else {
      lines[lines.length - 1] += term.tex;
      filled += term.width;
    }
  }
  return lines;
}

/** The weighted sum of the terms, with what becomes of the classes of each and with the form of each. */
function sumLines(terms: readonly LossTerm[], parts: readonly Part[], notes: Notes): string[] {
  const number = (value: number): Expression => ({ kind: "number", value, at: 0 });
  const binary = (operator: "+" | "-" | "*", left: Expression, right: Expression): Expression => {
    return { kind: "binary", operator, left, right, at: 0 };
  };
  const call = (name: string, arg: Expression): Expression => ({ kind: "call", name, args: [arg], at: 0 });
  const negative = (arg: Expression): Expression => ({ kind: "negative", arg, at: 0 });
  const named = (i: number) => `${i} loss`;
  const summands = parts.map((part, i) => {
    const own: Expression = { kind: "name", name: named(i), at: 0 };
    const { form, joinClasses } = part.settings ?? {};
    const one = number(1);
    // Minus the logarithm of the score: its sign goes before the weight.
    const turned =
      form === "negative" ? binary("-", own, one) : form === "log" ? call("log", binary("-", one, own)) : own;
    const weight = form === "log" ? -terms[i].weight : terms[i].weight;
    const varies = part.axesOfName("loss") & part.shown & CLASS;
    const joined = varies ? call(joinClasses === "sum" ? "classes_sum" : "classes_mean", turned) : turned;
    const size = Math.abs(weight) === 1 ? joined : binary("*", number(Math.abs(weight)), joined);
    return weight < 0 ? negative(size) : size;
  });
  const expression = summands.reduce((sum, summand) => binary("+", sum, summand));
  const [{ letters, shown }] = parts;
  const axes = parts.map((part) => part.axesOfName("loss") & part.shown);
  const axesOfName = (name: string) => axes[Number.parseInt(name, 10)];
  const tail: Part = {
    ...parts[0],
    statements: [],
    shown: shown | axes.reduce((all, own) => all | own),
    axesOf: () => 0,
    axesOfName,
    parts: new Map([
      ...parts.map((part, i) => [named(i), part.parts.get("loss") as NameParts] as const),
      ["loss", { base: "\\mathcal{L}", subscript: [], isWord: false }],
    ]),
    letters,
  };
  return statementLines({ name: "loss", at: 0, expression }, tail, notes);
}

/** The names of losses, numbered where one occurs twice. */
function titlesOf(terms: readonly LossTerm[]): string[] {
  const names = terms.map(({ definition }) => definition.name);
  return names.map((name, i) => {
    if (names.indexOf(name) === names.lastIndexOf(name)) return name;
    return `${name} ${names.slice(0, i + 1).filter((other) => other === name).length}`;
  });
}

const bySymbol = (definition: LossDefinition, values: Readonly<Record<string, ParameterValue>>) =>
  Object.fromEntries(Object.entries(definition.parameters).map(([name, { symbol }]) => [symbol, values[name]]));

/** Names of a definition; a user's formula has its kinds of parameters in their values. */
function namesOf({ parameters, fields }: LossDefinition, values: Readonly<Record<string, ParameterValue>> = {}): Names {
  const kinds = Object.entries(parameters).map(([name, { symbol, kind = "number" }]) => {
    const value = values[name];
    if (kind === "matrix" || !Array.isArray(value)) return [symbol, kind] as const;
    return [symbol, Array.isArray(value[0]) ? "matrix" : "vector"] as const;
  });
  return { parameters: Object.fromEntries(kinds), fields };
}
