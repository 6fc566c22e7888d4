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

  it("shows a long line only around the place", () => {
    const text = `first\n${"a".repeat(500)})${"b".repeat(500)}\nlast`;
    const { message, column } = new FormulaError("FORMULA_SYNTAX", text, 506, "x");
    expect(column).toBe(501);
    const [, shown, caret] = message.split("\n");
    expect(shown).toBe(`  …${"a".repeat(80)})${"b".repeat(39)}`);
    expect(caret.indexOf("^")).toBe(shown.indexOf(")"));
  });
});

describe("nearest", () => {
  it("counts swapped neighbours as one error, and takes no other letter for a name of one", () => {
    expect(nearest("diec", ["dice", "iou"])).toBe("dice");
    expect(nearest("x", ["p", "y"])).toBeUndefined();
    expect(nearest("X", ["p", "x"])).toBe("x");
    expect(nearest("", ["p"])).toBeUndefined();
  });

  it("finds a typing error and nothing far away", () => {
    expect(nearest("tverski", ["dice", "tversky"])).toBe("tversky");
    expect(nearest("boundary", ["dice", "iou"])).toBeUndefined();
  });
});
