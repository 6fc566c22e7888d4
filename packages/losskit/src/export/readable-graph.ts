// The graph of a loss as an export prints it: options applied, the formula's shape kept, its names on what they stand for.

import { parameterPrefix, weightName } from "../compiler/program.js";
import { LosskitError } from "../errors.js";
import { applyOptions, type CallStructure } from "../formula/apply-options.js";
import type { Formula } from "../formula/check.js";
import { createGraph, type Graph, type Node } from "../formula/node.js";
import { type TermSettings, termSettings } from "../formula/options.js";
import { readableForm } from "../formula/stable-forms.js";
import { formulaOf } from "../losses/define.js";
import type { Loss, LossTerm } from "../losses/loss.js";

export interface ReadableGraph {
  readonly graph: Graph;
  /** The loss: one number, or what reduction "none" and "voxels" leave. */
  readonly value: Node;
  /** What the formulas call by a name; names that two terms share carry the loss's name behind them. */
  readonly names: ReadonlyMap<Node, string>;
  readonly settings: readonly TermSettings[];
}

/** @throws LosskitError UNSUPPORTED, with the reason, where a term cannot take an option */
export function readableGraph({ terms }: Loss, structure: CallStructure): ReadableGraph {
  const graph = createGraph();
  const names = new Map<Node, string>();
  const taken = new Set<string>();
  const settings = terms.map(({ definition, options }) => termSettings(options, definition.options ?? {}));
  const values = terms.map((term, i) => {
    const named = (node: Node, name: string) => {
      if (node.op === "input" || node.op === "number" || node.op === "parameter" || names.has(node)) return;
      const free = taken.has(name) ? `${name}_${shortName(term)}` : name;
      taken.add(free);
      names.set(node, free);
    };
    const value = termValue(graph, term, settings[i], structure, parameterPrefix(i), named);
    if (terms.length > 1) named(value, shortName(term));
    const weighted = terms.length > 1 || term.weight !== 1;
    return weighted ? graph.mul(graph.parameter(weightName(i), 0), value) : value;
  });
  const different = values.findIndex(({ axes }) => axes !== values[0].axes);
  if (different > 0) {
    throw new LosskitError(
      "UNSUPPORTED",
      `${terms[0].definition.title} and ${terms[different].definition.title} leave different axes: give all terms of a sum the same reduction`,
    );
  }
  return { graph, value: values.reduce(graph.add), names, settings };
}

/** "dice-squared" as a name in code. */
export const shortName = ({ definition }: LossTerm) => definition.name.replaceAll(/[^A-Za-z0-9]+/gu, "_").toLowerCase();

function termValue(
  graph: Graph,
  term: LossTerm,
  settings: TermSettings,
  structure: CallStructure,
  prefix: string,
  named: (node: Node, name: string) => void,
): Node {
  const { definition } = term;
  const formula: Formula = formulaOf(term);
  const forms = readableForm(formula.graph, [formula.loss, ...formula.names.values()]);
  const score = definition.range[0] === 0 && definition.range[1] === 1;
  const title = { title: definition.title, score };
  const loss = forms.get(formula.loss) as Node;
  return applyOptions(graph, loss, settings, structure, prefix, title, (became) => {
    for (const [name, node] of formula.names) {
      const result = became.get(forms.get(node) as Node);
      if (result && node !== formula.loss) named(result, name);
    }
  });
}
