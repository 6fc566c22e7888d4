// Options of calls and terms on kernels: every pair of them somewhere, against the reference.

import { describe, expect, it } from "vitest";
import { LosskitError } from "../../src/errors.js";
import type { CallOptions, Target } from "../../src/formula/options.js";
import { allLosses } from "../../src/losses/all.js";
import type { LossFactory, TermArguments } from "../../src/losses/loss.js";
import { headsOf, largest, uniformSequence } from "../losses/calls.js";
import { type Head, inLibraryMemory, reference, sameBits, type WasmCall, wasmCallFor } from "./conformance-calls.js";
import { problemsOf } from "./float32-bounds.js";

/** What may be chosen, option by option; "" leaves an option out. */
const CHOICES = {
  layout: ["channels-first", "channels-last"],
  target: ["uint8", "int8", "uint16", "int32", "channels uint8", "channels float32", "channels float64", "soft"],
  ignore: ["", "255", "-100", "0"],
  weights: ["", "float32", "float64"],
  classes: ["all", "present", "foreground", "list"],
  images: ["each", "together"],
  joinClasses: ["mean", "sum", "pooled"],
  classWeights: ["", "average", "factor"],
  emptyMasks: ["", "skip", "zero"],
  form: ["complement", "negative", "log"],
  reduction: ["mean", "sum", "none", "voxels"],
} as const;
type Option = keyof typeof CHOICES;
type Choice = { readonly [O in Option]: (typeof CHOICES)[O][number] };
const OPTIONS = Object.keys(CHOICES) as Option[];

/** Few combinations in which every pair of choices of two options occurs: each time the one of 60 random ones that has most new pairs. */
function pairwise(): Choice[] {
  const uniform = uniformSequence(77);
  const pairsOf = (choice: Choice) =>
    OPTIONS.flatMap((a, i) => OPTIONS.slice(i + 1).map((b) => `${a}=${choice[a]},${b}=${choice[b]}`));
  const random = () =>
    Object.fromEntries(
      OPTIONS.map((option) => [option, CHOICES[option][Math.floor(uniform() * CHOICES[option].length)]]),
    ) as Choice;
  const total = OPTIONS.reduce(
    (sum, a, i) => sum + OPTIONS.slice(i + 1).reduce((own, b) => own + CHOICES[a].length * CHOICES[b].length, 0),
    0,
  );
  const seen = new Set<string>();
  const chosen: Choice[] = [];
  while (seen.size < total) {
    const candidates = Array.from({ length: 60 }, random);
    const fresh = (choice: Choice) => pairsOf(choice).filter((pair) => !seen.has(pair)).length;
    const best = candidates.reduce((a, b) => (fresh(b) > fresh(a) ? b : a));
    if (fresh(best) === 0) continue;
    for (const pair of pairsOf(best)) seen.add(pair);
    chosen.push(best);
  }
  return chosen;
}

const IMAGES = 2;
const VOXELS = 150;

/** A call of the choice; what is the same in all is left to `wasmCallFor`. */
function callOf(
  factory: LossFactory,
  choice: Choice,
  head: Head,
  seed: number,
): { call: WasmCall; target: Target; options: CallOptions } {
  const call = wasmCallFor(factory, seed, head, VOXELS, IMAGES);
  const { channels, activation } = head;
  const uniform = uniformSequence(seed + 1);
  const ignore = choice.ignore === "" ? undefined : Number(choice.ignore);
  const holds = (type: string) => ignore === undefined || ignore >= 0 || !["uint8", "uint16"].includes(type);
  const ignored = (value: number, type: string) =>
    ignore !== undefined && holds(type) && uniform() < 0.2 ? ignore : value;
  const perChannel = (type: string, value: (is: number) => number) =>
    Float64Array.from({ length: IMAGES * channels * VOXELS }, (_, i) => {
      const image = Math.floor(i / (channels * VOXELS));
      const label = call.target[image * VOXELS + (i % VOXELS)];
      const is = Number(label === (channels === 1 ? 1 : Math.floor(i / VOXELS) % channels));
      return ignored(value(is), type);
    });
  const labels = (type: string) => Array.from(call.target, (label) => ignored(label, type));
  const ordered = (values: Float64Array) =>
    choice.layout === "channels-last" ? lastChannel(values, channels) : values;
  const target = (): Target => {
    switch (choice.target) {
      case "uint8":
        return Uint8Array.from(labels("uint8"));
      case "int8":
        return Int8Array.from(labels("int8").map((label) => Math.min(label, 127)));
      case "uint16":
        return Uint16Array.from(labels("uint16"));
      case "int32":
        return Int32Array.from(labels("int32"));
      case "channels uint8":
        return Uint8Array.from(ordered(perChannel("uint8", (is) => is)));
      case "channels float32":
        return Float32Array.from(ordered(perChannel("float32", (is) => is)));
      case "channels float64":
        return ordered(perChannel("float64", (is) => is));
      default:
        return Float32Array.from(ordered(perChannel("float32", (is) => Math.round(64 * (0.2 + 0.6 * is)) / 64)));
    }
  };
  const made = target();
  // A byte cannot hold 255 as an Int8Array has it: that array ignores 127.
  const ignoredValue = ignore === 255 && made instanceof Int8Array ? 127 : ignore;
  const weight = () => Math.round(8 * uniform()) / 4;
  const weights =
    choice.weights === ""
      ? undefined
      : choice.weights === "float32"
        ? Float32Array.from({ length: IMAGES * VOXELS }, weight)
        : Float64Array.from({ length: IMAGES * VOXELS }, weight);
  const shape = choice.layout === "channels-last" ? [IMAGES, VOXELS, channels] : [IMAGES, channels, VOXELS];
  const logits = Float32Array.from(ordered(Float64Array.from(call.logits)));
  return {
    call: { ...call, logits },
    target: made,
    options: { ...call.options, shape, layout: choice.layout, activation, ignore: ignoredValue, weights },
  };
}

function lastChannel(values: Float64Array, channels: number): Float64Array {
  return values.map((_, i) => {
    const image = Math.floor(i / (channels * VOXELS));
    const voxel = Math.floor(i / channels) % VOXELS;
    return values[(image * channels + (i % channels)) * VOXELS + voxel];
  });
}

function settingsOf(
  { definition }: LossFactory,
  { classes, images, joinClasses, classWeights, emptyMasks, form, reduction }: Choice,
  channels: number,
): TermArguments {
  const list = channels > 1 ? [0, channels - 1] : [0];
  return {
    classes: classes === "list" ? list : classes,
    images,
    joinClasses,
    reduction,
    ...(classWeights === ""
      ? {}
      : { classWeights: Array.from({ length: channels }, (_, c) => 1 + c / 2), classWeighting: classWeights }),
    // "present" is a policy of empty masks by itself.
    ...(emptyMasks === "" || classes === "present" ? {} : { emptyMasks }),
    // Only a loss that is 1 - score has forms; that the others refuse them is one test in test/options.
    ...(definition.range[0] === 0 && definition.range[1] === 1 ? { form } : {}),
  };
}

function attempt<T>(run: () => T): T | LosskitError {
  try {
    return run();
  } catch (error) {
    if (error instanceof LosskitError) return error;
    throw error;
  }
}

const COMBINATIONS = pairwise();
/** Ranks of a few hundred voxels have no near neighbours often; their options are compared by the value. */
const ranks = ({ definition }: LossFactory) => definition.formula.includes("lovasz(");

it("covers every pair of options with few combinations", () => {
  expect(COMBINATIONS.length).toBeLessThan(100);
});

describe.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s", (_, factory) => {
  it("gives what the reference gives, or refuses with the same error", () => {
    let compared = 0;
    const heads = headsOf(factory);
    COMBINATIONS.forEach((choice, i) => {
      const head = heads[i % heads.length];
      const { call, target, options } = callOf(factory, choice, head, 100 + i);
      const loss = factory(settingsOf(factory, choice, head.channels));
      const truth = attempt(() => reference(loss, call.logits, target, options));
      const result = attempt(() => loss.valueAndGradient(call.logits, target, { ...options, backend: "wasm" }));
      const what = JSON.stringify({ ...choice, ...head });
      if (truth instanceof LosskitError || result instanceof LosskitError) {
        expect(result, what).toMatchObject({
          code: (truth as LosskitError).code,
          message: (truth as LosskitError).message,
        });
        return;
      }
      compared++;
      const comparison = {
        isComparable: ranks(factory) ? () => false : undefined,
        // Some voxel is very wrong, and its slope is nearly its weight in the loss.
        voxelWeight: 2 * largest(truth.gradient),
      };
      const problems = problemsOf(factory.definition, result, truth, call.logits, target, options, comparison);
      expect(problems, what).toEqual([]);
      inLibraryMemory(call.logits, target, options, (x, y, own) => {
        const again = loss.valueAndGradient(x, y, { ...own, backend: "wasm", threads: 2 });
        expect(sameBits(again, result), what).toBe(true);
      });
    });
    expect(compared).toBeGreaterThan(5);
  });
});
