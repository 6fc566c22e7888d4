// Terms and options in, a program out: the graph of a loss with its value and gradient, ready for a backend.

import { LosskitError } from "../errors.js";
import { applyOptions, type CallStructure } from "../formula/apply-options.js";
import type { Formula } from "../formula/check.js";
import { createGraph, type Graph, type Node } from "../formula/node.js";
import type { TermSettings } from "../formula/options.js";
import { stableForm } from "../formula/stable-forms.js";
import { gradient } from "../gradient/reverse-sweep.js";

/** A term as the compiler sees it: a formula with its settings. */
export interface ProgramTerm {
  readonly title: string;
  /** Whether the loss is 1 - score, with a score from 0 to 1. */
  readonly score: boolean;
  readonly formula: Formula;
  readonly settings: TermSettings;
}

export interface Program {
  readonly graph: Graph;
  /** The loss: one number, or what reduction "none" or "voxels" leaves. */
  readonly value: Node;
  readonly gradient: Node;
}

/** Prefix of a term's parameters in the graph, so that two terms of a sum do not share theirs. */
export const parameterPrefix = (term: number) => `${term}.`;

/** Name of a term's weight among the parameters: an input, so that a schedule of it compiles nothing anew. */
export const weightName = (term: number) => `${parameterPrefix(term)}:weight`;

/**
 * One graph for all terms: what they share is computed once, and their reductions and maps run in the same passes.
 *
 * @throws LosskitError UNSUPPORTED, with the reason, where a term cannot take an option
 */
export function createProgram(terms: readonly ProgramTerm[], structure: CallStructure): Program {
  const graph = createGraph();
  const losses = terms.map(({ title, score, formula, settings }, i) =>
    graph.mul(
      graph.parameter(weightName(i), 0),
      applyOptions(graph, stable(formula), settings, structure, parameterPrefix(i), { title, score }),
    ),
  );
  const axes = losses[0].axes;
  const different = losses.findIndex((loss) => loss.axes !== axes);
  if (different > 0) {
    throw new LosskitError(
      "UNSUPPORTED",
      `${terms[0].title} and ${terms[different].title} leave different axes: give all terms of a sum the same reduction`,
    );
  }
  const value = losses.reduce(graph.add);
  return { graph, value, gradient: gradient(graph, value) };
}

const stableForms = new WeakMap<Formula, Node>();

function stable(formula: Formula): Node {
  const known = stableForms.get(formula);
  if (known) return known;
  const form = stableForm(formula.graph, formula.loss);
  stableForms.set(formula, form);
  return form;
}
