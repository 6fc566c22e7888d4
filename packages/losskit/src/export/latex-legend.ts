// Says what the symbols of a printed formula are: indices, inputs, parameters, operators.

import { type Axes, CLASS, IMAGE, INSTANCE, VOXEL } from "../formula/axes.js";
import { indicesOf } from "./latex-expression.js";
import { subexpressions } from "./latex-indices.js";
import { type NameParts, subscripted } from "./latex-names.js";
import { NOTATION, ROUTINE_OPERATORS } from "./latex-operators.js";
import type { Part } from "./latex-parts.js";

/** A symbol as LaTeX, and what it is as plain text. */
export interface LegendEntry {
  readonly symbol: string;
  readonly meaning: string;
}

/** What was met while printing. */
export interface Notes {
  readonly routine: Set<string>;
  readonly notation: Set<string>;
  readonly count: Set<Axes>;
}

const COUNTED: readonly (readonly [Axes, string])[] = [
  [VOXEL, "number of voxels"],
  [CLASS, "number of classes"],
  [IMAGE, "number of images"],
  [INSTANCE, "number of objects"],
];

const INPUT_MEANINGS: Readonly<Record<string, string>> = {
  x: "raw output",
  p: "probability",
  y: "target",
};

/**
 * The legend of a formula: inputs, counts, parameters, then operators, each only where it is printed.
 *
 * @param meanings of the parameters, by symbol
 */
export function legendOf(part: Part, notes: Notes, meanings: Readonly<Record<string, string>>): LegendEntry[] {
  const { letters, parts, shown, axesOfName, statements } = part;
  const used = new Set(
    statements
      .flatMap(({ expression }) => subexpressions(expression))
      .flatMap((expression) => (expression.kind === "name" ? [expression.name] : [])),
  );
  const write = (name: string) =>
    subscripted(parts.get(name) as NameParts, indicesOf(axesOfName(name), shown, letters.index));
  const [voxel, classIndex] = [letters.index.get(VOXEL), letters.index.get(CLASS)];
  const place = shown & CLASS ? `of class ${classIndex} at voxel ${voxel}` : `at voxel ${voxel}`;
  const inputs = Object.entries(INPUT_MEANINGS)
    .filter(([name]) => used.has(name))
    .map(([name, meaning]) => ({ symbol: write(name), meaning: `${meaning} ${place}` }));
  const counts = COUNTED.filter(([axis]) => notes.count.has(axis)).map(([axis, meaning]) => ({
    symbol: letters.count.get(axis) as string,
    meaning,
  }));
  const parameters = Object.entries(meanings)
    .filter(([symbol, meaning]) => used.has(symbol) && meaning !== "")
    .map(([symbol, meaning]) => ({ symbol: subscripted(parts.get(symbol) as NameParts), meaning }));
  const routines = [...notes.routine].map((name) => ({
    symbol: ROUTINE_OPERATORS[name].tex.includes("\\cdot")
      ? ROUTINE_OPERATORS[name].tex
      : `${ROUTINE_OPERATORS[name].tex}(\\cdot)`,
    meaning: ROUTINE_OPERATORS[name].meaning,
  }));
  const notation = Object.entries(NOTATION)
    .filter(([key]) => notes.notation.has(key))
    .map(([, { tex, of, meaning }]) => ({ symbol: tex + of, meaning }));
  const result =
    axesOfName("loss") & shown & CLASS
      ? [
          {
            symbol: write("loss"),
            meaning: `loss of class ${classIndex}; their mean is the loss, unless an option says otherwise`,
          },
        ]
      : [];
  return [...result, ...inputs, ...counts, ...parameters, ...routines, ...notation];
}
