// Which two results may be compared: those whose numbers mean the same.

import { expect, test } from "vitest";
import { objectDefinition } from "../../src/evaluation/object-scores.js";
import type { EvaluationResult, MeasureSettings } from "../../src/evaluation/results.js";
import { checkComparable } from "../../src/evaluation/stored-result.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { measured } from "./measured.js";

const resultWith = (settings: Partial<MeasureSettings>, cases = [measured("a", {})]) =>
  ({
    settings: { metrics: ["dice"], surface: DEFAULT_SURFACE, allow: {}, ...settings },
    cases,
  }) as unknown as EvaluationResult;
const compare = (a: Partial<MeasureSettings>, b: Partial<MeasureSettings>) => () =>
  checkComparable(resultWith(a), resultWith(b));

test("results with other definitions are refused, by name", () => {
  expect(compare({}, {})).not.toThrow();
  expect(compare({}, { ignore: 3 })).toThrow("other settings: ignore;");
  expect(compare({ surface: { ...DEFAULT_SURFACE, tolerance: 2 } }, {})).toThrow("other settings: tolerance;");
  const [one, other] = [objectDefinition(), objectDefinition({ connectivity: "faces" })];
  expect(compare({ objects: one }, { objects: other })).toThrow("other settings: objects;");
  expect(compare({ boundary: { distance: 2 } }, { boundary: { share: 0.02 } })).toThrow("other settings: boundary;");
});

test("a definition that one of the two did not need is no obstacle", () => {
  expect(compare({ objects: objectDefinition(), boundary: { distance: 2 } }, {})).not.toThrow();
});

test("a case with another reference is refused", () => {
  const moved = [{ ...measured("a", {}), reference: "/elsewhere/a.nii.gz" }];
  expect(() => checkComparable(resultWith({}), resultWith({}, moved))).toThrow("needs the same references");
});
