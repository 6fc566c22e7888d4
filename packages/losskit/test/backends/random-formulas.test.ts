// Random formulas: as written, in their stable form, as a plan and as kernels they are the same function.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/backends/reference/evaluate.js";
import { checkPlan } from "../../src/compiler/check-plan.js";
import { createSchedule } from "../../src/compiler/schedule.js";
import { FormulaError } from "../../src/errors.js";
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
import { lossFromFormula } from "../../src/index.js";
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

/** Kinks lie at numbers that values do not meet, so that rounding does not change sides. */
const { voxel } = fc.letrec<{ voxel: string }>((tie) => ({
  voxel: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom("p", "y", "(1 - p)", "(1 - y)", "p*y", "log(p)", "log(1 - p)", "x/8", "(0.75 - p)", "2*y"),
    fc.tuple(fc.constantFrom("+", "-", "*"), tie("voxel"), tie("voxel")).map(([op, a, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(
        fc.constantFrom(
          "exp(-abs(#))",
          "log1p(abs(#))",
          "sqrt(abs(#) + 0.31)",
          "sigmoid(#)",
          "softplus(#)",
          "tanh(#)",
          "max(#, 0.3217)",
          "min(#, 0.6413)",
          "(# + 0.1234)^2",
          "(# + 0.1234)^3",
          "(abs(#) + 0.2)^1.7",
          "(# / (abs(#) + 0.7))",
          "where(# < 0.4519, #, 2*#)",
          "matmul(M, #)",
        ),
        tie("voxel"),
      )
      .map(([form, a]) => form.replaceAll("#", a)),
  ),
}));

const group = fc.oneof(
  fc.tuple(fc.constantFrom("sum", "mean"), voxel).map(([over, e]) => `${over}(${e})`),
  fc.tuple(voxel, voxel).map(([a, b]) => `sum(${a}) / (sum(abs(${b})) + 1.1)`),
  fc.tuple(voxel, voxel).map(([a, b]) => `1 - (2*sum(${a}*y) + 0.5) / (sum(abs(${a})) + sum(abs(${b})) + 3)`),
  voxel.map((e) => `log1p(mean((${e})^2))`),
  voxel.map((e) => `mean(classes_sum(${e}))`),
  // Objects: runs of the same label.
  fc.tuple(voxel, voxel).map(([a, b]) => {
    const sums = [a, b].map((e) => `sum_by(components(y), ${e})`);
    return `instances_mean((${sums[0]} + 0.7) / (abs(${sums[1]}) + 1.3))`;
  }),
  fc
    .tuple(fc.constantFrom("components", "nearest_component"), voxel)
    .map(([numbering, e]) => `instances_max(sum_by(${numbering}(y), 1 / (1 + (${e})^2) * x/8))`),
  // Functions that saturate would make ties in float32 that float64 has not.
  fc.constantFrom("x/8", "y*x/8", "abs(x - 0.1234)/8", "log(p)").map((e) => `max(${e})`),
);
const formula = fc
  .array(fc.tuple(fc.constantFrom(1, 0.3, -2), group), { minLength: 1, maxLength: 3 })
  .map((terms) => terms.map(([weight, term]) => `${weight} * (${term})`).join(" + "));

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

/** Of no symmetry, so that a transposed one is another. */
const matrixFor = (channels: number): number[][] =>
  Array.from({ length: channels }, (_, row) =>
    Array.from({ length: channels }, (__, c) => ((3 * row + 7 * c + 2) % 5) / 4 - 0.3),
  );

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

/** The loss; a formula whose voxels cancel (sum(y - y)) is none. */
function readable(text: string, term: TermOptions, channels: number) {
  try {
    return lossFromFormula(text, {
      ...term,
      ...(text.includes("matmul") && { parameters: { M: matrixFor(channels) } }),
    });
  } catch (error) {
    fc.pre(!(error instanceof FormulaError));
    throw error;
  }
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
        const loss = readable(text, term, head.channels);

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
