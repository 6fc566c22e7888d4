// Routines in formulas: both backends, 1 to 3 axes, several images and channels, ignored voxels.

import { describe, expect, it } from "vitest";
import type { CallOptions } from "../../src/formula/options.js";
import { type FormulaOptions, lossFromFormula } from "../../src/index.js";
import { centralDifferences, distance, exampleCall, largest } from "../losses/calls.js";

const EACH = { images: "each" } as const;
const parameters = { bound: 0.6, share: 0.2, rounds: 2 };
const FORMULAS: readonly (readonly [formula: string, options: FormulaOptions])[] = [
  ["mean(neighbour_mean(p) * y)", {}],
  ["mean(abs(neighbour_mean(y) - x))", {}],
  ["mean(gaussian_mean(p, 0.8) * y)", {}],
  ["hard_mean(x * p, bound, share)", { parameters }],
  ["hard_mean(-y * log(p), 100, 0.2)", {}],
  ["mean(dilation(y, 1) * p)", {}],
  ["mean(skeleton(y) * p)", {}],
  ["mean(nearest_component(y) * p)", {}],
  ["instances_mean(sum_by(nearest_component(y), p*y) / sum_by(nearest_component(y), p + y))", EACH],
  ["mean(soft_erosions(sqrt(p), rounds, 1.5) * (1 + y))", { parameters }],
];

const SPACES = [[17], [5, 6], [3, 4, 5]];

describe.each(FORMULAS)("%s", (formula, own) => {
  const loss = lossFromFormula(formula, own);

  it.each(SPACES.flatMap((space) => [1, 3].map((channels) => ({ space, channels }))))(
    "is on the wasm backend what it is on the reference: $space, $channels channels",
    ({ space, channels }) => {
      for (const seed of [1, 2, 3]) {
        const { logits, target, options } = exampleCall(seed, { channels, space });
        const single = Float32Array.from(logits);
        const calls: { readonly labels: Uint8Array; readonly call: CallOptions }[] = [
          { labels: target, call: options },
          { labels: target.map((label, i) => (i % 5 === seed ? 255 : label)), call: { ...options, ignore: 255 } },
        ];
        for (const { labels, call } of calls) {
          const truth = loss.valueAndGradient(Float64Array.from(single), labels, call);
          const found = loss.valueAndGradient(single, labels, { ...call, backend: "wasm" });
          expect(found.backend).toBe("wasm");
          expect(Math.abs(found.value - truth.value)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(truth.value)));
          expect(distance(found.gradient, truth.gradient)).toBeLessThanOrEqual(
            2e-6 * Math.max(1, largest(truth.gradient)),
          );
        }
      }
    },
  );

  it.each(SPACES.map((space) => ({ space })))("has the gradient of central differences on $space", ({ space }) => {
    const { logits, target, options } = exampleCall(4, { channels: 1, space });
    const { gradient } = loss.valueAndGradient(logits, target, options);
    const measured = centralDifferences(loss, logits, target, options);
    expect(largest(measured)).toBeGreaterThan(1e-4);
    expect(distance(gradient, measured)).toBeLessThanOrEqual(1e-7 * Math.max(1, largest(measured)));
  });
});

it("divides a region between its objects: a loss per object and region, and 0 without an object", () => {
  const formula = "instances_mean(1 - 2*sum_by(nearest_component(y), p*y) / sum_by(nearest_component(y), p + y))";
  const loss = lossFromFormula(formula, EACH);
  const p = Float64Array.of(1, 1, 0.5, 0, 0.25, 0.75);
  const call = { shape: [1, 1, 6], activation: "none" } as const;
  // Objects {0, 1} and {5}; voxel 3 is as near to both and goes to the first: regions 0 to 3 and 4 to 5.
  const [first, second] = [1 - (2 * 2) / (2.5 + 2), 1 - (2 * 0.75) / (1 + 1)];
  expect(loss.value(p, Uint8Array.of(1, 1, 0, 0, 0, 1), call)).toBeCloseTo((first + second) / 2, 14);
  expect(loss.value(p, new Uint8Array(6), call)).toBe(0);
});
