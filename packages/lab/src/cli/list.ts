// `losskit list`: every loss the library knows, by family.

import { defineCommand } from "citty";
import { type LossDefinition, nearest } from "losskit";
import { allLosses } from "losskit/losses";
import { FAMILIES, type Family } from "../documents/families.js";
import { LabError } from "../errors.js";
import { pad, type Style, styleFor, truncate } from "./terminal.js";

export const listCommand = defineCommand({
  meta: { name: "list", description: "List the losses by family" },
  args: {
    family: { type: "string", valueHint: "name", description: "One family alone, such as region" },
    json: { type: "boolean", description: "Print JSON: all that is known of every loss" },
  },
  run({ args }) {
    const family = args.family === undefined ? undefined : readFamily(args.family);
    const definitions = allLosses
      .map(({ definition }) => definition)
      .filter((definition) => family === undefined || definition.family === family);
    const text = args.json
      ? `${JSON.stringify(definitions, null, 2)}\n`
      : formatList(definitions, process.stdout.columns ?? Number.POSITIVE_INFINITY, styleFor(process.stdout));
    process.stdout.write(text);
  },
});

function readFamily(text: string): Family {
  const names = Object.keys(FAMILIES) as Family[];
  const found = names.find((name) => name === text);
  if (found) return found;
  const near = nearest(text, names);
  throw new LabError(
    "USAGE",
    `--family is "${text}"; ${near ? `did you mean ${near}?` : `it may be ${names.join(", ")}`}`,
  );
}

/** A formula cut shorter than this says nothing. */
const LEAST_FORMULA = 30;

/** The table of `losskit list`, in lines of at most `width` columns; a narrow one is without formulas. */
export function formatList(definitions: readonly LossDefinition[], width: number, style: Style): string {
  const nameWidth = Math.max(...definitions.map(({ name }) => name.length));
  const widestTitle = Math.max(...definitions.map(({ title }) => title.length));
  const room = width - nameWidth - 4;
  const besideFormula = Math.min(widestTitle, Math.floor(width / 3));
  const formulaWidth = room - besideFormula - 2;
  const withFormula = formulaWidth >= LEAST_FORMULA;
  const titleWidth = withFormula ? besideFormula : Math.max(1, Math.min(widestTitle, room));
  const sections = (Object.keys(FAMILIES) as Family[]).flatMap((family) => {
    const members = definitions.filter((definition) => definition.family === family);
    if (members.length === 0) return [];
    const rows = members.map((definition) => {
      const mark = definition.erratum ? "!" : " ";
      const head = `${style.yellow(mark)} ${style.cyan(pad(definition.name, nameWidth))}  `;
      const title = truncate(definition.title, titleWidth);
      if (!withFormula) return `${head}${title}`;
      const formula = truncate(formulaInOneLine(definition.formula), formulaWidth);
      return `${head}${pad(title, titleWidth)}  ${style.dim(formula)}`.trimEnd();
    });
    return [`${style.bold(truncate(`${FAMILIES[family]} (${members.length})`, width))}\n${rows.join("\n")}\n`];
  });
  const notes = [
    "losskit explain NAME shows formula, parameters, use, other libraries and papers.",
    "losskit explain --ask helps to choose.",
  ];
  if (definitions.some(({ erratum }) => erratum)) {
    notes.unshift(`${style.yellow("!")} a form in circulation that differs from its paper; explain says how.`);
  }
  return `${sections.join("\n")}\n${notes.join("\n")}\n`;
}

/** The last statement of a formula, without the name before its `=`. */
export function formulaInOneLine(formula: string): string {
  const statements = formula.trim().split("\n");
  let last = statements.length - 1;
  // A statement goes on over lines that start with an operator.
  while (last > 0 && !/^\s*\w+\s*=(?!=)/u.test(statements[last])) last--;
  return statements
    .slice(last)
    .map((line) => line.trim())
    .join(" ")
    .replace(/^\w+\s*=\s*(?!=)/u, "");
}
