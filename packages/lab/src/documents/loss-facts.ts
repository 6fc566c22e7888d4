// What is known of a loss beside its formula, in sentences: its values, what it trains, what its weights weigh, what it equals, and who else has it.

import type { LossDefinition, LossTerm } from "losskit";
import { allLosses } from "losskit/losses";

/** Libraries by their names for people, in the order of the page. */
const LIBRARY_NAMES: Readonly<Record<keyof NonNullable<LossDefinition["elsewhere"]>, string>> = {
  monai: "MONAI",
  smp: "smp",
  nnunet: "nnU-Net",
  segloss: "SegLoss",
  kornia: "kornia",
  keras: "Keras",
  optax: "optax",
};

/** Of a loss that is equal elsewhere. */
export const THE_SAME = "the same";

export interface Facts {
  readonly facts: readonly string[];
  readonly elsewhere: readonly { readonly library: string; readonly name: string; readonly verdict: string }[];
}

export function explainFacts(definition: LossDefinition): Facts {
  const { options, elsewhere = {} } = definition;
  const differing = Object.entries(options ?? {}).map(([option, setting]) => `${option}=${String(setting)}`);
  const values = valueSentence(definition);
  return {
    facts: [
      `${rangeSentence(definition)} ${trainsSentence(definition)}`,
      ...(values === undefined ? [] : [values]),
      ...weighSentences(definition),
      ...(differing.length > 0 ? [`Set as its paper has it, unless you say otherwise: ${differing.join(", ")}.`] : []),
    ],
    elsewhere: (Object.keys(LIBRARY_NAMES) as (keyof typeof LIBRARY_NAMES)[]).flatMap((library) => {
      const counterpart = elsewhere[library];
      if (counterpart === undefined) return [];
      const { name, differs } = counterpart;
      return [
        { library: LIBRARY_NAMES[library], name, verdict: differs === undefined ? THE_SAME : `differs, ${differs}` },
      ];
    }),
  };
}

function rangeSentence({ range: [low, high] }: LossDefinition): string {
  const value =
    low !== null && high !== null
      ? `from ${low} to ${high}`
      : low !== null
        ? `at least ${low}`
        : high !== null
          ? `at most ${high}`
          : "any number";
  return `Its value is ${value} at the defaults.`;
}

function trainsSentence({ activations, severalChannels }: LossDefinition): string {
  const sigmoid = (activations === undefined || activations.includes("sigmoid")) && !severalChannels;
  const softmax = activations === undefined || activations.includes("softmax");
  const one = sigmoid ? "sigmoid" : "softmax with the background";
  return `It trains one foreground class (${one})${softmax ? " or several (softmax)" : ""}.`;
}

/** Most digits that tell values apart: 1/3 is 0.3333. */
const show = (value: number): string => String(Number(value.toPrecision(4)));

function valueSentence({ values }: LossDefinition): string | undefined {
  if (values === undefined) return undefined;
  const cases: readonly (readonly [string, number | null])[] = [
    ["right everywhere", values.perfect],
    ["wrong everywhere", values.inverted],
    ["empty mask, predicted empty", values.empty],
    ["empty mask, all marked", values.falseAlarm],
    ["full mask, p = 1/2", values.half],
  ];
  const known = cases.flatMap(([name, value]) => (value === null ? [] : [`${name} ${show(value)}`]));
  const open = cases.flatMap(([name, value]) => (value === null ? [name] : []));
  const sentences = [
    ...(known.length > 0 ? [`Values: ${known.join("; ")}.`] : []),
    ...(open.length > 0 ? [`It depends on the size or the logits where: ${open.join("; ")}.`] : []),
  ];
  return sentences.join(" ");
}

function weighSentences({ weighs = {}, parameters }: LossDefinition): string[] {
  const each = Object.entries(weighs).map(([name, what]) => `${parameters[name]?.symbol ?? name} that of ${what}`);
  return each.length === 0 ? [] : [`Raising it raises the cost of one thing alone: ${each.join(", ")}.`];
}

/** A specification of the loss, its parameters by their short symbols. */
export function specify({ name, parameters }: LossDefinition, values: Readonly<Record<string, unknown>>): string {
  const settings = Object.entries(values).map(([key, value]) => `${parameters[key]?.symbol ?? key}=${String(value)}`);
  return settings.length === 0 ? name : `${name}:${settings.join(";")}`;
}

/** A side of an equality: losses with their settings and weights, and what is added. */
export interface EqualSide {
  readonly terms: readonly { readonly weight: number; readonly loss: string; readonly specification: string }[];
  readonly offset: number;
}

export interface Equality {
  readonly specification: string;
  readonly is: EqualSide;
  /** Of one foreground class only. */
  readonly oneClass: boolean;
}

/** The identities of a loss as specifications that the command line takes. */
export function equalities(definition: LossDefinition): Equality[] {
  return definition.identities.map(({ parameters, options, equals, offset = 0 }) => ({
    specification: specify(definition, { ...parameters, ...options }),
    is: {
      terms: equals.map(({ weight, loss, parameters: of, options: with_ }) => {
        const other = allLosses.find((factory) => factory.definition.name === loss)?.definition;
        return { weight, loss, specification: other ? specify(other, { ...of, ...with_ }) : loss };
      }),
      offset,
    },
    oneClass: !definition.severalChannels,
  }));
}

/** The right side of an equality as text; `show` writes a loss, `times` stands behind a weight. */
export function sumOf(
  { terms, offset }: EqualSide,
  show: (term: EqualSide["terms"][number]) => string,
  times = "*",
): string {
  const sum = terms.map((term) => (term.weight === 1 ? "" : term.weight + times) + show(term)).join(" + ");
  const shift = offset === 0 ? "" : offset < 0 ? ` - ${-offset}` : ` + ${offset}`;
  return sum + shift;
}

/** The losses that a compound is the weighted sum of; none where it has a formula of its own. */
export const partsOf = (definition: LossDefinition, terms: readonly LossTerm[]): readonly LossTerm[] =>
  terms.some((term) => term.definition === definition) ? [] : terms;

/** What a part has where its compound says nothing else. */
const USUAL: LossTerm["options"] = { classes: "all", joinClasses: "mean", emptyMasks: "count", form: "complement" };

/** "images=each": the options that a compound gives its part. */
export function ownOptions({ options }: LossTerm): string[] {
  return Object.entries(options)
    .filter(([option, setting]) => setting !== USUAL[option as keyof typeof USUAL])
    .map(([option, setting]) => `${option}=${String(setting)}`);
}

/** Lines of a formula without the indentation they share. */
export function dedent(text: string): string[] {
  const lines = text.replace(/^\s*\n|\s+$/gu, "").split("\n");
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/u)));
  return lines.map((line) => line.slice(margin).trimEnd());
}

/** One parameter in the words of a table. */
export interface ParameterRow {
  readonly name: string;
  readonly symbol: string;
  readonly value: string;
  readonly range: string;
  readonly meaning: string;
}

export const parameterRows = ({ parameters }: LossDefinition): ParameterRow[] =>
  Object.entries(parameters).map(([name, { symbol, default: value, sameAs, meaning, ...bounds }]) => ({
    name,
    symbol,
    value: sameAs === undefined ? String(value) : `as ${parameters[sameAs].symbol}`,
    range: describeRange(bounds),
    meaning,
  }));

function describeRange({ min, max, whole, kind }: Partial<LossDefinition["parameters"][string]>): string {
  const range =
    min !== undefined && max !== undefined
      ? `${min} to ${max}`
      : min !== undefined
        ? `from ${min}`
        : max !== undefined
          ? `to ${max}`
          : "any";
  return [range, ...(whole ? ["whole"] : []), ...(kind === "matrix" ? ["or a matrix"] : [])].join(", ");
}
