// Bounds of the pages: what is promised after a measurement, and when a promise is renewed.

import { expect, test } from "vitest";
import { type Agreement, figuresText, promised, renewed } from "../../src/documents/agreement-figures.js";

const figures = (value64: number, value32: number, runs = 25): Agreement => ({
  float64: { value: value64, gradient: 3e-15 },
  float32: { value: value32, gradient: 2.4e-7 },
  runs,
});

test("a promise is twice what was measured, to one digit and never below", () => {
  expect(promised(figures(1.01e-15, 3e-7))).toEqual({
    float64: { value: 3e-15, gradient: 6e-15 },
    float32: { value: 6e-7, gradient: 5e-7 },
    runs: 25,
  });
});

test("it is four steps of rounding at least, and what the tests allow at most", () => {
  expect(promised(figures(0, 0))).toMatchObject({ float64: { value: 9e-16 }, float32: { value: 5e-7 } });
  expect(promised(figures(0, 7e-7)).float32.value).toBe(1e-6);
  // A loss that is allowed more for a reason promises what was measured.
  expect(promised(figures(0, 1.6e-6)).float32.value).toBe(2e-6);
});

test("a promise that still fits stays, so that another machine changes nothing", () => {
  const stored = { dice: promised(figures(2e-15, 3e-7)) };
  expect(renewed(stored, { dice: figures(1e-15, 4e-7) })).toEqual(stored);
});

test.each([
  ["is broken", figures(5e-15, 3e-7)],
  ["is far above what is measured", figures(0, 3e-7)],
  ["is of other runs", figures(2e-15, 3e-7, 26)],
])("a promise that %s is renewed", (_, measured) => {
  const stored = { dice: promised(figures(measured.float64.value === 0 ? 2e-14 : 2e-15, 3e-7)) };
  expect(renewed(stored, { dice: measured })).toEqual({ dice: promised(measured) });
});

test("a loss that is not measured any more goes", () => {
  expect(renewed({ gone: figures(0, 0) }, {})).toEqual({});
});

test("the file has a line for each loss", () => {
  const all = { pytorch: { dice: figures(1e-15, 1e-7), iou: figures(1e-15, 1e-7) }, keras: { dice: figures(0, 0) } };
  const text = figuresText(all);
  expect(JSON.parse(text)).toEqual(all);
  expect(text.split("\n").filter((line) => line.includes("float64"))).toHaveLength(3);
});
