// What plans promise their kernels: numbers without voxels are made outside, and extremes are found again by their bits.

import { describe, expect, it } from "vitest";
import { valuesIn, valuesOf } from "../../src/compiler/check-kernel-values.js";
import { ROUTINES } from "../../src/formula/operations.js";
import { add, ce, dice, lossFromFormula } from "../../src/index.js";
import { allLosses } from "../../src/losses/all.js";
import type { Loss } from "../../src/losses/loss.js";
import { headsOf, largest } from "../losses/calls.js";
import { type Head, reference, wasmCall } from "./conformance-calls.js";
import { interpretPlan } from "./interpret-plan.js";

describe("no kernel computes what is the same for all voxels", () => {
  const cases: [string, Loss, Head][] = allLosses.flatMap((factory) =>
    headsOf(factory).map((head): [string, Loss, Head] => [factory.definition.name, factory(), head]),
  );

  it.each([...cases, ["dice + ce", add(dice(), [0.3, ce()]), { channels: 9, activation: "softmax" }]] as typeof cases)(
    "%s",
    (_, loss, head) => {
      const ranks = loss.terms.some(({ definition: { formula } }) =>
        Object.entries(ROUTINES).some(
          ([name, { weightsRefused }]) => weightsRefused !== undefined && formula.includes(`${name}(`),
        ),
      );
      const names = loss.terms.flatMap(({ definition }) => Object.entries(definition.fields ?? {}));
      for (const weighted of ranks ? [false] : [false, true]) {
        const { logits, target, options } = wasmCall(1, head, 40);
        const weights = weighted ? new Float32Array(40).fill(1) : undefined;
        const fields = Object.fromEntries(
          names.map(([name, kind]) => [name, new Float32Array(kind === "voxel" ? 40 : 40 * head.channels)]),
        );
        const { passes } = loss.plan(logits, target, { ...options, weights, fields, ignore: 255 });
        for (const { kernel } of passes) {
          const roots = (kernel?.stages ?? []).flatMap(({ effects }) => effects.flatMap(valuesOf));
          // Masks are bits, which no constant holds; they are made before the loop.
          const computed = valuesIn(roots).filter(({ uniform, mask, args }) => uniform && !mask && args.length > 0);
          expect(computed).toEqual([]);
        }
      }
    },
  );
});

describe("what attains an extreme", () => {
  // Found by comparing bits with those of the pass before, so both passes must make the value in the same way.
  it.each<[string, Head]>([
    ["max(p)", { channels: 1, activation: "sigmoid" }],
    ["max(p)", { channels: 3, activation: "softmax" }],
    ["max(p)", { channels: 6, activation: "softmax" }],
    ["max(p * y) + mean(log(p))", { channels: 1, activation: "sigmoid" }],
    ["max(log(p)) + mean(x^2)", { channels: 3, activation: "sigmoid" }],
    ["-min(1 - p) + mean(y * log(p) + p^1.5)", { channels: 1, activation: "sigmoid" }],
    ["max(classes_max(p)) + sum(p)", { channels: 3, activation: "softmax" }],
  ])("has the gradient: %s (%o)", (text, head) => {
    const loss = lossFromFormula(text);
    for (const seed of [1, 2, 3, 4, 5]) {
      const { logits, target, options } = wasmCall(seed, head, 200);
      // Logits apart from each other: of two that are nearly the largest float32 may take the other.
      const spread = logits.map((x, i) => Math.fround(x / 4 + (i % 7) / 16));
      const result = loss.valueAndGradient(spread, target, { ...options, backend: "wasm" });
      const truth = reference(loss, spread, target, options);
      const error = result.gradient.map((slope, i) => slope - truth.gradient[i]);
      expect(largest(error)).toBeLessThan(2e-6 * largest(truth.gradient));
    }
  });
});

it("the interpreter of plans gives what it is asked for, and says what it does not know", () => {
  const { logits, target, options } = wasmCall(2, { channels: 1, activation: "sigmoid" }, 10);
  const plan = dice({ reduction: "voxels" as "mean", smooth: 1 });
  expect(() => plan.plan(logits, target, options)).toThrow(/mean over voxels/);
  const field = lossFromFormula("mean(p * depth)", { fields: { depth: "voxel" } });
  const call = { ...options, fields: { depth: new Float32Array(10) } };
  const parsed = field.plan(logits, target, call);
  expect(() =>
    interpretPlan(
      parsed,
      { ...call, images: 1, classes: 1, voxels: 10, logits, target, threads: 1 } as never,
      new Map([["0.:weight", 1]]),
      (v) => v,
    ),
  ).toThrow(/reads no field depth/);
});
