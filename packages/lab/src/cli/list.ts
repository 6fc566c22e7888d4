// `losskit list`: every loss the library knows, by family.

import { defineCommand } from "citty";
import type { LossDefinition } from "losskit";
import { allLosses } from "losskit/losses";
import { pad, type Style, styleFor, truncate } from "./terminal.js";

const FAMILIES: Readonly<Record<LossDefinition["family"], string>> = {
  distribution: "Distribution: each voxel is a guess that is right or wrong",
  region: "Region: the overlap of two masks",
  boundary: "Boundary: the distance between two borders",
  compound: "Compound: several of these in one",
  topology: "Topology: the connectedness of thin structures",
};

export const listCommand = defineCommand({
  meta: { name: "list", description: "List the losses by family" },
  args: { json: { type: "boolean", description: "Print JSON: all that is known of every loss" } },
  run({ args }) {
    const definitions = allLosses.map(({ definition }) => definition);
    const text = args.json
      ? `${JSON.stringify(definitions, null, 2)}\n`
      : formatList(definitions, process.stdout.columns ?? Number.POSITIVE_INFINITY, styleFor(process.stdout));
    process.stdout.write(text);
  },
});

/** The table of `losskit list`, in lines of at most `width` columns. */
export function formatList(definitions: readonly LossDefinition[], width: number, style: Style): string {
  const nameWidth = Math.max(...definitions.map(({ name }) => name.length));
  const widestTitle = Math.max(...definitions.map(({ title }) => title.length));
  const titleWidth = Math.min(widestTitle, Number.isFinite(width) ? Math.max(16, Math.floor(width / 3)) : widestTitle);
  const sections = (Object.keys(FAMILIES) as LossDefinition["family"][]).flatMap((family) => {
    const members = definitions.filter((definition) => definition.family === family);
    if (members.length === 0) return [];
    const rows = members.map((definition) => {
      const mark = definition.erratum ? "!" : " ";
      const head = `${style.yellow(mark)} ${style.cyan(pad(definition.name, nameWidth))}  `;
      const title = pad(truncate(definition.title, titleWidth), titleWidth);
      const rest = width - nameWidth - titleWidth - 6;
      return `${head}${title}  ${style.dim(truncate(formulaInOneLine(definition.formula), rest))}`.trimEnd();
    });
    return [`${style.bold(truncate(FAMILIES[family], width))}\n${rows.join("\n")}\n`];
  });
  const notes = ["losskit explain NAME shows the whole formula, parameters, papers and use."];
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
