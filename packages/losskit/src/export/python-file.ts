// A Python file from its parts: imports, the functions that are needed, the class; and the docstring of a loss.

import { LosskitError } from "../errors.js";
import type { Loss, LossTerm } from "../losses/loss.js";
import { REFERENCES } from "../losses/references.js";
import type { Parameter } from "./parameters.js";
import { WIDTH } from "./python-lines.js";

export interface PythonFunction {
  /** Other functions that it calls. */
  readonly needs?: readonly string[];
  readonly text: string;
}

/** Texts of some functions and of all that they call, in the order of the table. */
export function functionTexts(table: Readonly<Record<string, PythonFunction>>, needed: Iterable<string>): string[] {
  const wanted = new Set<string>();
  const add = (name: string) => {
    if (wanted.has(name)) return;
    if (!Object.hasOwn(table, name)) throw new Error(`there is no function ${name}`);
    wanted.add(name);
    for (const other of table[name].needs ?? []) add(other);
  };
  for (const name of needed) add(name);
  return Object.keys(table).flatMap((name) => (wanted.has(name) ? [table[name].text.trim()] : []));
}

/** Lines of a text, each but an empty one moved in. */
export const indented = (text: string, spaces: number): string => text.replaceAll(/^(?=.)/gmu, " ".repeat(spaces));

/** A text in lines of at most WIDTH, the first behind `head`, the others moved in. */
export function wrapped(head: string, text: string, indent: number): string {
  const lines: string[] = [];
  let line = head;
  for (const word of text.split(/\s+/u)) {
    if (line.length + 1 + word.length > WIDTH - indent && line.trim() !== "") {
      lines.push(line);
      line = `    ${word}`;
    } else line = line === "" || line.endsWith(" ") ? line + word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** `def name(…) -> result:` with each argument on a line of its own where one line is too long, as Black does. */
export function signature(name: string, args: readonly string[], result?: string): string {
  const end = result === undefined ? ":" : ` -> ${result}:`;
  const line = `def ${name}(${args.join(", ")})${end}`;
  // Methods stand four columns in.
  if (line.length + 4 <= WIDTH) return line;
  return `def ${name}(\n${args.map((arg) => `    ${arg},`).join("\n")}\n)${end}`;
}

/** A sum without a name is called after its terms. */
const titleOf = ({ definition, terms }: Loss) =>
  definition?.title ?? terms.map((term) => term.definition.title).join(" + ");

/** What a person needs to know of a generated loss: formula, parameters, shapes, papers. */
export function docstring(loss: Loss, parameters: readonly Parameter[], shapes: string): string {
  const { terms } = loss;
  const title = titleOf(loss);
  const formulas = terms.map((term) => formulaLines(term, terms.length > 1)).join("\n");
  const args = parameters.map(({ name, meaning }) => indented(wrapped(`${name}:`, meaning, 12), 4));
  const keys = [loss, ...terms].flatMap(({ definition }) => definition?.references ?? []);
  const papers = [...new Set(keys)].map(citation);
  const parts = [
    `${title}.`,
    formulas,
    ...(args.length > 0 ? [`Args:\n${args.join("\n")}`] : []),
    shapes,
    ...(papers.length > 0 ? [papers.map((paper) => wrapped("", paper, 4)).join("\n")] : []),
    "Printed by losskit from the formula above.",
  ];
  // A docstring ends at three quotes, a backslash in it would be an escape, and a file of Python holds no NUL.
  const safe = parts
    .join("\n\n")
    .replaceAll(/[^\P{Cc}\n]/gu, " ")
    .replaceAll("\\", "\\\\")
    .replaceAll('"""', "'''");
  return `"""${safe}\n"""`;
}

function formulaLines({ definition, weight }: LossTerm, several: boolean): string {
  const lines = definition.formula
    .trim()
    .split("\n")
    .map((line) => line.trim());
  const head = several ? [`${weight === 1 ? "" : `${weight} * `}${definition.title}:`] : [];
  return indented([...head, ...lines].join("\n"), 4);
}

/** "Milletari et al., V-Net: …, 3DV 2016." */
function citation(key: string): string {
  const { author, title, venue, year } = REFERENCES[key];
  const families = author.split(" and ").map((name) => plain(name.split(",")[0]!));
  const who = families.length > 2 ? `${families[0]} et al.` : families.join(" and ");
  return `${who}, "${plain(title)}", ${plain(venue)}${year ? `, ${year}` : ""}.`;
}

const ACCENTS: Readonly<Record<string, string>> = {
  "'": "\u0301",
  "`": "\u0300",
  '"': "\u0308",
  "^": "\u0302",
  "~": "\u0303",
  c: "\u0327",
  v: "\u030c",
};

/** BibTeX as plain letters: braces go, accents are set. */
function plain(bibtex: string): string {
  return bibtex
    .replaceAll(/\\(['`"^~cv])\s*\{?\\?([A-Za-z])\}?/gu, (_, accent: string, letter: string) =>
      (letter + ACCENTS[accent]).normalize("NFC"),
    )
    .replaceAll(/[{}]/gu, "")
    .replaceAll("\\&", "&")
    .replaceAll("--", "–");
}

/** The reason why a routine of a loss cannot be said in a target language. */
export const unsupported = (loss: Loss, target: string, reason: string) =>
  new LosskitError("UNSUPPORTED", `${titleOf(loss)} cannot be exported to ${target}: ${reason}`);
