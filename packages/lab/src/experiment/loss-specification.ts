// From a loss specification of the command line to a loss of the library, and what the record of an experiment says of it.

import { add, type Loss, type LossFactory, LosskitError, lossFromFormula, nearest, type TermOptions } from "losskit";
import { allLosses, toBibtex } from "losskit/losses";
import { LabError } from "../errors.js";
import type { LossEntry } from "./results.js";
import { describeProblem, type ParameterSyntax, readSpecification, type TermSyntax } from "./specification-syntax.js";

/** A loss under its label, ready to train with. */
export interface SpecifiedLoss {
  /** Name in tables and plots: the specification without spaces, or the label of a formula. */
  readonly label: string;
  readonly specification: string;
  readonly loss: Loss;
}

/** What the options of a term may be in a specification: words, a list of numbers, or either. */
const TERM_OPTIONS: Readonly<Record<keyof TermOptions, { words: readonly string[]; list?: string }>> = {
  classes: { words: ["all", "present", "foreground"], list: "class indices such as 1,2" },
  images: { words: ["each", "together"] },
  joinClasses: { words: ["mean", "sum", "pooled"] },
  classWeights: { words: [], list: "one number from 0 per class, such as 0.5,1,2" },
  // Training needs one number, so the reductions that keep images or voxels apart have no place here.
  reduction: { words: ["mean", "sum"] },
};

/**
 * Makes the loss a specification names.
 *
 * @param specification terms joined by `+`, each `[weight*]name[:param=value[;param=value]]`, where `param` is the name or
 *   the symbol of a parameter or an option of the term; or `label = formula`.
 * @throws LabError USAGE or LosskitError (PARAMETER, OPTION, FORMULA_…), with the place in the specification.
 */
export function parseLossSpecification(specification: string, factories = allLosses): SpecifiedLoss {
  const syntax = readSpecification(specification);
  if (syntax.kind === "formula") {
    const loss = withPlace(
      () => lossFromFormula(syntax.formula, { title: syntax.label }),
      `the formula "${syntax.label}"`,
    );
    return { label: syntax.label, specification, loss };
  }
  const terms = syntax.terms.map((term) => [term.weight, makeTerm(specification, term, factories)] as const);
  const [[weight, first]] = terms;
  const loss = terms.length === 1 && weight === 1 ? first : add(...terms);
  return { label: specification.replace(/\s+/gu, ""), specification, loss };
}

/** What the record of an experiment says of a loss. */
export function describeLoss({ label, specification, loss }: SpecifiedLoss): LossEntry {
  return {
    label,
    specification,
    formulas: loss.terms.map(({ definition, weight }) => ({
      title: definition.title,
      formula: definition.formula,
      weight,
    })),
    references: [...new Set(loss.terms.flatMap(({ definition }) => definition.references))].map(toBibtex),
  };
}

function makeTerm(specification: string, term: TermSyntax, factories: readonly LossFactory[]): Loss {
  const factory = factories.find(({ definition }) => definition.name === term.name);
  if (factory === undefined) {
    const near = nearest(
      term.name,
      factories.map(({ definition }) => definition.name),
    );
    const advice = near ? `did you mean "${near}"?` : "losskit list shows those there are";
    fail(specification, term.nameAt, term.name.length, `there is no loss "${term.name}"; ${advice}`);
  }
  const settings: Record<string, unknown> = {};
  for (const parameter of term.parameters) {
    const name = resolveName(specification, parameter, factory);
    if (name in settings) {
      fail(
        specification,
        parameter.nameAt,
        parameter.name.length,
        `the parameter ${name} of ${term.name} is given twice`,
      );
    }
    settings[name] = readValue(specification, parameter, name, factory);
  }
  try {
    return factory(settings);
  } catch (error) {
    if (!(error instanceof LosskitError)) throw error;
    // The library names the parameter it refuses; the place is that parameter's, where it can be told.
    const culprit = term.parameters.find(({ name }) => error.message.includes(name)) ?? term.parameters[0];
    const at = culprit?.valueAt ?? term.nameAt;
    const length = culprit?.value.length ?? term.name.length;
    throw new LosskitError(error.code, describeProblem(specification, at, length, error.message), { cause: error });
  }
}

/** The name a factory takes for a parameter given by its name or symbol, or for an option of the term. */
function resolveName(specification: string, { name, nameAt }: ParameterSyntax, factory: LossFactory): string {
  const { parameters, name: lossName } = factory.definition;
  const bySymbol = Object.keys(parameters).find((key) => key === name || parameters[key].symbol === name);
  if (bySymbol !== undefined) return bySymbol;
  if (name in TERM_OPTIONS) return name;
  const known = Object.entries(parameters).flatMap(([key, { symbol }]) => (key === symbol ? [key] : [key, symbol]));
  // Every single letter is one step from every other: no suggestion.
  const near = name.length > 1 ? nearest(name, [...known, ...Object.keys(TERM_OPTIONS)]) : undefined;
  const own = known.length > 0 ? `its parameters are ${known.join(", ")}` : "it has no parameters";
  const advice = near
    ? `did you mean "${near}"?`
    : `${own}; every loss takes ${Object.keys(TERM_OPTIONS).join(", ")} (see: losskit explain ${lossName})`;
  return fail(specification, nameAt, name.length, `the loss ${lossName} has no parameter "${name}"; ${advice}`);
}

function readValue(specification: string, parameter: ParameterSyntax, name: string, factory: LossFactory): unknown {
  const { value, valueAt } = parameter;
  const refuse = (allowed: string): never =>
    fail(specification, valueAt, value.length, `${parameter.name} is "${value}"; it may be ${allowed}`);
  if (name in factory.definition.parameters) {
    return Number.isFinite(Number(value)) ? Number(value) : refuse("one finite number");
  }
  const { words, list } = TERM_OPTIONS[name as keyof TermOptions];
  if (words.includes(value)) return value;
  const numbers = value.split(",").map((item) => (item.trim() === "" ? Number.NaN : Number(item)));
  if (list && numbers.every((number) => Number.isFinite(number) && number >= 0)) return numbers;
  return refuse([...words, ...(list ? [list] : [])].join(", "));
}

function fail(specification: string, at: number, length: number, problem: string): never {
  throw new LabError("USAGE", describeProblem(specification, at, length, problem));
}

function withPlace<T>(make: () => T, what: string): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof LosskitError)) throw error;
    throw new LosskitError(error.code, `${what}: ${error.message}`, { cause: error });
  }
}
