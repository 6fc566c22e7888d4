// Compounds that are plain weighted sums of other losses: named once, each part keeping its own formula and options.

import { LosskitError } from "../errors.js";
import { TERM_OPTION_NAMES, type TermOptions } from "../formula/options.js";
import { tokenize } from "../formula/tokens.js";
import { compoundConvention } from "./conventions.js";
import { add, defineLoss, SETTING_NAMES, unknownSetting } from "./define.js";
import type { Loss, LossDefinition, LossFactory, ParameterDefinition, TermArguments } from "./loss.js";

/** One loss of a compound. */
export interface Part {
  readonly loss: LossFactory;
  /** Default weight; 1 where absent. */
  readonly weight?: number;
  /** Options that stay as they are whatever the compound is given, such as a cross entropy that counts every class. */
  readonly fixed?: TermOptions;
}

/** For a part that is no 1 - score: whatever form and policy of empty masks the other part takes. */
export const AS_IT_IS: TermOptions = { form: "complement", emptyMasks: "count" };

/** For a cross entropy beside a region loss: it counts every class, whichever the region loss is of. */
export const OF_EVERY_CLASS: TermOptions = { ...AS_IT_IS, classes: "all", joinClasses: "mean" };

/** What is said of a compound beside its parts. */
export type CompoundFacts = Omit<LossDefinition, "family" | "parameters" | "formula" | "fields" | "options"> & {
  /** Most compounds are of the family of that name; clDice with Dice is still about topology. */
  readonly family?: LossDefinition["family"];
  readonly parameters?: Readonly<Record<string, Partial<ParameterDefinition>>>;
};

/**
 * A factory for the weighted sum of some losses. It takes `NAMEWeight` for each part, and the parameters and options of its parts: a name that
 * several have goes to all of them.
 *
 * @param parts by a short name: of the weight, and of the part's line in the formula
 * @throws LosskitError DEFINITION where two parts use one symbol for different parameters
 */
export function defineCompound(facts: CompoundFacts, parts: Readonly<Record<string, Part>>): LossFactory {
  const entries = Object.entries(parts);
  const own: Record<string, ParameterDefinition> = {};
  for (const [part, { loss, weight = 1 }] of entries) {
    own[`${part}Weight`] = {
      symbol: `w_${part}`,
      default: weight,
      min: 0,
      meaning: `weight of ${loss.definition.title}`,
    };
  }
  for (const [, { loss }] of entries) {
    for (const [name, parameter] of Object.entries(loss.definition.parameters)) {
      const known = own[name] ?? parameter;
      if (known.symbol !== parameter.symbol) {
        throw new LosskitError(
          "DEFINITION",
          `${facts.name}: ${name} is ${known.symbol} in one part and ${parameter.symbol} in another; give both the same symbol`,
        );
      }
      own[name] = { ...known, ...facts.parameters?.[name] };
    }
  }
  const definition: LossDefinition = {
    family: "compound",
    ...facts,
    parameters: own,
    formula: joinedFormula(entries.map(([part, { loss }]) => [part, loss.definition.formula])),
  };
  // Reads the joined formula once, so that a clash of names is found here.
  defineLoss(definition);

  const factory = (settings: TermArguments = {}): Loss => {
    for (const name of Object.keys(settings)) {
      const known = Object.hasOwn(own, name) || (SETTING_NAMES as readonly string[]).includes(name);
      if (!known) throw unknownSetting(facts.name, name, Object.keys(own));
    }
    const convention = compoundConvention(settings.conventions, facts.name);
    const conventional = Object.entries({ ...convention.parameters, ...convention.options });
    const sum = add(
      ...entries.map(([part, { loss, weight = 1, fixed }]): readonly [number, Loss] => {
        const taken = [...TERM_OPTION_NAMES, ...Object.keys(loss.definition.parameters), "conventions"];
        const changed = Object.entries(facts.parameters ?? {}).flatMap(([name, { default: value }]) =>
          value !== undefined && taken.includes(name) ? [[name, value]] : [],
        );
        const given = Object.entries(settings).filter(([name, value]) => value !== undefined && taken.includes(name));
        const settled = [...changed, ...conventional.filter(([name]) => taken.includes(name)), ...given];
        const arguments_: Record<string, unknown> = { ...Object.fromEntries(settled), ...fixed };
        // "present" is a policy of empty masks, of which this part has its own.
        if (fixed?.emptyMasks && arguments_.classes === "present") arguments_.classes = "all";
        return [(settings[`${part}Weight`] as number | undefined) ?? weight, loss(arguments_)];
      }),
    );
    return { ...sum, definition };
  };
  return Object.assign(factory, { definition });
}

/** The formulas one after the other, the names they share told apart by the name of the part, and their weighted sum. */
function joinedFormula(formulas: readonly (readonly [part: string, text: string])[]): string {
  const count = new Map<string, number>();
  for (const [, text] of formulas) {
    for (const name of assigned(text)) count.set(name, (count.get(name) ?? 0) + 1);
  }
  const texts = formulas.map(([part, text]) => {
    const names = new Map(
      [...assigned(text)].map((name) => [
        name,
        name === "loss" ? capital(part) : (count.get(name) as number) > 1 ? `${name}_${part}` : name,
      ]),
    );
    return renamed(text, names).trim();
  });
  const sum = formulas.map(([part]) => `w_${part} * ${capital(part)}`).join(" + ");
  return `\n    ${texts.join("\n    ")}\n    loss = ${sum}\n  `;
}

/** "boundaryMap" becomes "BoundaryMap". */
const capital = (name: string) => name[0].toUpperCase() + name.slice(1);

/** Names that a formula's lines give values to. */
function assigned(text: string): Set<string> {
  const tokens = tokenize(text);
  return new Set(
    tokens
      .filter(({ kind }, i) => kind === "name" && tokens[i + 1].kind === "symbol" && tokens[i + 1].text === "=")
      .map((token) => token.text),
  );
}

function renamed(text: string, names: ReadonlyMap<string, string>): string {
  let result = "";
  let end = 0;
  for (const { kind, text: name, at } of tokenize(text)) {
    if (kind !== "name") continue;
    result += text.slice(end, at) + (names.get(name) ?? name);
    end = at + name.length;
  }
  return result + text.slice(end);
}
