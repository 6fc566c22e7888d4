// The parameters of a loss as arguments of a constructor: names, defaults, and what each is called in the graph.

import { parameterPrefix, weightName } from "../compiler/program.js";
import type { ParameterValue, TermSettings } from "../formula/options.js";
import type { Loss, LossTerm } from "../losses/loss.js";
import { nameGiver, snakeCase } from "./python-names.js";
import { shortName } from "./readable-graph.js";

/** One argument of a constructor. */
export interface Parameter {
  readonly name: string;
  readonly value: ParameterValue;
  readonly meaning: string;
  /** True for a count. */
  readonly whole?: boolean;
  /** Argument whose value is the default, where this one has the same. */
  readonly sameAs?: string;
  /** A matrix that was given as one number for every pair of different classes. */
  readonly offDiagonal?: boolean;
  /** Names of the graph's parameters that it gives the value of. */
  readonly symbols: readonly string[];
}

/** What `nn.Module` of PyTorch and `Loss` of Keras have under a name of their own: an attribute of that name would break them. */
const MEMBERS = (
  "add_module apply bfloat16 buffers call call_super_init children compile cpu cuda double dtype dtype_policy dump_patches eval extra_repr forward " +
  "from_config get_buffer get_config get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia name named_buffers " +
  "named_children named_modules named_parameters parameters reduction register_backward_hook register_buffer register_forward_hook " +
  "register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook " +
  "register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook " +
  "requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training xpu zero_grad"
).split(" ");

/** An argument before it has its name: of which term, and the wished one. */
interface Wish extends Omit<Parameter, "name" | "symbols"> {
  readonly term: LossTerm;
  readonly wish: string;
  readonly symbol: string;
}

/**
 * Arguments of all terms: parameters of one name and value in several terms are one argument, as a compound has them; others
 * carry the name of their loss.
 */
export function constructorParameters({ terms }: Loss, settings: readonly TermSettings[]): Parameter[] {
  const result: Parameter[] = [];
  const giveName = nameGiver(["ignore", "spacing", ...MEMBERS]);
  for (const { term, wish, symbol, ...entry } of terms.flatMap((term, i) =>
    wishesOf(term, i, settings[i], terms.length > 1),
  )) {
    const base = snakeCase(wish);
    const same = ({ name, value }: Parameter) => name === base && JSON.stringify(value) === JSON.stringify(entry.value);
    const known = result.findIndex(same);
    if (known >= 0) {
      result[known] = { ...result[known], symbols: [...result[known].symbols, symbol] };
      continue;
    }
    const taken = result.some(({ name }) => name === base);
    result.push({ ...entry, name: giveName(taken ? `${shortName(term)}_${base}` : base), symbols: [symbol] });
  }
  return result;
}

function wishesOf(term: LossTerm, i: number, { classWeights }: TermSettings, several: boolean): Wish[] {
  const { definition, parameters, weight } = term;
  const wishes: Wish[] = [];
  if (several || weight !== 1) {
    const wish = several ? `${shortName(term)}_weight` : "weight";
    wishes.push({ term, wish, symbol: weightName(i), value: weight, meaning: `weight of the ${definition.title}` });
  }
  for (const [name, { symbol, meaning, kind, sameAs, whole }] of Object.entries(definition.parameters)) {
    const value = parameters[name];
    wishes.push({
      term,
      wish: name,
      symbol: parameterPrefix(i) + symbol,
      value,
      meaning: meaning || `'${symbol}' of the formula`,
      ...(whole && { whole }),
      ...(kind === "matrix" && typeof value === "number" && { offDiagonal: true }),
      ...(sameAs !== undefined && parameters[sameAs] === value && { sameAs: snakeCase(sameAs) }),
    });
  }
  if (classWeights) {
    const symbol = `${parameterPrefix(i)}:classWeights`;
    wishes.push({ term, wish: "classWeights", symbol, value: classWeights, meaning: "one weight per class" });
  }
  return wishes;
}
