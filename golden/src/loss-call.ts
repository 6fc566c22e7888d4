// A golden case as a call of ours: the loss with its parameters, the arrays, the options.

import type { CallOptions, Loss } from "losskit";
import { lossNamed } from "losskit/losses";
import type { GoldenCase } from "./cases.js";
import type { LossMapping } from "./mapping.js";

export interface LossCall {
  readonly loss: Loss;
  readonly input: Float64Array;
  readonly target: Int32Array | Float64Array;
  readonly options: CallOptions;
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
  const left = Object.keys(golden.params).filter((name) => !used.has(name));
  if (left.length > 0) throw new Error(`parameters ${left.join(", ")} of ${golden.loss} are not mapped`);

  const shape = channelsFirst(golden);
  // With one channel the class list of the page's code names the label of the foreground.
  if (shape[1] === 1 && Array.isArray(ours.classes)) ours.classes = "all";
  return {
    loss: lossNamed(mapping.loss)(ours),
    input: Float64Array.from(golden.input),
    target: golden.targetKind === "labels" ? Int32Array.from(golden.targets) : Float64Array.from(golden.targets),
    options: {
      shape,
      activation: golden.inputKind === "probas" ? "none" : (mapping.activation ?? "sigmoid"),
      ignore: ignoreValue(sourceOf(mapping.ignore, golden)),
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
