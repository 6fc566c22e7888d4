// Takes formulas apart for printing: their statements, what their names stand for, and how equal names of two terms are told apart.

import { type Axes, CLASS, IMAGE, NONE, VOXEL } from "../formula/axes.js";
import type { Names } from "../formula/check.js";
import type { ParameterValue, TermSettings } from "../formula/options.js";
import { INPUTS } from "../formula/reserved-names.js";
import { type Expression, parse, type Statement } from "../formula/syntax.js";
import { axesReader, freeLetters, type Letters, shownAxes, subexpressions } from "./latex-indices.js";
import { escapeText, type NameParts, partsOfNames } from "./latex-names.js";

/** A formula to print, and what is known of its surroundings. */
export interface Source {
  readonly formula: string;
  readonly names: Names;
  /** Of a term: its name among others, its parameters by symbol, its options. */
  readonly title?: string;
  readonly values?: Readonly<Record<string, ParameterValue>>;
  readonly settings?: TermSettings;
}

/** A formula ready to print. */
export interface Part extends Source {
  readonly statements: readonly Statement[];
  readonly axesOf: (expression: Expression) => Axes;
  readonly axesOfName: (name: string) => Axes;
  readonly shown: Axes;
  readonly letters: Letters;
  /** How each name is written; `loss` too. */
  readonly parts: ReadonlyMap<string, NameParts>;
  /** What each name stands for: two names of one number are the same quantity. */
  readonly meanings: ReadonlyMap<string, number>;
}

/** The result of a statement, named or not. */
export const nameOf = ({ name }: Statement): string => name ?? "loss";

/** Reads formulas that are printed together: with the same letters for the same axes. */
export function readParts(sources: readonly Source[]): Part[] {
  const read = sources.map((source) => {
    const statements = parse(source.formula);
    const { parameters = {}, fields = {} } = source.names;
    const named = new Map<string, Axes>();
    for (const [name, kind] of Object.entries(parameters)) named.set(name, kind === "vector" ? CLASS : NONE);
    for (const [name, kind] of Object.entries(fields)) {
      named.set(name, kind === "voxel" ? IMAGE | VOXEL : IMAGE | CLASS | VOXEL);
    }
    const axesOf = axesReader(named);
    for (const statement of statements) named.set(nameOf(statement), axesOf(statement.expression));
    const axesOfName = (name: string) => axesOf({ kind: "name", name, at: 0 });
    const shown = shownAxes(statements, Object.values(parameters));
    return { ...source, statements, axesOf, axesOfName, shown, own: ownNames(source, statements) };
  });
  const letters = freeLetters([...INPUTS, ...read.flatMap(({ own }) => own)]);
  const shown = read.reduce((axes, part) => axes | part.shown, NONE);
  const written = partsOfNames(read.flatMap(({ own }) => own));
  const meanings = meaningsOf(read);
  const ambiguous = (name: string) =>
    new Set(meanings.flatMap((known) => (known.has(name) ? [known.get(name)] : []))).size > 1;
  return read.map(({ own, ...part }, i) => {
    const below = part.title === undefined ? [] : [`\\text{${escapeText(part.title)}}`];
    const parts = new Map<string, NameParts>(
      [...INPUTS, "class_count"].map((name) => [name, { base: name, subscript: [], isWord: false }]),
    );
    parts.set("class_count", { base: letters.count.get(CLASS) as string, subscript: [], isWord: false });
    for (const name of own) {
      const { base, subscript, isWord } = written.get(name) as NameParts;
      parts.set(name, { base, subscript: ambiguous(name) ? [...subscript, ...below] : subscript, isWord });
    }
    parts.set("loss", { base: "\\mathcal{L}", subscript: below, isWord: false });
    // Sums over all classes at once: voxels of all of them have one index.
    const pooled = part.settings?.joinClasses === "pooled" && !(part.shown & CLASS);
    return { ...part, letters, parts, shown: pooled ? shown & ~CLASS : shown, meanings: meanings[i] };
  });
}

/** Parameters, fields and lines that the formula speaks of. */
function ownNames({ names }: Source, statements: readonly Statement[]): string[] {
  const given = new Set([...Object.keys(names.parameters ?? {}), ...Object.keys(names.fields ?? {})]);
  const used = statements
    .flatMap(({ expression }) => subexpressions(expression))
    .flatMap((expression) => (expression.kind === "name" && given.has(expression.name) ? [expression.name] : []));
  return [...new Set([...used, ...statements.map(nameOf)])].filter((name) => name !== "loss");
}

/** Numbers for what names stand for, equal where values or lines are. */
function meaningsOf(parts: readonly (Source & { readonly statements: readonly Statement[] })[]): Map<string, number>[] {
  const numbers = new Map<string, number>();
  const numberOf = (description: string): number => {
    if (!numbers.has(description)) numbers.set(description, numbers.size);
    return numbers.get(description) as number;
  };
  return parts.map(({ names, values = {}, settings, statements }) => {
    const known = new Map<string, number>();
    for (const symbol of Object.keys(names.parameters ?? {})) {
      known.set(symbol, numberOf(`value ${JSON.stringify(values[symbol])}`));
    }
    for (const field of Object.keys(names.fields ?? {})) known.set(field, numberOf(`field ${field}`));
    // The same line is another quantity where its sums run over something else.
    const runs = JSON.stringify([
      settings?.images,
      settings?.joinClasses === "pooled",
      settings?.classes,
      settings?.emptyMasks,
    ]);
    const describe = (expression: Expression): string => {
      switch (expression.kind) {
        case "number":
          return String(expression.value);
        case "name":
          return known.has(expression.name) ? `#${known.get(expression.name)}` : expression.name;
        case "negative":
          return `-(${describe(expression.arg)})`;
        case "call":
          return `${expression.name}(${expression.args.map(describe).join(",")})`;
        case "binary":
          return `(${describe(expression.left)})${expression.operator}(${describe(expression.right)})`;
      }
    };
    for (const statement of statements) {
      known.set(nameOf(statement), numberOf(`${runs} ${describe(statement.expression)}`));
    }
    return known;
  });
}
