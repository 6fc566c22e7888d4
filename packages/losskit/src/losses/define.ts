// Binds definitions to a backend: a factory of losses from a definition, sums of losses, losses from a user's own formula.

import { LosskitError, nearest } from "../errors.js";
import { type Formula, readFormula } from "../formula/check.js";
import { type ParameterValue, show, TERM_OPTION_NAMES, type TermOptions, termSettings } from "../formula/options.js";
import { bindLoss } from "./bind.js";
import { CONVENTION_NAMES, type ConventionName, conventionFor, type Settings } from "./conventions.js";
import type { Loss, LossDefinition, LossFactory, LossTerm, ParameterDefinition, TermArguments } from "./loss.js";

/** Symbols of parameters as the formula's reader wants them. */
function parameterKinds(
  parameters: Readonly<Record<string, ParameterValue>>,
): Record<string, "number" | "vector" | "matrix"> {
  const kind = (value: ParameterValue) =>
    typeof value === "number" ? "number" : typeof value[0] === "number" ? "vector" : "matrix";
  return Object.fromEntries(Object.entries(parameters).map(([symbol, value]) => [symbol, kind(value)]));
}

/** Names that a factory takes besides the parameters of a loss. */
export const SETTING_NAMES = [...TERM_OPTION_NAMES, "conventions"] as const;

/**
 * A factory for the loss. The formula is read here, so a mistake in it is found when the loss is defined.
 *
 * @throws FormulaError or LosskitError DEFINITION
 */
export function defineLoss(definition: LossDefinition): LossFactory {
  const kinds: Record<string, "number" | "matrix"> = {};
  for (const [name, { symbol, kind = "number" }] of Object.entries(definition.parameters)) {
    if ((SETTING_NAMES as readonly string[]).includes(name)) {
      throw new LosskitError(
        "DEFINITION",
        `${definition.name}: a parameter cannot be named ${name}, which is an option`,
      );
    }
    kinds[symbol] = kind;
  }
  const formula = readFormula(definition.formula, { parameters: kinds, fields: definition.fields });
  // A sum of losses finds it here and does not read the text again.
  formulas.set(definition, formula);
  const factory = (settings: TermArguments = {}): Loss => {
    const { parameters, options } = splitSettings(definition, settings);
    return { ...bindLoss([{ term: { definition, weight: 1, parameters, options }, formula }]), definition };
  };
  return Object.assign(factory, { definition });
}

/** Separates and checks the parameters of a loss and the options of a term, and fills in defaults: a convention's, then the loss's own. */
function splitSettings(
  definition: LossDefinition,
  settings: TermArguments,
): { parameters: Record<string, ParameterValue>; options: TermOptions } {
  const convention = readConvention(settings.conventions, definition.name);
  const options: Record<string, unknown> = { ...convention.options };
  const given: Record<string, ParameterValue> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || name === "conventions") continue;
    if ((TERM_OPTION_NAMES as readonly string[]).includes(name)) options[name] = value;
    else if (Object.hasOwn(definition.parameters, name)) {
      given[name] = checkParameter(definition.name, name, definition.parameters[name], value);
    } else {
      throw unknownSetting(definition.name, name, Object.keys(definition.parameters));
    }
  }
  termSettings(options as TermOptions, definition.options ?? {});
  // What a caller gives for a parameter goes before what a convention says of one that takes its default from it.
  const settled = (name: string): ParameterValue => {
    const { sameAs, default: own } = definition.parameters[name];
    if (name in given) return given[name];
    if (sameAs !== undefined && sameAs in given) return given[sameAs];
    return convention.parameters[name] ?? (sameAs === undefined ? own : settled(sameAs));
  };
  const names = Object.keys(definition.parameters);
  return {
    parameters: Object.fromEntries(names.map((name) => [name, settled(name)])),
    options: options as TermOptions,
  };
}

function readConvention(name: unknown, loss: string): Required<Settings> {
  if (name === undefined) return { parameters: {}, options: {} };
  if (!(CONVENTION_NAMES as readonly unknown[]).includes(name)) {
    throw new LosskitError(
      "OPTION",
      `conventions is ${show(name)}; it may be ${CONVENTION_NAMES.map((known) => show(known)).join(", ")}`,
    );
  }
  return conventionFor(name as ConventionName, loss);
}

/** The error for a setting that a loss does not have. */
export function unknownSetting(loss: string, name: string, parameters: readonly string[]): LosskitError {
  const names = [...parameters, ...SETTING_NAMES];
  const similar = nearest(name, names);
  return new LosskitError(
    "PARAMETER",
    `${loss} has no parameter ${name}; ${similar ? `did you mean ${similar}?` : `it takes ${names.join(", ")}`}`,
  );
}

function checkParameter(loss: string, name: string, parameter: ParameterDefinition, value: unknown): ParameterValue {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, kind, whole } = parameter;
  const fits = (number: unknown) =>
    typeof number === "number" &&
    Number.isFinite(number) &&
    number >= min &&
    number <= max &&
    (!whole || Number.isInteger(number));
  if (fits(value)) return value as number;
  const isMatrix =
    kind === "matrix" &&
    Array.isArray(value) &&
    value.every((row) => Array.isArray(row) && row.length === value.length && row.every(fits));
  if (isMatrix) return value as readonly (readonly number[])[];
  const range =
    parameter.max !== undefined
      ? `from ${min} to ${max}`
      : parameter.min !== undefined
        ? `of at least ${min}`
        : "that is finite";
  const form = `a ${whole ? "whole " : ""}number ${range}${kind === "matrix" ? ", or a classes × classes matrix of them" : ""}`;
  throw new LosskitError(
    "PARAMETER",
    `${name} of ${loss} is ${show(value)}; it is ${form} (default ${parameter.sameAs ?? parameter.default}): ${parameter.meaning}`,
  );
}

/**
 * Several losses as one: their sums and maps share the same passes over the voxels.
 *
 * @param terms losses, or pairs of a weight and a loss
 * @throws LosskitError PARAMETER for a weight that is not a finite number, DEFINITION without terms
 *
 * @example add(dice(), [0.5, bce()])
 */
export function add(...terms: readonly (Loss | readonly [weight: number, loss: Loss])[]): Loss {
  if (terms.length === 0) throw new LosskitError("DEFINITION", "add() needs at least one loss");
  return bindLoss(
    terms.flatMap((entry) => {
      const [weight, loss] = Array.isArray(entry) ? (entry as readonly [number, Loss]) : [1, entry as Loss];
      if (!Number.isFinite(weight)) {
        throw new LosskitError("PARAMETER", `the weight of a loss is ${show(weight)}; it is a finite number`);
      }
      return loss.terms.map((term) => ({
        term: { ...term, weight: weight * term.weight },
        formula: formulaOf(term),
      }));
    }),
  );
}

const formulas = new WeakMap<LossDefinition, Formula>();

/** The formula of a term, read once per definition. */
export function formulaOf({ definition, parameters }: LossTerm): Formula {
  const known = formulas.get(definition);
  if (known) return known;
  const bySymbol = Object.fromEntries(
    Object.entries(definition.parameters).map(([name, { symbol }]) => [symbol, parameters[name]]),
  );
  const formula = readFormula(definition.formula, {
    parameters: parameterKinds(bySymbol),
    fields: definition.fields,
  });
  formulas.set(definition, formula);
  return formula;
}

export interface FormulaOptions extends TermOptions {
  /** Values of the names that the formula uses: a number, one per class, or a classes × classes matrix. */
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
  /** Arrays that a call supplies. */
  readonly fields?: Readonly<Record<string, "voxel" | "class-voxel">>;
  /** Name in errors and tables. */
  readonly title?: string;
}

/**
 * A loss from a formula of your own. The text is only ever read: it cannot run code.
 *
 * @throws FormulaError with line, column and what was expected; LosskitError PARAMETER for a value that is not finite numbers
 *
 * @example lossFromFormula("1 - 2*sum(p*y) / (sum(p) + sum(y))")
 */
export function lossFromFormula(text: string, options: FormulaOptions = {}): Loss {
  const { parameters = {}, fields, title = "your formula", ...termOptions } = options;
  for (const [name, value] of Object.entries(parameters)) {
    if ([value].flat(2).every((number) => Number.isFinite(number))) continue;
    throw new LosskitError("PARAMETER", `${name} of ${title} is ${show(value)}; it holds finite numbers`);
  }
  const formula = readFormula(text, { parameters: parameterKinds(parameters), fields });
  // For its checks: a wrong option is found here, not in the first call.
  termSettings(termOptions, {});
  const definition: LossDefinition = {
    name: title,
    title,
    family: "compound",
    parameters: Object.fromEntries(
      Object.keys(parameters).map((name) => [name, { symbol: name, default: Number.NaN, meaning: "" }]),
    ),
    formula: text,
    fields,
    range: [null, null],
    identities: [],
    use: "",
    references: [],
  };
  formulas.set(definition, formula);
  return { ...bindLoss([{ term: { definition, weight: 1, parameters, options: termOptions }, formula }]), definition };
}
