// Random formulas: as written, in their stable form, as a plan and as kernels they are the same function.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/backends/reference/evaluate.js";
import { checkPlan } from "../../src/compiler/check-plan.js";
import { createSchedule } from "../../src/compiler/schedule.js";
import { applyOptions } from "../../src/formula/apply-options.js";
import { readFormula } from "../../src/formula/check.js";
import { createGraph, type Node } from "../../src/formula/node.js";
import {
  type CallOptions,
  type ParameterValue,
  readCall,
  type TermOptions,
  termSettings,
} from "../../src/formula/options.js";
import { gradient as gradientOf } from "../../src/gradient/reverse-sweep.js";
import { formula, lossOf, matrixFor } from "../formula/random-formula.js";
import { largest } from "../losses/calls.js";
import { type Head, wasmCall } from "./conformance-calls.js";
import { interpretPlan } from "./interpret-plan.js";

const HEADS: readonly Head[] = [
  { channels: 1, activation: "sigmoid" },
  { channels: 1, activation: "none" },
  { channels: 3, activation: "softmax" },
  { channels: 3, activation: "sigmoid" },
  { channels: 6, activation: "softmax" },
];

const settings: fc.Arbitrary<TermOptions> = fc.record({
  images: fc.constantFrom("each", "together"),
  joinClasses: fc.constantFrom("mean", "sum", "pooled"),
});
const calls = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  head: fc.constantFrom(...HEADS),
  ignore: fc.constantFrom(undefined, 0, 255),
  weighted: fc.boolean(),
});

/** What the graph of a formula takes, by its names there. */
const parametersOf = (channels: number) =>
  new Map<string, ParameterValue>([
    ["0.:weight", 1],
    ["0.:selected", Array(channels).fill(1)],
    ["0.M", matrixFor(channels)],
  ]);

const VOXELS = 37;
const IMAGES = 2;

/** Value and gradient of the formula as it stands, without the forms that keep digits. */
function asWritten(text: string, term: TermOptions, logits: Float64Array, target: Uint8Array, options: CallOptions) {
  const call = readCall(logits, target, options);
  const graph = createGraph();
  const structure = {
    channels: call.classes,
    targetForm: call.targetForm,
    ignores: call.ignore !== undefined,
    weighted: call.weights !== undefined,
  };
  const { loss } = readFormula(text, { parameters: { M: "matrix" } });
  const value = applyOptions(graph, loss, termSettings(term, {}), structure, "0.", { title: text, score: false });
  const gradient = gradientOf(graph, value);
  const slopes = new Float64Array(logits.length);
  const outputs = new Map<Node, { array: Float64Array; perChannel: boolean; layout: "channels-first" }>([
    [gradient, { array: slopes, perChannel: true, layout: "channels-first" }],
  ]);
  const parameters = parametersOf(call.classes);
  const groups = evaluate(createSchedule(graph, [value, gradient], call.activation), graph, call, parameters, outputs);
  return { value: groups.get(value)?.data[0] as number, gradient: slopes };
}

interface Numbers {
  readonly value: number;
  readonly gradient: ArrayLike<number>;
}

/** Largest differences, of the value and of the gradient. */
const apart = (a: Numbers, b: Numbers) => ({
  value: Math.abs(a.value - b.value),
  gradient: Array.from(a.gradient).reduce((worst, slope, i) => Math.max(worst, Math.abs(slope - b.gradient[i])), 0),
});

describe("a random formula", () => {
  it("is the same as written, in its stable form, as a plan and on kernels", () => {
    fc.assert(
      fc.property(formula, settings, calls, (text, given, { seed, head, ignore, weighted }) => {
        // Objects belong to an image.
        const term: TermOptions = text.includes("sum_by") ? { ...given, images: "each" } : given;
        const { logits, target, options } = wasmCall(seed, head, VOXELS, IMAGES);
        const weights = weighted ? Float32Array.from(target, (_, i) => 0.5 + ((i * 7) % 5) / 4) : undefined;
        const all: CallOptions = { ...options, ignore, weights };
        const doubles = Float64Array.from(logits);
        const loss = lossOf(text, term, head.channels);

        const reference = loss.valueAndGradient(doubles, target, all);
        // A gradient may be a sum that cancels to nothing, as that of sum(p) with softmax; its summands are not smaller than this.
        const scale = { value: Math.max(1, Math.abs(reference.value)), gradient: largest(reference.gradient) + 1e-3 };
        const raw = apart(asWritten(text, term, doubles, target, all), reference);
        expect(raw.value / scale.value).toBeLessThan(1e-9);
        expect(raw.gradient / scale.gradient).toBeLessThan(1e-7);

        const kernels = loss.valueAndGradient(logits, target, { ...all, backend: "wasm" });
        const call = readCall(logits, target, all);
        const plan = loss.plan(logits, target, all);
        checkPlan(plan);
        const parameters = parametersOf(call.classes);
        const run = (round: (value: number) => number) => {
          const { value, gradient } = interpretPlan(plan, call, parameters, round);
          return { value: value.data[0], gradient };
        };
        const exact = run((value) => value);
        const meaning = apart(exact, reference);
        expect(meaning.value / scale.value).toBeLessThan(1e-9);
        expect(meaning.gradient / scale.gradient).toBeLessThan(1e-7);

        // What float32 may cost: a few times what rounding every step costs, which says how much the formula magnifies errors.
        const rounding = apart(run(Math.fround), exact);
        const error = apart({ value: kernels.value, gradient: kernels.gradient }, reference);
        expect(error.value).toBeLessThanOrEqual(10 * rounding.value + 1e-6 * scale.value);
        expect(error.gradient).toBeLessThanOrEqual(10 * rounding.gradient + 2e-6 * scale.gradient);
      }),
      { numRuns: Number(process.env.RANDOM_FORMULAS ?? 60) },
    );
  });
});
