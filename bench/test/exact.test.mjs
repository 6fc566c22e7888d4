// Tests of the float64 computation against its own differences, and of how errors are counted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeVoxels } from "../harness/data.mjs";
import { errors, exactly } from "../harness/exact.mjs";

const WORKS = { "bce-dice": 1, "focal-tversky": 1, "ce-dice": 4, "lovasz-hinge": 1 };

for (const [work, classes] of Object.entries(WORKS)) {
  test(`the gradient of ${work} is that of its value`, () => {
    const { logits, labels } = makeVoxels({ voxels: 97, classes, spread: "usual" });
    const { gradient } = exactly(work, logits, labels);
    for (let i = 0; i < logits.length; i += 7) {
      // Steps of 2^-12 are exact in float32; the Lovász hinge keeps its order under them but for ties, which this data has none of.
      const at = (step) => {
        const moved = Float64Array.from(logits);
        moved[i] += step;
        return exactly(work, moved, labels).value;
      };
      const step = 2 ** -12;
      const slope = (at(step) - at(-step)) / (2 * step);
      assert.ok(
        Math.abs(slope - gradient[i]) < 1e-7 + 1e-5 * Math.abs(gradient[i]),
        `${work} at ${i}: ${slope}, ${gradient[i]}`,
      );
    }
  });
}

test("a near-perfect mask keeps its digits", () => {
  const logits = Float32Array.from([40, -40]);
  const { value } = exactly("bce-dice", logits, Uint8Array.from([1, 0]));
  const e = Math.exp(-40);
  assert.ok(Math.abs(value / (e + (2 * e) / 3) - 1) < 1e-12);
});

test("errors are relative, and NaN is an infinite one", () => {
  const exact = { value: 2, gradient: Float64Array.from([1, -4]) };
  const found = errors(exact, 2.5, Float32Array.from([1.5, -4]));
  assert.equal(found.value, 0.25);
  assert.equal(found.element, 0.5);
  assert.equal(found.ofLargest, 0.125);
  assert.equal(found.ulps, 0.5 / 2 ** -22);
  assert.equal(errors(exact, 2, Float32Array.from([Number.NaN, -4])).ofLargest, Number.POSITIVE_INFINITY);
});
