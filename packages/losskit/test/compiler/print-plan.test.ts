// The text of a plan says exactly what is computed: run as it is printed, it gives the value and gradient of the reference.

import { describe, expect, test } from "vitest";
import { printPlan } from "../../src/compiler/print-plan.js";
import { ROUTINES } from "../../src/formula/operations.js";
import type { CallOptions } from "../../src/formula/options.js";
import { allLosses } from "../../src/losses/all.js";
import { bceDice, ce, dice, focalTversky, lovaszHinge } from "../../src/losses/catalogue.js";
import { add, lossFromFormula } from "../../src/losses/define.js";
import type { Loss } from "../../src/losses/loss.js";
import { uniformSequence } from "../losses/calls.js";
import { planOf } from "./plans.js";
import { runPrintedPlan } from "./printed-plan.js";

const VOXELS = 23;

/** Prints the plan of a call, runs the text, and compares with the reference. */
function expectExact(
  loss: Loss,
  channels: number,
  activation: "sigmoid" | "softmax",
  extra: Partial<CallOptions> = {},
) {
  const uniform = uniformSequence(channels + VOXELS);
  const logits = Float32Array.from({ length: channels * VOXELS }, () => 8 * uniform() - 4);
  const target = Uint8Array.from({ length: VOXELS }, () => Math.floor(uniform() * Math.max(2, channels)));
  if (extra.ignore !== undefined) target[3] = extra.ignore;
  const options = { shape: [1, channels, VOXELS], activation, ...extra };
  const text = printPlan(loss.plan(logits, target, options));
  const parameters: Record<string, number | number[] | readonly (readonly number[])[]> = {
    counted: Array.from({ length: channels }, (_, c) => Number(c > 0)),
  };
  loss.terms.forEach(({ definition, parameters: values, weight }, i) => {
    const suffix = loss.terms.length > 1 ? `.${i + 1}` : "";
    parameters[`weight${suffix}`] = weight;
    for (const [name, { symbol, kind }] of Object.entries(definition.parameters)) {
      const value = values[name] as number | readonly (readonly number[])[];
      const own = kind === "matrix" && typeof value === "number" ? alike(channels, value) : value;
      parameters[symbol + suffix] = own;
      // Where it has the name of something else in a plan.
      parameters[`${symbol}_parameter${suffix}`] = own;
    }
  });
  if (extra.ignore !== undefined) parameters.ignore = extra.ignore;
  const { weights, fields } = extra;
  const printed = runPrintedPlan(text, {
    channels,
    voxels: VOXELS,
    arrays: { logits, target, ...(weights && { weights }), ...fields },
    common: ["target", "weights", ...Object.keys(fields ?? {})],
    parameters,
  });
  const reference = loss.valueAndGradient(logits, target, { ...options, backend: "reference" });
  // Exponentials stop at exp(-64), and printed numbers have 7 digits.
  expect(Math.abs(printed.loss - reference.value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(reference.value)));
  const largest = Math.max(...reference.gradient.map(Math.abs));
  printed.gradient.forEach((slope, i) => {
    expect(Math.abs(slope - reference.gradient[i])).toBeLessThan(2e-6 * largest);
  });
  return text;
}

/** A matrix with one number for all pairs of different classes. */
const alike = (channels: number, value: number): number[][] =>
  Array.from({ length: channels }, (_, row) => Array.from({ length: channels }, (__, c) => (row === c ? 0 : value)));

/** Routines are more than a line of a text. */
const withoutRoutines = allLosses.filter(
  ({ definition }) => !Object.keys(ROUTINES).some((name) => definition.formula.includes(`${name}(`)),
);

describe("what is printed is what is computed", () => {
  for (const [channels, activation] of [
    [1, "sigmoid"],
    [3, "softmax"],
    [3, "sigmoid"],
    [5, "softmax"],
  ] as const) {
    const able = withoutRoutines.filter((factory) => !factory().refusal({ channels, activation }));
    test.each(able.map((factory) => [factory.definition.name, factory] as const))(
      `%s, ${channels} channels, ${activation}`,
      (_, factory) => {
        const fields = Object.keys(factory.definition.fields ?? {}).map((name) => [name, fieldOf(VOXELS)] as const);
        expectExact(factory(), channels, activation, fields.length > 0 ? { fields: Object.fromEntries(fields) } : {});
      },
    );
  }

  test("sums of losses, ignored voxels, voxel weights, fields", () => {
    const uniform = uniformSequence(5);
    const weights = Float32Array.from({ length: VOXELS }, uniform);
    expectExact(add(dice(), [0.5, ce()]), 5, "softmax", { ignore: 255, weights });
    expectExact(focalTversky(), 1, "sigmoid", { ignore: 7, weights });
    const own = lossFromFormula("mean(m * abs(p - y)^t)", { parameters: { t: 2.5 }, fields: { m: "voxel" } });
    expectExact(own, 1, "sigmoid", { fields: { m: weights } });
  });
});

/** Values of a field. */
function fieldOf(length: number): Float32Array {
  const uniform = uniformSequence(9);
  return Float32Array.from({ length }, uniform);
}

describe("what only some losses have", () => {
  const M = [3, 5].map((channels) =>
    Array.from({ length: channels }, (_, row) => Array.from({ length: channels }, (__, c) => (2 * row + c) / 7)),
  );

  test.each([
    [3, M[0]],
    [5, M[1]],
  ])("a matrix, with %i classes", (channels, matrix) => {
    const loss = (text: string) => lossFromFormula(text, { parameters: { M: matrix } });
    const text = expectExact(loss("mean(classes_sum(y * matmul(M, p^2)))"), channels, "softmax");
    expect(text).toMatch(channels === 3 ? /M\[2\]\[0\] \* / : /matmul\(M, /u);
    expect(text).toMatch(channels === 3 ? /M\[0\]\[2\] \* / : /matmul\(transpose\(M\), /u);
    // The same for all classes: a row of the matrix is summed outside.
    expect(expectExact(loss("sum(matmul(M, y + (1 - y)) * p)"), channels, "sigmoid")).not.toContain("matmul(M, 1)");
  });

  test.each([2, 3, 5])("log(1 - p) of a softmax, with %i classes", (channels) => {
    const text = expectExact(lossFromFormula("-mean((1 - y) * log(1 - p))"), channels, "softmax");
    // Of two classes it is log(p) of the other.
    expect(text).toMatch(channels === 2 ? /\n {4}log_p\[0\] = / : /\n {4}log_q\[[0c]\] = /u);
  });

  test("sums over objects, before and after the voxels that they are for", () => {
    const loss = lossFromFormula("instances_mean(1 / (1 + sum_by(components(y), p)))", { images: "each" });
    const text = printPlan(planOf(loss, { channels: 3 }));
    expect(text).toMatch(/PASS 2 of 3: sums over the voxels, what is summed by object\n/u);
    expect(text).toMatch(
      /OBJECTS: sums over .*\n {2}(S\d)\[c\]\[o\] = sum_by\(components_result\[c\], summed_by_object\)\n/u,
    );
    expect(text).toMatch(
      /\n {2}k\[c\]\[o\] = .*\n(.*\n)*OBJECTS: the numbers of each.*\n {2}of_object = gather\(k\[c\]\[o\], /u,
    );
    expect(text).toMatch(/o <= S\d\[c\]/u);
    expect(text).toMatch(/PASS 3 of 3: the gradient\n(.*\n)* {10}of_object\[c\] +float32\n/u);
  });

  test("parameters and fields with names that plans have for other things", () => {
    const loss = lossFromFormula("mean(weights * p^q) + c * mean(p)", {
      parameters: { q: 1.3, c: 2 },
      fields: { weights: "voxel" },
    });
    const text = printPlan(planOf(loss, { fields: { weights: new Float32Array(4) } }));
    expect(text).toMatch(/reads .*weights_field +float32/u);
    expect(text).toMatch(/p\^q_parameter/u);
    expect(text).toMatch(/c_parameter \*/u);
  });
});

describe("the words", () => {
  test("Dice + BCE can be followed by the names of its formula", () => {
    const text = printPlan(planOf(bceDice()));
    expect(text).toMatch(/^Value and gradient in 2 passes over the voxels: 1 channel, sigmoid, labels as bytes\n/u);
    expect(text).toMatch(/PASS 1 of 2: sums over the voxels, the stash\n/u);
    expect(text).toMatch(/S\d = sum\(y \* log\(p\) \+ \(1 - y\) \* log\(1 - p\)\)\n/u);
    expect(text).toMatch(/target +bytes, checked: 0 or 1\n/u);
    expect(text).toMatch(/logits +float32, checked: finite\n/u);
    expect(text).toMatch(/writes +gradient +the stash/u);
    expect(text).toMatch(/\n {4}p = /u);
    expect(text).toMatch(/\n {2}loss = weight \* \(.*S\d.*\)\n/u);
    expect(text).toMatch(/PASS 2 of 2: the gradient\n/u);
    // With one channel there is nothing to say about classes.
    expect(text).not.toMatch(/class/u);
  });

  test("parameters of several terms are told apart, and names of a formula are not taken by others", () => {
    const two = printPlan(planOf(add(dice(), dice({ smooth: 1 }))));
    expect(two).toMatch(/\bs\.1\b/u);
    expect(two).toMatch(/\bs\.2\b/u);
    const loss = lossFromFormula("S1 * mean(exp(v * x)^e) + sum(v * y)", {
      parameters: { S1: 2, e: 0.5 },
      fields: { v: "voxel" },
    });
    const text = printPlan(planOf(loss, { fields: { v: new Float32Array(4) } }));
    expect(text).toMatch(/^ {4}(e2|v2) = /mu);
    expect(text).not.toMatch(/^ *(S1|e|v) (\+)?=/mu);
  });

  test("a round over the classes and classes that are written out", () => {
    expect(printPlan(planOf(ce(), { channels: 5 }))).toMatch(
      /for each voxel and class c:\n {4}m = classes_max\(logits\[c\]\)/u,
    );
    const few = printPlan(planOf(ce(), { channels: 3 }));
    expect(few).toContain("logits[2]");
    expect(few).not.toContain("class c");
  });

  test("routines, with what they are given", () => {
    const text = printPlan(planOf(lovaszHinge()));
    expect(text).toMatch(/ROUTINES: .*\n {2}lovasz_result = lovasz\(lovasz_argument1, lovasz_argument2, /u);
    expect(text).toMatch(/PASS 2 of 2: .*\n(.*\n)* {2}reads? .*\n(.*\n)*.*lovasz_result/u);
  });

  test("lines end, and are not too long to be read", () => {
    for (const factory of allLosses) {
      const channels = factory.definition.severalChannels ? 3 : 1;
      const fields = Object.entries(factory.definition.fields ?? {}).map(
        ([name, kind]) => [name, fieldOf(kind === "voxel" ? 4 : 4 * channels)] as const,
      );
      const text = printPlan(planOf(factory(), { channels, fields: Object.fromEntries(fields) }));
      expect(text.endsWith("\n")).toBe(true);
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(140);
      expect(text).not.toMatch(/undefined|NaN|\[object/u);
    }
  });
});
