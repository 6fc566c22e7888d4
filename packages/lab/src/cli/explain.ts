// `losskit explain NAME`: all that is known of one loss, as a page for the terminal.

import { defineCommand } from "citty";
import { type LossDefinition, nearest } from "losskit";
import { allLosses, toBibtex } from "losskit/losses";
import { LabError } from "../errors.js";
import { explainPlan, planArgs, wantsPlan } from "./explain-plan.js";
import { pad, type Style, styleFor, textWidth, wrap } from "./terminal.js";

export const explainCommand = defineCommand({
  meta: { name: "explain", description: "Explain one loss: formula, parameters, when to use it, papers" },
  args: {
    name: { type: "positional", description: "Name of a loss, as losskit list shows it", required: true },
    json: { type: "boolean", description: "Print JSON, the BibTeX of its papers included" },
    ...planArgs,
  },
  run({ args }) {
    if (wantsPlan(args)) {
      process.stdout.write(explainPlan(args.name, args, styleFor(process.stdout)));
      return;
    }
    const definition = findDefinition(args.name);
    const papers = definition.references.map(toBibtex);
    process.stdout.write(
      args.json
        ? `${JSON.stringify({ ...definition, bibtex: papers }, null, 2)}\n`
        : formatExplanation(definition, papers, textWidth(process.stdout), styleFor(process.stdout)),
    );
  },
});

function findDefinition(name: string): LossDefinition {
  const definitions = allLosses.map(({ definition }) => definition);
  const found = definitions.find((definition) => definition.name === name.trim().toLowerCase());
  if (found) return found;
  const near = nearest(
    name,
    definitions.map((definition) => definition.name),
  );
  const advice = near ? `did you mean "${near}"?` : "losskit list shows those there are";
  throw new LabError("USAGE", `there is no loss "${name}"; ${advice}`);
}

/** The page of `losskit explain`; `papers` are BibTeX entries. */
export function formatExplanation(
  definition: LossDefinition,
  papers: readonly string[],
  width: number,
  style: Style,
): string {
  const { name, title, family, formula, use, erratum, fields } = definition;
  const sections: string[] = [`${style.bold(title)}\n${style.cyan(name)} ${style.dim(`(${family} loss)`)}`];
  const section = (heading: string, lines: readonly string[]) => {
    if (lines.length > 0) sections.push([style.bold(heading), ...lines].join("\n"));
  };
  const paragraph = (text: string) => `  ${wrap(text, width - 2, "  ")}`;

  if (erratum) {
    sections.push(
      `  ${style.yellow(wrap(`! Not the form of its paper. In ${erratum.source}: ${lowerFirst(erratum.difference)}`, width - 2, "  "))}`,
    );
  }
  section("Formula", [
    ...dedent(formula).map((line) => `  ${line}`),
    "",
    style.dim(paragraph("x is the raw output, p its probability, y the target; the symbols of parameters are below.")),
  ]);
  section("Parameters", parameterTable(definition, width, style));
  section("When to use it", [paragraph(use)]);
  section("Facts", factLines(definition).map(paragraph));
  section("Equal to", identityLines(definition).map(paragraph));
  if (fields) section("Needs", [paragraph(`arrays with the call, by name: ${Object.keys(fields).join(", ")}`)]);
  section("Try it", [`  losskit compare --loss ${example(definition)} --loss ${name === "dice" ? "iou" : "dice"}`]);
  section(papers.length === 1 ? "Paper" : "Papers", [papers.map((entry) => indentEntry(entry, width)).join("\n\n")]);
  return `${sections.join("\n\n")}\n`;
}

/** A BibTeX entry, its long fields broken over lines, which BibTeX reads the same. */
function indentEntry(entry: string, width: number): string {
  const lines = entry.split("\n").map((line) => {
    const indent = line.match(/^\s*/u)?.[0] ?? "";
    return `  ${indent}${wrap(line, width - 2 - indent.length, "  ").replaceAll("\n", `\n  ${indent}`)}`;
  });
  return lines.join("\n");
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

/** Lines of a formula without the indentation they share. */
export function dedent(text: string): string[] {
  const lines = text.replace(/^\s*\n|\s+$/gu, "").split("\n");
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/u)));
  return lines.map((line) => line.slice(margin).trimEnd());
}

function parameterTable({ parameters }: LossDefinition, width: number, style: Style): string[] {
  const rows = Object.entries(parameters).map(([name, { symbol, default: value, min, max, meaning }]) => ({
    name,
    symbol,
    value: String(value),
    range:
      min !== undefined && max !== undefined
        ? `${min} to ${max}`
        : min !== undefined
          ? `from ${min}`
          : max !== undefined
            ? `to ${max}`
            : "any",
    meaning,
  }));
  if (rows.length === 0) return ["  none"];
  const head = { name: "name", symbol: "symbol", value: "default", range: "range", meaning: "meaning" };
  const columns = (["name", "symbol", "value", "range"] as const).map((key) => ({
    key,
    width: Math.max(...[head, ...rows].map((row) => row[key].length)),
  }));
  const meaningAt = 2 + columns.reduce((sum, column) => sum + column.width + 2, 0);
  const cells = (row: typeof head) => columns.map((column) => pad(row[column.key], column.width)).join("  ");
  return [
    style.dim(`  ${cells(head)}  ${head.meaning}`),
    ...rows.map(
      (row) =>
        `  ${cells(row)}  ${wrap(row.meaning, width - meaningAt).replaceAll("\n", `\n${" ".repeat(meaningAt)}`)}`,
    ),
  ];
}

function factLines({ range: [low, high], activations, severalChannels, options }: LossDefinition): string[] {
  const value =
    low !== null && high !== null
      ? `from ${low} to ${high}`
      : low !== null
        ? `at least ${low}`
        : high !== null
          ? `at most ${high}`
          : "any number";
  const sigmoid = activations === undefined || activations.includes("sigmoid");
  const softmax = activations === undefined || activations.includes("softmax");
  const one = sigmoid && !severalChannels ? ["one foreground class (sigmoid)"] : [];
  const several = softmax || severalChannels ? ["several classes (softmax)"] : [];
  const differing = Object.entries(options ?? {}).map(([option, setting]) => `${option}=${String(setting)}`);
  return [
    `Its value is ${value} at the defaults. It trains with ${[...one, ...several].join(" or ")}.`,
    ...(differing.length > 0 ? [`Set as its paper has it, unless you say otherwise: ${differing.join(", ")}.`] : []),
  ];
}

/** The specification of a loss, its parameters by their short symbols. */
function specify(name: string, values: Readonly<Record<string, number>>): string {
  const parameters = allLosses.find(({ definition }) => definition.name === name)?.definition.parameters ?? {};
  const settings = Object.entries(values).map(([key, value]) => `${parameters[key]?.symbol ?? key}=${value}`);
  return settings.length === 0 ? name : `${name}:${settings.join(";")}`;
}

function identityLines({ name, identities }: LossDefinition): string[] {
  return identities.map(({ parameters, equals, offset = 0 }) => {
    const sum = equals.map(
      ({ weight, loss, parameters: of }) => (weight === 1 ? "" : `${weight}*`) + specify(loss, of),
    );
    const shift = offset === 0 ? "" : offset < 0 ? ` - ${-offset}` : ` + ${offset}`;
    return `${specify(name, parameters)} is ${sum.join(" + ")}${shift} (one foreground class)`;
  });
}

/** A specification with the first parameters set, quoted where a shell would cut it. */
function example({ name, parameters }: LossDefinition): string {
  const shown = Object.entries(parameters).slice(0, 2);
  const specification = specify(name, Object.fromEntries(shown.map(([key, { default: value }]) => [key, value])));
  return specification.includes(";") ? `"${specification}"` : specification;
}
