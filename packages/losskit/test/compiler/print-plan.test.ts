// The text of a plan says exactly what is computed: run as it is printed, it gives the value and gradient of the reference.

import { describe, expect, test } from "vitest";
import { printPlan } from "../../src/compiler/print-plan.js";
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
  const parameters: Record<string, number | number[]> = {};
  loss.terms.forEach(({ definition, parameters: values, weight }, i) => {
    const suffix = loss.terms.length > 1 ? `.${i + 1}` : "";
    parameters[`weight${suffix}`] = weight;
    for (const [name, { symbol }] of Object.entries(definition.parameters))
      parameters[symbol + suffix] = values[name] as number;
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

const withoutRoutines = allLosses.filter(({ definition }) => !definition.name.startsWith("lovasz"));

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
        expectExact(factory(), channels, activation);
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
      const text = printPlan(planOf(factory(), { channels }));
      expect(text.endsWith("\n")).toBe(true);
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(130);
      expect(text).not.toMatch(/undefined|NaN|\[object/u);
    }
  });
});
