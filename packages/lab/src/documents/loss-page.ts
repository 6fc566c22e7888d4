// The page of a loss, docs/losses/NAME.md: all that is known of it, its code for other frameworks, and how far that was found from ours.

import type { LossDefinition, LossFactory } from "losskit";
import { exportLoss, latexOfLoss } from "losskit/export";
import { allLosses, toBibtex } from "losskit/losses";
import { oneLineReference } from "../choosing/citation.js";
import type { Agreement, AgreementFigures, Framework } from "./agreement-figures.js";
import { FAMILIES } from "./families.js";
import { attempt, pythonCode, reasonOf } from "./loss-code.js";
import { dedent, equalities, explainFacts, ownOptions, parameterRows, partsOf, sumOf, THE_SAME } from "./loss-facts.js";
import { code, details, fence, inlineMath, list, table } from "./markdown.js";

/** First line of what the script writes. */
export const WRITTEN = "<!-- Written by scripts/write-loss-pages.mjs: change the loss, not this page. -->";

/** The page of a loss as Markdown. */
export function lossPage(factory: LossFactory, figures: AgreementFigures): string {
  const { definition } = factory;
  const { name, title, family, use, fields } = definition;
  const sections: (readonly [heading: string, ...parts: readonly string[]])[] = [
    ["When to use it", use],
    ["Formula", ...formulaParts(factory)],
    ["Parameters", parameterTable(definition)],
    ["Facts", factsList(definition)],
    ["Equal to", equalTo(definition)],
    ["Forms that differ from it", formsOf(name)],
    ["In other libraries", elsewhere(definition)],
    ["JavaScript", javaScript(factory)],
    ["PyTorch", pythonPart(factory, "pytorch", figures)],
    ["Keras", pythonPart(factory, "keras", figures)],
    ["ONNX and nnU-Net", otherTargets(factory)],
    [definition.references.length === 1 ? "Paper" : "Papers", papers(definition)],
  ];
  const text = sections
    .map(([heading, ...parts]) => [heading, parts.filter((part) => part !== "")] as const)
    .filter(([, parts]) => parts.length > 0)
    .map(([heading, parts]) => [`## ${heading}`, ...parts].join("\n\n"));
  const needs = fields ? `\n\nIt needs arrays beside the target: ${Object.keys(fields).map(code).join(", ")}.` : "";
  const head = `# ${title}\n\n${code(name)}, of the family ${familyLink(family)}.${needs}`;
  return `${[WRITTEN, head, ...erratumNote(definition), ...text].join("\n\n")}\n`;
}

export const pageLink = (name: string): string => `[${code(name)}](${name}.md)`;

function familyLink(family: LossDefinition["family"]): string {
  const [title, idea] = FAMILIES[family].split(": ");
  return `[${title.toLowerCase()}](README.md#${family}) (${idea})`;
}

function erratumNote({ erratum }: LossDefinition): string[] {
  if (!erratum) return [];
  const { of, source, difference } = erratum;
  return [`> **Not the form of its paper**, which is ${pageLink(of)}. In ${source}: ${difference}`];
}

function formulaParts(factory: LossFactory): string[] {
  const loss = factory();
  const { definition } = factory;
  const { text, legend } = latexOfLoss(loss);
  const parts = partsOf(definition, loss.terms).map((part) => {
    const options = ownOptions(part).map((option) => `, ${code(option)}`);
    return `${part.weight} × ${pageLink(part.definition.name)}${options.join("")}`;
  });
  return [
    fence("text", dedent(definition.formula).join("\n")),
    `${code("x")} is the raw output, ${code("p")} its probability, ${code("y")} the target. As a paper prints it:`,
    fence("math", text),
    list(legend.map(({ symbol, meaning }) => `${inlineMath(symbol)}: ${meaning}`)),
    parts.length > 0 ? `Its parts: ${parts.join(" + ")}.` : "",
  ];
}

function parameterTable(definition: LossDefinition): string {
  const rows = parameterRows(definition);
  if (rows.length === 0) return "None.";
  return table(
    ["name", "symbol", "default", "range", "meaning"],
    rows.map(({ name, symbol, value, range, meaning }) => [code(name), code(symbol), value, range, meaning]),
  );
}

const factsList = (definition: LossDefinition): string => list(explainFacts(definition).facts);

function equalTo(definition: LossDefinition): string {
  return list(
    equalities(definition).map(({ specification, is, oneClass }) => {
      const side = sumOf(is, ({ loss, specification: of }) => `[${code(of)}](${loss}.md)`, " × ");
      return `${code(specification)} is ${side}${oneClass ? ", of one foreground class" : ""}`;
    }),
  );
}

/** Forms in circulation that are taken for this loss. */
function formsOf(name: string): string {
  const forms = allLosses.map(({ definition }) => definition).filter(({ erratum }) => erratum?.of === name);
  return list(
    forms.map(({ name: form, erratum }) => `${pageLink(form)}, in ${erratum?.source}: ${erratum?.difference}`),
  );
}

function elsewhere(definition: LossDefinition): string {
  const rows = explainFacts(definition).elsewhere;
  if (rows.length === 0) return "";
  const lines = table(
    ["library", "name", "with ours"],
    rows.map(({ library, name, verdict }) => [library, code(name), verdict]),
  );
  if (!rows.some(({ verdict }) => verdict === THE_SAME)) return lines;
  return `${lines}\n\nThe same: with \`conventions\` of that library; [agreement](../agreement.md) has the cases.`;
}

/** "dice-ce" is imported as diceCe. */
const importName = (name: string): string => name.replaceAll(/-(.)/gu, (_, letter: string) => letter.toUpperCase());

function javaScript(factory: LossFactory): string {
  const { name, parameters, fields } = factory.definition;
  const sigmoid = factory().refusal({ channels: 1, activation: "sigmoid" }) === undefined;
  const settings = Object.entries(parameters)
    .filter(([, { sameAs }]) => sameAs === undefined)
    .slice(0, 2)
    .map(([key, { default: value }]) => `${key}: ${value}`);
  const call = [
    `shape: [2, ${sigmoid ? 1 : 3}, 256, 256]`,
    ...(sigmoid ? [] : ['activation: "softmax"']),
    ...(fields ? [`fields: { ${Object.keys(fields).join(", ")} }`] : []),
  ];
  const own = importName(name);
  const lines = [
    `import { ${own} } from "losskit";`,
    "",
    `const loss = ${own}(${settings.length > 0 ? `{ ${settings.join(", ")} }` : ""});`,
    `const { value, gradient } = loss.valueAndGradient(logits, labels, { ${call.join(", ")} });`,
  ];
  return fence("js", lines.join("\n"));
}

/** What ran the code: the tests take real Keras where it is installed, and the figures are those of the stand-in. */
const RUN_BY: Readonly<Record<Framework, string>> = {
  pytorch: "Run by PyTorch",
  keras: "Run on a stand-in for `keras.ops` made of PyTorch",
};

function pythonPart(factory: LossFactory, to: Framework, figures: AgreementFigures): string {
  const { name } = factory.definition;
  const exported = pythonCode(factory(), to);
  if (exported.refused !== undefined) return `Not to be had: ${reasonOf(exported.refused)}.`;
  const text = details(code(`losskit export ${name} --to ${to}`).replaceAll("`", ""), fence("python", exported.done));
  return `${text}\n\n${agreementPart(RUN_BY[to], figures[to][name])}`;
}

/** 2e-16 as people write it. */
const written = (value: number): string => value.toExponential(0);

function agreementPart(runBy: string, agreement: Agreement | undefined): string {
  if (!agreement) return "Not measured yet: `node scripts/write-loss-pages.mjs --measure`.";
  const { float64, float32, runs } = agreement;
  const rows = [["float64", float64] as const, ["float32", float32] as const].map(([type, { value, gradient }]) => [
    type,
    written(value),
    written(gradient),
  ]);
  const what = `${runBy} beside losskit, ${runs} times (each head, images and volumes, ignored voxels, weights), it differs by at most:`;
  return `${what}\n\n${table(["", "value", "gradient"], rows)}`;
}

function otherTargets(factory: LossFactory): string {
  const { name } = factory.definition;
  const line = (title: string, to: "onnx" | "nnunet", refused: string | undefined, file: string) =>
    `${title}: ${refused === undefined ? code(`losskit export ${name} --to ${to} --out ${file}`) : `refused, ${reasonOf(refused)}.`}`;
  const model = attempt(() => exportLoss(factory(), "onnx"));
  const trainer = pythonCode(factory(), "nnunet");
  // nnU-Net finds a trainer by the name of its class.
  const trainerName = /^class (nnUNetTrainer\w+)/mu.exec(trainer.done ?? "")?.[1];
  const lines = [
    line("ONNX", "onnx", model.refused, `${name}.onnx`),
    line("nnU-Net", "nnunet", trainer.refused, `${trainerName}.py`),
  ];
  return `${list(lines)}\n\nMore on [exports](../exports.md).`;
}

function papers({ references }: LossDefinition): string {
  const lines = list(references.map((key) => `${oneLineReference(key)}.`));
  return `${lines}\n\n${details("BibTeX", fence("bibtex", references.map(toBibtex).join("\n\n")))}`;
}
