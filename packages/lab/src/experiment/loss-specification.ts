// From a loss specification of the command line to a loss of the library, and what the record of an experiment says of it.

import {
  cosine,
  type Loss,
  type LossFactory,
  LosskitError,
  linear,
  lossFromFormula,
  nearest,
  type ParameterValue,
  type Schedule,
  scheduled,
  type TermArguments,
  type TermOptions,
} from "losskit";
import { allLosses, toBibtex } from "losskit/losses";
import { LabError } from "../errors.js";
import { chooseHead } from "../training/head.js";
import type { LossEntry } from "./results.js";
import {
  describeProblem,
  type ParameterSyntax,
  readSpecification,
  type TermSyntax,
  type WeightSchedule,
} from "./specification-syntax.js";

/** A loss under its label, ready to train with. */
export interface SpecifiedLoss {
  /** Name in tables and plots: the specification without spaces, or the label of a formula. */
  readonly label: string;
  readonly specification: string;
  /** The loss; where weights change in training, as it is at the first step. */
  readonly loss: Loss;
  /** Set where weights change in training: the loss of each step, counted from 0, in a training of so many steps. */
  readonly overSteps?: (steps: number) => (step: number) => Loss;
  /** What the specification names, each with its weight. */
  readonly terms: readonly SpecifiedTerm[];
  /** Keys of the papers of the losses it names, and of their parts. */
  readonly papers: readonly string[];
}

interface SpecifiedTerm {
  readonly weight: number | WeightSchedule;
  readonly loss: Loss;
}

/** What a factory takes beside the parameters of its loss. */
type SettingName = keyof TermOptions | "conventions";

/** What each of them may be in a specification: words, a list of numbers, or either. */
const SETTINGS: Readonly<Record<SettingName, { words: readonly string[]; list?: string }>> = {
  classes: { words: ["all", "present", "foreground"], list: "class indices such as 1,2" },
  images: { words: ["each", "together"] },
  joinClasses: { words: ["mean", "sum", "pooled"] },
  classWeights: { words: [], list: "one number from 0 per class, such as 0.5,1,2" },
  classWeighting: { words: ["average", "factor"] },
  emptyMasks: { words: ["count", "skip", "zero"] },
  form: { words: ["complement", "negative", "log"] },
  // Training needs one number, so the reductions that keep images or voxels apart have no place here.
  reduction: { words: ["mean", "sum"] },
  conventions: { words: ["monai", "smp", "nnunet", "keras", "page"] satisfies TermArguments["conventions"][] },
};

/**
 * Makes the loss a specification names.
 *
 * @param specification terms joined by `+`, each `[weight*]name[:param=value[;param=value]]`, where the weight is a number,
 *   `linear(a,b)` or `cosine(a,b)` and `param` the name or
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
    return { label: syntax.label, specification, loss, terms: [{ weight: 1, loss }], papers: [] };
  }
  const named = syntax.terms.map((term) => findFactory(specification, term, factories));
  const terms = syntax.terms.map((term, i) => ({
    weight: term.weight,
    loss: makeTerm(specification, term, named[i]),
  }));
  const changes = terms.some(({ weight }) => typeof weight !== "number");
  const overSteps = (steps: number) => scheduled(terms.map(({ weight, loss }) => [weightOver(weight, steps), loss]));
  const plain = terms.length === 1 && terms[0].weight === 1;
  const loss = plain ? terms[0].loss : overSteps(1)(0);
  // A compound has papers of its own, and its terms are its parts with theirs.
  const definitions = [...named, ...loss.terms].map(({ definition }) => definition);
  const papers = [...new Set(definitions.flatMap(({ references }) => references))];
  const label = specification.replace(/\s+/gu, "");
  return { label, specification, loss, terms, papers, ...(changes && { overSteps }) };
}

/** A weight in a training of so many steps: a schedule takes its last value at the last step. */
function weightOver(weight: number | WeightSchedule, steps: number): number | Schedule {
  if (typeof weight === "number") return weight;
  const { kind, from, to } = weight;
  return (kind === "linear" ? linear : cosine)({ from, to, steps: Math.max(1, steps - 1) });
}

/** What the record of an experiment says of a loss that trains a network for these classes. */
export function describeLoss(
  { label, specification, loss, terms, papers }: SpecifiedLoss,
  classes: readonly string[],
): LossEntry {
  const choice = chooseHead(loss, classes);
  return {
    label,
    specification,
    ...("head" in choice && { head: choice.head }),
    formulas: terms.flatMap(({ weight, loss: { terms: parts } }) =>
      parts.map(({ definition: { title, formula }, weight: own }) =>
        typeof weight === "number"
          ? { title, formula, weight: weight * own }
          : { title, formula, weight: own, schedule: `${weight.kind}(${weight.from},${weight.to})` },
      ),
    ),
    references: papers.map(toBibtex),
  };
}

function findFactory(
  specification: string,
  { name, nameAt }: TermSyntax,
  factories: readonly LossFactory[],
): LossFactory {
  const factory = factories.find(({ definition }) => definition.name === name);
  if (factory) return factory;
  const near = nearest(
    name,
    factories.map(({ definition }) => definition.name),
  );
  const advice = near ? `did you mean "${near}"?` : "losskit list shows those there are";
  return fail(specification, nameAt, name.length, `there is no loss "${name}"; ${advice}`);
}

function makeTerm(specification: string, term: TermSyntax, factory: LossFactory): Loss {
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
  if (name in SETTINGS) return name;
  const known = Object.entries(parameters).flatMap(([key, { symbol }]) => (key === symbol ? [key] : [key, symbol]));
  // Every single letter is one step from every other: no suggestion.
  const near = name.length > 1 ? nearest(name, [...known, ...Object.keys(SETTINGS)]) : undefined;
  const own = known.length > 0 ? `its parameters are ${known.join(", ")}` : "it has no parameters";
  const advice = near
    ? `did you mean "${near}"?`
    : `${own}; every loss takes ${Object.keys(SETTINGS).join(", ")} (see: losskit explain ${lossName})`;
  return fail(specification, nameAt, name.length, `the loss ${lossName} has no parameter "${name}"; ${advice}`);
}

function readValue(specification: string, parameter: ParameterSyntax, name: string, factory: LossFactory): unknown {
  const { value, valueAt } = parameter;
  const refuse = (allowed: string): never =>
    fail(specification, valueAt, value.length, `${parameter.name} is "${value}"; it may be ${allowed}`);
  const definition = factory.definition.parameters[name];
  if (definition) {
    if (Number.isFinite(Number(value))) return Number(value);
    if (definition.kind !== "matrix") return refuse("one finite number");
    return readMatrix(value) ?? refuse("one finite number, or a row per class as in 0,1,1/1,0,0.5/1,0.5,0");
  }
  const { words, list } = SETTINGS[name as SettingName];
  if (words.includes(value)) return value;
  const numbers = readNumbers(value);
  if (list && numbers.every((number) => Number.isFinite(number) && number >= 0)) return numbers;
  return refuse([...words, ...(list ? [list] : [])].join(", "));
}

/** Rows apart by `/`, numbers by `,`; undefined where it is no square of finite numbers. */
function readMatrix(text: string): ParameterValue | undefined {
  const rows = text.split("/").map(readNumbers);
  return rows.every((row) => row.length === rows.length && row.every(Number.isFinite)) ? rows : undefined;
}

/** Numbers apart by `,`; NaN for what is none. */
const readNumbers = (text: string): number[] =>
  text.split(",").map((item) => (item.trim() === "" ? Number.NaN : Number(item)));

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
