// log(1 - p) of a softmax, which no loss of the library needs and a user's formula may.

import { describe, expect, it } from "vitest";
import { lossFromFormula } from "../../src/index.js";
import { centralDifferences, distance, exampleCall, largest } from "./calls.js";

const loss = lossFromFormula("-mean(classes_sum((1 - y) * log(1 - p)))");

describe("log(1 - p) of a softmax", () => {
  it("has the gradient that central differences give", () => {
    const { logits, target, options } = exampleCall(8, { channels: 3 });
    const { gradient } = loss.valueAndGradient(logits, target, options);
    const measured = centralDifferences(loss, logits, target, options);
    expect(distance(gradient, measured)).toBeLessThan(1e-6 * largest(measured));
  });

  it("is the distance between the two largest logits where the first has all the probability", () => {
    // 1 - p of the first class is e^-800 and underflows with it: log(1 - p) = -800 + log 2 all the same.
    const call = { shape: [1, 3, 1], activation: "softmax" } as const;
    const { value, gradient } = loss.valueAndGradient(Float64Array.from([800, 0, 0]), Uint8Array.from([1]), call);
    expect(value).toBeCloseTo(800 - Math.log(2), 10);
    expect(gradient[0]).toBeCloseTo(1, 12);
    expect(gradient[1]).toBeCloseTo(-0.5, 12);
    expect(gradient[2]).toBeCloseTo(-0.5, 12);
  });

  it("stays finite for logits of ten thousand", () => {
    const { target, options, logits } = exampleCall(9, { channels: 3 });
    const extreme = logits.map((x) => Math.sign(x) * 1e4);
    const { value, gradient } = loss.valueAndGradient(extreme, target, options);
    expect(Number.isFinite(value)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});
