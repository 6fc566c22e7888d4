// All generated pages of docs/losses: one for each loss, and their index by family.

import { allLosses } from "losskit/losses";
import type { AgreementFigures } from "./agreement-figures.js";
import { FAMILIES, type Family } from "./families.js";
import { lossPage, pageLink, WRITTEN } from "./loss-page.js";
import { list } from "./markdown.js";

/** Texts of the pages by file name. */
export function lossPages(figures: AgreementFigures): Map<string, string> {
  const pages = allLosses.map((factory) => [`${factory.definition.name}.md`, lossPage(factory, figures)] as const);
  return new Map([["README.md", lossIndex()], ...pages]);
}

/** A line for each loss, by family. */
function lossIndex(): string {
  const definitions = allLosses.map(({ definition }) => definition);
  const sections = (Object.keys(FAMILIES) as Family[]).map((family) => {
    const [title, idea] = FAMILIES[family].split(": ");
    const lines = definitions
      .filter((definition) => definition.family === family)
      .map(({ name, title: own, use, erratum }) => {
        const what = erratum
          ? `a form in circulation that is not its paper's: see ${pageLink(erratum.of)}.`
          : use.split(/(?<=\.) /u)[0];
        return `${pageLink(name)}, ${own}: ${lowerFirst(what)}`;
      });
    return `## ${title}\n\n${sentence(idea)}\n\n${list(lines)}`;
  });
  const head = [
    "# The losses",
    `${definitions.length} losses, each with its formula, what it is for, its code for other frameworks and how that was checked. [How to choose](../how-to-choose-a-loss.md) asks six questions; [exports](../exports.md) has the table of what works where.`,
  ];
  return `${[WRITTEN, ...head, ...sections].join("\n\n")}\n`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
