import { describe, expect, it } from "vitest";
import { FormulaError, nearest } from "../src/errors.js";

describe("FormulaError", () => {
  it("says line and column and puts a caret under the place", () => {
    const error = new FormulaError("FORMULA_SYNTAX", "a = 1\nb = )", 10, "expected a number");
    expect([error.line, error.column]).toEqual([2, 5]);
    expect(error.message).toBe("line 2, column 5: expected a number\n  b = )\n      ^");
  });

  it("counts characters, not code units", () => {
    expect(new FormulaError("FORMULA_SYNTAX", "𝛼 )", 3, "x").column).toBe(3);
  });
});

describe("nearest", () => {
  it("finds a typing error and nothing far away", () => {
    expect(nearest("tverski", ["dice", "tversky"])).toBe("tversky");
    expect(nearest("boundary", ["dice", "iou"])).toBeUndefined();
  });
});
