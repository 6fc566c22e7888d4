// The divisor of the normalised focal loss has no gradient: every slope is that of focal loss over a fixed number.

import { expect, it } from "vitest";
import { lossFromFormula, normalisedFocal } from "../../src/index.js";
import { distance, exampleCall } from "./calls.js";

const FACTORS = "foreground = y * (1 - p)^2\nbackground = (1 - y) * p^2";

it("is the focal loss over the sum of its factors, and so is its gradient, the sum being held", () => {
  const { logits, target, options } = exampleCall(4, { images: 1 });
  const divisor = lossFromFormula(`${FACTORS}\nloss = sum(foreground + background)`).value(logits, target, options);
  const held = lossFromFormula(`${FACTORS}\nloss = -sum(foreground * log(p) + background * log(1 - p)) / d`, {
    parameters: { d: divisor },
  }).valueAndGradient(logits, target, options);
  const { value, gradient } = normalisedFocal().valueAndGradient(logits, target, options);
  expect(value).toBeCloseTo(held.value, 13);
  expect(distance(gradient, held.gradient)).toBeLessThan(1e-14);
});

it("never pushes a voxel back that is right", () => {
  // Ten voxels are badly wrong; a divisor with a gradient would be made larger by the ninety that are nearly right.
  const p = Float64Array.from({ length: 100 }, (_, i) => (i < 90 ? 0.8 : 0.1));
  const call = { shape: [1, 1, 100], activation: "none" } as const;
  const { gradient } = normalisedFocal().valueAndGradient(p, new Uint8Array(100).fill(1), call);
  expect(Math.max(...gradient)).toBeLessThan(0);
});
