// Writes docs/agreement.md: how far our losses are from those of other libraries, from runs over golden cases and from what each loss says of itself.

import type { LossDefinition } from "losskit";
import { allLosses, LIBRARIES, type Library } from "losskit/losses";
import type { Agreement, DisagreementSummary, FileSummary, LossSummary } from "./run.js";

const TITLES: Readonly<Record<Library | "page", string>> = {
  monai: "MONAI",
  smp: "segmentation_models.pytorch",
  nnunet: "nnU-Net",
  segloss: "SegLoss",
  kornia: "kornia",
  keras: "Keras",
  optax: "optax",
  page: "The page's code",
};
/** Headings of narrow columns. */
const SHORT_TITLES: Readonly<Record<Library, string>> = { ...TITLES, smp: "smp" };

const titleOf = (library: string) => TITLES[library as keyof typeof TITLES] ?? library;

/** The whole page as Markdown. The runs are of the reference backend, in float64. */
export function agreementPage(files: readonly FileSummary[]): string {
  const losses = files.flatMap((file) => file.losses);
  const agreements = files.flatMap((file) => file.agreements);
  const disagreements = files.flatMap((file) => file.disagreements);
  return `${[
    "<!-- Written by `npm run golden -- --write-docs`. Do not edit. -->",
    "# Agreement with other libraries",
    INTRODUCTION,
    "## In short",
    inShort(files),
    ...files
      .flatMap((file) => file.libraries)
      .flatMap(({ library }) => [
        `## ${titleOf(library)}: class by class`,
        classTable(losses.filter((summary) => summary.library === library)),
      ]),
    "## Where a library is wrong",
    WHERE_WRONG,
    disagreementTable(disagreements),
    "## Our losses in other libraries",
    MATRIX_KEY,
    matrix(agreements),
    "### By name",
    nameTable(agreements),
  ].join("\n\n")}\n`;
}

const INTRODUCTION = `Numbers that other code computed in float64, held against ours: value and gradient of every case, on both backends (\`npm run golden\`,
\`npm run golden -- --backend wasm\`). This page has the figures of the reference backend, which is float64 as well. A value is within 1e-9
(of the value, or of 1 where that is larger), a gradient within 1e-9 of its largest slope plus 1e-12; the differences below have the same scale and are
rounded up to powers of ten.

The golden numbers are of MONAI 1.5.0, segmentation_models.pytorch 5006616, nnU-Net 0e49508 and SegLossOdyssey d562441, and of the page that this
project started from. "Ours" is the loss of losskit that the cases of a class were compared with, with the \`conventions\` it was given in parentheses;
"a formula" is one written for an option that no loss of ours has. Cases of one class differ in their options, so that several of our losses may stand
for it.`;

const WHERE_WRONG = `Cases that are not compared, because the other code does not do what its paper or its own documentation says. Ours gives a finite value
there, and no test asks for the same one. The source is a paragraph of the README of the golden numbers, or of the catalogue of libraries that lies beside
them.`;

const MATRIX_KEY = `✓ the same loss under that library's conventions; ≈ the same idea, with a difference that the next table names. A number is the largest
difference of value or gradient over the golden cases that are this loss alone, rounded up; without a number there is no golden case.`;

function inShort(files: readonly FileSummary[]): string {
  const libraries = files.flatMap((file) => file.libraries);
  return table(
    ["Library", "Cases", "Compared", "Within the bounds", "Documented disagreements", "Under a rule"],
    libraries.map(({ library, cases, compared, within, disagreements, rules }) => [
      titleOf(library),
      ...[cases, compared, within, disagreements, rules].map(String),
    ]),
    "lrrrrr",
  ).concat(
    "\n\n",
    [...new Map(files.flatMap(({ reasons }) => Object.entries(reasons)))]
      .map(([rule, reason]) => `- Rule "${rule}": ${reason}.`)
      .join("\n"),
  );
}

function classTable(losses: readonly LossSummary[]): string {
  return table(
    ["Class", "Ours", "Cases", "Compared", "Value", "Gradient"],
    losses.map(({ loss, ours, cases, compared, worstValueError, worstGradientError }) => [
      code(loss.slice(loss.indexOf(".") + 1)),
      [...ours].sort().join("; "),
      String(cases),
      String(compared),
      compared > 0 ? difference(worstValueError) : "",
      difference(worstGradientError),
    ]),
    "llrrrr",
  );
}

function disagreementTable(disagreements: readonly DisagreementSummary[]): string {
  return table(
    ["Library", "Class", "When", "What theirs does", "Source", "Cases"],
    disagreements.map(({ library, classes, when, reason, source, cases, agreeing }) => [
      titleOf(library),
      classes.map(code).join(", "),
      when,
      reason,
      source,
      agreeing > 0 ? `${cases}, ${agreeing} equal all the same` : String(cases),
    ]),
    "lllllr",
  );
}

/** The papers' losses; forms in circulation have no counterpart by definition. */
const definitions: readonly LossDefinition[] = allLosses
  .map(({ definition }) => definition)
  .filter(({ erratum }) => erratum === undefined);

function matrix(agreements: readonly Agreement[]): string {
  return table(
    ["Loss", ...LIBRARIES.map((library) => SHORT_TITLES[library])],
    definitions
      .filter(({ elsewhere = {} }) => Object.keys(elsewhere).length > 0)
      .map(({ name, elsewhere }) => [
        name,
        ...LIBRARIES.map((library) => {
          const counterpart = elsewhere?.[library];
          if (!counterpart) return "";
          const figure = worst(agreementOf(agreements, name, library));
          return `${counterpart.differs === undefined ? "✓" : "≈"}${figure ? ` ${figure}` : ""}`;
        }),
      ]),
    `l${"l".repeat(LIBRARIES.length)}`,
  ).concat(
    `\n\nIn none of them: ${definitions
      .filter(({ elsewhere = {} }) => Object.keys(elsewhere).length === 0)
      .map(({ name }) => name)
      .join(", ")}.`,
  );
}

function nameTable(agreements: readonly Agreement[]): string {
  return table(
    ["Loss", "Library", "There", "Difference", "Golden cases"],
    definitions.flatMap(({ name, elsewhere = {} }) =>
      LIBRARIES.flatMap((library) => {
        const counterpart = elsewhere[library];
        if (!counterpart) return [];
        const agreement = agreementOf(agreements, name, library);
        const cases = agreement ? String(agreement.cases) : "";
        return [[name, SHORT_TITLES[library], code(counterpart.name), counterpart.differs ?? "", cases]];
      }),
    ),
    "llllr",
  );
}

const agreementOf = (agreements: readonly Agreement[], loss: string, library: Library) =>
  agreements.find((agreement) => agreement.single === loss && agreement.library === library);

const worst = (agreement: Agreement | undefined) =>
  agreement && difference(Math.max(agreement.worstValueError, agreement.worstGradientError ?? 0));

/**
 * Rounded up to a power of ten: the digits below differ between versions of a JavaScript engine. Nothing where it was not compared.
 */
function difference(error: number | undefined): string {
  if (error === undefined) return "";
  return error === 0 ? "0" : `1e${Math.ceil(Math.log10(error))}`;
}

const code = (text: string) => `\`${text}\``;

/** @param alignment a letter for each column: l or r */
function table(headings: readonly string[], rows: readonly (readonly string[])[], alignment: string): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `| ${[...alignment].map((side) => (side === "r" ? "--:" : "---")).join(" | ")} |`;
  return [line(headings), rule, ...rows.map(line)].join("\n");
}
