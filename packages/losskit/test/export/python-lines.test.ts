// Long statements of generated Python break where Black breaks them, and say the same.

import { expect, it } from "vitest";
import { brokenStatement, WIDTH } from "../../src/export/python-lines.js";

const [A, B, C] = ["first_name_of_some_length", "second_name_of_some_length", "third_name_of_some_length"];

it("leaves a line that fits", () => {
  expect(brokenStatement("x = a + b", 8)).toBe("x = a + b");
  const full = `x = ${"a".repeat(WIDTH - 12)}`;
  expect(brokenStatement(full, 8)).toBe(full);
});

it("moves a sum in that fits on one line, and else has an operand a line", () => {
  const sum = `${A} + ${B} * ${C}`;
  expect(brokenStatement(`denominator = ${sum}`, 14)).toBe(`denominator = (\n    ${sum}\n)`);
  expect(brokenStatement(`return ${sum} - ${C}`, 8)).toBe(`return (\n    ${A}\n    + ${B} * ${C}\n    - ${C}\n)`);
});

it("opens the arguments of a call, one a line where they are long", () => {
  const args = `${A} + 1, ${B} + self.smooth`;
  expect(brokenStatement(`share = ratio(${args})`, 20)).toBe(`share = ratio(\n    ${args}\n)`);
  expect(brokenStatement(`share = ratio(${A} * 2, ${B}, ${C})`, 16)).toBe(
    `share = ratio(\n    ${A} * 2,\n    ${B},\n    ${C},\n)`,
  );
});

it("opens the longest of several brackets", () => {
  const inner = `${A} * ${B} + ${C}`;
  expect(brokenStatement(`x = f(${inner}).mean()`, 8)).toBe(`x = f(\n    ${inner}\n).mean()`);
});

it("breaks what is long inside once more, the loosest operator first", () => {
  expect(brokenStatement(`x = f(${A} * ${B} + ${B} * ${C}, axis=(0, 1)).mean()`, 8)).toBe(
    `x = f(\n    (\n        ${A} * ${B}\n        + ${B} * ${C}\n    ),\n    axis=(0, 1),\n).mean()`,
  );
  expect(brokenStatement(`weights = 1 if ${A} is None else ${B} * ${C} + ${A}`, 8)).toBe(
    `weights = (\n    1\n    if ${A} is None\n    else ${B} * ${C} + ${A}\n)`,
  );
});

it("keeps brackets, signs and indices whole", () => {
  const text = `return -${A}[:, :, None].sum(2) * (${B} - 1) ** 2 + ${C}.clamp(min=1e-6)`;
  expect(brokenStatement(text, 8)).toBe(
    `return (\n    -${A}[:, :, None].sum(2) * (${B} - 1) ** 2\n    + ${C}.clamp(min=1e-6)\n)`,
  );
});

it("leaves a word that no bracket opens", () => {
  const long = `return ${"a".repeat(120)}`;
  expect(brokenStatement(long, 8)).toBe(long);
});
