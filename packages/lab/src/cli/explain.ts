// `losskit explain NAME`: all that is known of one loss, as a page for the terminal.

import { defineCommand } from "citty";
import type { LossDefinition, LossTerm } from "losskit";
import { toBibtex } from "losskit/losses";
import {
  dedent,
  equalities,
  explainFacts,
  ownOptions,
  parameterRows,
  partsOf,
  specify,
  sumOf,
  THE_SAME,
} from "../documents/loss-facts.js";
import { LabError } from "../errors.js";
import { askArgs, explainChoice } from "./explain-ask.js";
import { codeRecord, formatCode } from "./explain-code.js";
import { explainPlan, planArgs, wantsPlan } from "./explain-plan.js";
import { findLoss } from "./find-loss.js";
import { pad, type Style, styleFor, textWidth, wrap } from "./terminal.js";

export const explainCommand = defineCommand({
  meta: { name: "explain", description: "Explain one loss: formula, parameters, when to use it, papers" },
  args: {
    name: { type: "positional", description: "Name of a loss, as losskit list shows it", required: false },
    json: { type: "boolean", description: "Print JSON, the BibTeX of its papers included" },
    code: { type: "boolean", description: "Show it as code for PyTorch and Keras too" },
    ...askArgs,
    ...planArgs,
  },
  async run({ args }) {
    const { name } = args;
    const wanted = wantsPlan(args);
    if (args.ask || args.answers !== undefined) {
      if (name !== undefined || wanted || args.code) {
        throw new LabError(
          "USAGE",
          "--ask and --answers are to find a loss; leave NAME, --plan, --wat and --code away with them",
        );
      }
      process.stdout.write(await explainChoice(args, process));
      return;
    }
    if (name === undefined) {
      throw new LabError(
        "USAGE",
        "NAME is missing; losskit list shows the losses, losskit explain --ask helps to choose",
      );
    }
    if (wanted && args.code) {
      throw new LabError("USAGE", "--code adds to the page of a loss, which --plan and --wat do not print; take one");
    }
    if (wanted) {
      process.stdout.write(explainPlan(name, args, styleFor(process.stdout)));
      return;
    }
    const factory = findLoss(name);
    const { definition } = factory;
    const loss = factory();
    const papers = definition.references.map(toBibtex);
    const parts = partsOf(definition, loss.terms);
    if (args.json) {
      const record = {
        ...definition,
        ...(parts.length > 0 && { parts: parts.map(partRecord) }),
        ...(args.code && { code: codeRecord(loss) }),
        bibtex: papers,
      };
      process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
      return;
    }
    const [width, style] = [textWidth(process.stdout), styleFor(process.stdout)];
    const code = args.code ? `\n${formatCode(loss, width, style)}` : "";
    process.stdout.write(formatExplanation(definition, parts, papers, width, style) + code);
  },
});

const partRecord = ({ definition, weight, parameters, options }: LossTerm) => ({
  loss: definition.name,
  weight,
  parameters,
  options,
});

/** The page of `losskit explain`; `papers` are BibTeX entries. */
export function formatExplanation(
  definition: LossDefinition,
  parts: readonly LossTerm[],
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
  section("Parts", partLines(parts).map(paragraph));
  section("Parameters", parameterTable(definition, width, style));
  section("When to use it", [paragraph(use)]);
  const { facts, elsewhere } = explainFacts(definition);
  section("Facts", facts.map(paragraph));
  section("Equal to", identityLines(definition).map(paragraph));
  section("Elsewhere", elsewhereTable(elsewhere, width, style));
  if (fields) {
    const supplied = "image" in fields ? "; losskit compare gives it the first channel of the image" : "";
    section("Needs", [paragraph(`arrays with the call, by name: ${Object.keys(fields).join(", ")}${supplied}`)]);
  }
  section("Try it", tryLines(example(definition), name === "dice" ? "iou" : "dice", width));
  section(papers.length === 1 ? "Paper" : "Papers", [papers.map((entry) => indentEntry(entry, width)).join("\n\n")]);
  return `${sections.join("\n\n")}\n`;
}

/** "1 × dice-squared", with the options that the compound gives it. */
function partLines(parts: readonly LossTerm[]): string[] {
  return parts.map((part) => {
    const { definition, weight } = part;
    return `${weight} × ${definition.name} (${[definition.title, ...ownOptions(part)].join(", ")})`;
  });
}

/** Whose it is elsewhere: equal, or the difference. */
function elsewhereTable(
  rows: readonly { readonly library: string; readonly name: string; readonly verdict: string }[],
  width: number,
  style: Style,
): string[] {
  if (rows.length === 0) return [];
  const libraryWidth = Math.max(...rows.map(({ library }) => library.length));
  const at = libraryWidth + 4;
  const lines = rows.map(({ library, name, verdict }) => {
    const text = wrap(`${name}: ${verdict}`, width - at).replaceAll("\n", `\n${" ".repeat(at)}`);
    return `  ${style.cyan(pad(library, libraryWidth))}  ${text}`;
  });
  if (!rows.some(({ verdict }) => verdict === THE_SAME)) return lines;
  const note = "the same: under the conventions of that library (conventions=monai, smp, nnunet or keras)";
  return [...lines, "", style.dim(`  ${wrap(note, width - 2, "  ")}`)];
}

/** A command to compare the loss with another, over two lines where one is too narrow. */
function tryLines(specification: string, other: string, width: number): string[] {
  const line = `  losskit compare --loss ${specification} --loss ${other}`;
  return line.length <= width ? [line] : [`  losskit compare --loss ${other} \\`, `    --loss ${specification}`];
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

const NARROWEST_MEANING = 30;

function parameterTable(definition: LossDefinition, width: number, style: Style): string[] {
  const rows = parameterRows(definition);
  if (rows.length === 0) return ["  none"];
  const head = { name: "name", symbol: "symbol", value: "default", range: "range", meaning: "meaning" };
  const columns = (["name", "symbol", "value", "range"] as const).map((key) => ({
    key,
    width: Math.max(...[head, ...rows].map((row) => row[key].length)),
  }));
  const meaningAt = 2 + columns.reduce((sum, column) => sum + column.width + 2, 0);
  const cells = (row: typeof head) => columns.map((column) => pad(row[column.key], column.width)).join("  ");
  // A narrow column of text is hard to read: then it stands below.
  const below = width - meaningAt < NARROWEST_MEANING;
  const at = below ? 4 : meaningAt;
  const meaning = (text: string) => wrap(text, width - at).replaceAll("\n", `\n${" ".repeat(at)}`);
  return [
    style.dim(below ? `  ${cells(head)}`.trimEnd() : `  ${cells(head)}  ${head.meaning}`),
    ...rows.map((row) =>
      below
        ? `  ${cells(row).trimEnd()}\n${" ".repeat(at)}${meaning(row.meaning)}`
        : `  ${cells(row)}  ${meaning(row.meaning)}`,
    ),
  ];
}

function identityLines(definition: LossDefinition): string[] {
  return equalities(definition).map(({ specification, is, oneClass }) => {
    const channels = oneClass ? " (one foreground class)" : "";
    return `${specification} is ${sumOf(is, (term) => term.specification)}${channels}`;
  });
}

/** A specification with the first parameters set, quoted where a shell would cut it. */
function example(definition: LossDefinition): string {
  const shown = Object.entries(definition.parameters)
    .filter(([, { sameAs }]) => sameAs === undefined)
    .slice(0, 2);
  const specification = specify(definition, Object.fromEntries(shown.map(([key, { default: value }]) => [key, value])));
  return specification.includes(";") ? `"${specification}"` : specification;
}
