// A golden case as a call of ours: the loss with its parameters, the arrays, the options.

import { add, type CallOptions, type Loss, lossFromFormula } from "losskit";
import { lossNamed } from "losskit/losses";
import type { GoldenCase } from "./cases.js";
import type { LossMapping } from "./mapping.js";
import { readParameters } from "./peers/parameters.js";
import type { PeerMapping, PeerTerm } from "./peers/peer-call.js";

export interface LossCall {
  readonly loss: Loss;
  /** What it is the sum of, weights and all. */
  readonly terms: readonly Loss[];
  readonly input: Float64Array;
  readonly target: Int32Array | Float64Array;
  readonly options: CallOptions;
  /** What it is with us: names of losses with whose conventions, or "a formula". */
  readonly ours: string;
  /** Where it is one loss of ours and nothing else: that loss. */
  readonly single: string | undefined;
}

/** @throws Error where a parameter of the case is not mapped, or ours refuses one */
export function lossCall(mapping: LossMapping, golden: GoldenCase): LossCall {
  const { settings, choices = {}, unused = [] } = mapping;
  const used = new Set<string>(unused);
  const ours: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(settings)) {
    if ("from" in source) used.add(source.from);
    ours[name] = sourceOf(source, golden);
  }
  for (const [name, { of, yes, no }] of Object.entries(choices)) {
    used.add(of);
    ours[name] = golden.params[of] ? yes : no;
  }
  if (mapping.ignore && "from" in mapping.ignore) used.add(mapping.ignore.from);
  refuseLeft(
    golden,
    Object.keys(golden.params).filter((name) => !used.has(name)),
  );

  const shape = channelsFirst(golden);
  // With one channel the class list of the page's code names the label of the foreground.
  if (shape[1] === 1 && Array.isArray(ours.classes)) ours.classes = "all";
  const loss = lossNamed(mapping.loss)(ours);
  return {
    loss,
    terms: [loss],
    input: Float64Array.from(golden.input),
    target: targetArray(golden, golden.targets),
    options: {
      shape,
      activation: golden.inputKind === "probas" ? "none" : (mapping.activation ?? "sigmoid"),
      ignore: ignoreValue(sourceOf(mapping.ignore, golden)),
    },
    ours: mapping.loss,
    single: mapping.loss,
  };
}

/**
 * The same for a class of another library.
 *
 * @throws Error where a parameter of the case was not read, or ours refuses one
 */
export function peerLossCall(mapping: PeerMapping, golden: GoldenCase): LossCall {
  const parameters = readParameters(golden);
  const { terms, activation, ignore, weights, fields, targets = golden.targets } = mapping(parameters, golden);
  refuseLeft(golden, parameters.left());
  const [first] = terms;
  const single = terms.length === 1 && (first.weight ?? 1) === 1 ? first.loss : undefined;
  const weighted = terms.map((term) => add([term.weight ?? 1, lossOf(term)]));
  return {
    loss: add(...weighted),
    terms: weighted,
    input: Float64Array.from(golden.input),
    target: targetArray(golden, targets),
    options: {
      shape: channelsFirst(golden),
      activation,
      ignore,
      weights: weights && Float64Array.from(weights),
      fields:
        fields && Object.fromEntries(Object.entries(fields).map(([name, array]) => [name, Float64Array.from(array)])),
    },
    ours: [...new Set(terms.map(described))].join(" + "),
    single,
  };
}

function lossOf({ loss, formula, settings = {} }: PeerTerm): Loss {
  if (formula !== undefined && loss === undefined) return lossFromFormula(formula, settings);
  if (loss !== undefined && formula === undefined) return lossNamed(loss)(settings);
  throw new Error("a term is a loss or a formula, and not both");
}

function described({ loss, settings = {} }: PeerTerm): string {
  if (loss === undefined) return "a formula";
  return settings.conventions === undefined ? loss : `${loss} (${settings.conventions})`;
}

function refuseLeft({ loss }: GoldenCase, left: readonly string[]): void {
  if (left.length > 0) throw new Error(`parameters ${left.join(", ")} of ${loss} are not mapped`);
}

const targetArray = ({ targetKind }: GoldenCase, targets: readonly number[]) =>
  targetKind === "labels" ? Int32Array.from(targets) : Float64Array.from(targets);

/** The call with its arrays in float32, as kernels take them, and the same numbers in float64. */
export function inFloat32(call: LossCall): {
  readonly input: Float32Array;
  readonly target: Int32Array | Float32Array;
  readonly options: CallOptions;
  readonly exact: LossCall;
} {
  const { input, target, options } = call;
  const { weights, fields } = options;
  const single = (array: ArrayLike<number>) => Float32Array.from(array);
  const each = <A>(convert: (array: ArrayLike<number>) => A) =>
    fields && Object.fromEntries(Object.entries(fields).map(([name, array]) => [name, convert(array)]));
  const rounded = (array: ArrayLike<number>) => Float64Array.from(single(array));
  return {
    input: single(input),
    target: target instanceof Float64Array ? single(target) : target,
    options: { ...options, weights: weights && single(weights), fields: each(single) },
    exact: {
      ...call,
      input: rounded(input),
      target: target instanceof Float64Array ? rounded(target) : target,
      options: { ...options, weights: weights && rounded(weights), fields: each(rounded) },
    },
  };
}

/** `[B, H, W]` inputs have one channel. */
export function channelsFirst(golden: GoldenCase): readonly number[] {
  const { shape } = golden;
  return shape.length === 3 ? [shape[0], 1, ...shape.slice(1)] : shape;
}

export function sourceOf(source: LossMapping["ignore"], golden: GoldenCase): unknown {
  if (!source) return undefined;
  return "from" in source ? golden.params[source.from] : source.value;
}

export const ignoreValue = (value: unknown) => (typeof value === "number" ? value : undefined);
