// `losskit cite NAME…`: the papers of losses as BibTeX, each once.

import { defineCommand } from "citty";
import type { LossDefinition } from "losskit";
import { allLosses, REFERENCES, toBibtex } from "losskit/losses";
import { LabError } from "../errors.js";
import { positionalValues } from "./arguments.js";
import { findLoss } from "./find-loss.js";

const citeArgs = {
  name: { type: "positional", description: "Losses, as losskit list shows them; several", required: false },
  all: { type: "boolean", description: "The papers of every loss" },
  json: { type: "boolean", description: "Print JSON: each paper with the losses it is of" },
} as const satisfies Parameters<typeof defineCommand>[0]["args"];

export const citeCommand = defineCommand({
  meta: { name: "cite", description: "Print the papers of losses as BibTeX" },
  args: citeArgs,
  run({ args, rawArgs }) {
    const definitions = namedLosses(positionalValues(rawArgs, citeArgs), args.all ?? false);
    const papers = papersOf(definitions);
    process.stdout.write(
      args.json ? `${JSON.stringify(papers, null, 2)}\n` : `${papers.map(({ bibtex }) => bibtex).join("\n\n")}\n`,
    );
  },
});

/** @throws LabError USAGE without names and without --all, with both, or for a name that does not exist */
function namedLosses(names: readonly string[], all: boolean): readonly LossDefinition[] {
  if (all && names.length > 0) {
    throw new LabError("USAGE", "--all is every loss, and losses are named; leave one of the two away");
  }
  if (!all && names.length === 0) {
    throw new LabError(
      "USAGE",
      "NAME is missing; name the losses whose papers you want, as in losskit cite dice tversky, or give --all",
    );
  }
  return all ? allLosses.map(({ definition }) => definition) : names.map((name) => findLoss(name).definition);
}

/** Each paper once, in the order the losses name them. */
export function papersOf(definitions: readonly LossDefinition[]) {
  const keys = [...new Set(definitions.flatMap(({ references }) => references))];
  return keys.map((key) => ({
    key,
    ...REFERENCES[key],
    losses: [...new Set(definitions.filter(({ references }) => references.includes(key)).map(({ name }) => name))],
    bibtex: toBibtex(key),
  }));
}
