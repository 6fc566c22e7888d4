// The grammar of formulas: what binds to what, where a line ends, and what is said of a text that is not a formula.

import { describe, expect, it } from "vitest";
import { FormulaError } from "../../src/errors.js";
import { type Expression, MAX_DEPTH, parse } from "../../src/formula/syntax.js";
import { MAX_FORMULA_LENGTH } from "../../src/formula/tokens.js";
import { errorOf } from "./formula-errors.js";

/** An expression with all its parentheses. */
function written(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return String(expression.value);
    case "name":
      return expression.name;
    case "call":
      return `${expression.name}(${expression.args.map(written).join(", ")})`;
    case "negative":
      return `(-${written(expression.arg)})`;
    case "binary":
      return `(${written(expression.left)} ${expression.operator} ${written(expression.right)})`;
  }
}

const statements = (text: string) =>
  parse(text).map(({ name, expression }) => `${name ?? ""}:${written(expression)}`.replace(/^:/, ""));

describe("operators", () => {
  it.each([
    ["a + b * c", "(a + (b * c))"],
    ["a * b + c", "((a * b) + c)"],
    ["a - b - c", "((a - b) - c)"],
    ["a / b / c", "((a / b) / c)"],
    ["a / b * c", "((a / b) * c)"],
    ["a - b + c", "((a - b) + c)"],
    ["-a^2", "(-(a ^ 2))"],
    ["-a*b", "((-a) * b)"],
    ["a*-b", "(a * (-b))"],
    ["a - -b", "(a - (-b))"],
    ["--a", "(-(-a))"],
    ["+a", "a"],
    ["a^b^c", "(a ^ (b ^ c))"],
    ["a**b**c", "(a ^ (b ^ c))"],
    ["a^-b^c", "(a ^ (-(b ^ c)))"],
    ["2*a^2", "(2 * (a ^ 2))"],
    ["(a + b)^2", "((a + b) ^ 2)"],
    ["(-a)^2", "((-a) ^ 2)"],
    ["a + b < c * d", "((a + b) < (c * d))"],
    ["a <= b", "(a <= b)"],
    ["a > b", "(a > b)"],
    ["a >= b", "(a >= b)"],
    ["a == b", "(a == b)"],
    ["a != -b", "(a != (-b))"],
    ["(a < b) == (c < d)", "((a < b) == (c < d))"],
    ["f(a, b < c, -d)", "f(a, (b < c), (-d))"],
    ["f()", "f()"],
  ])("%s is %s", (text, tree) => {
    expect(statements(text)).toEqual([tree]);
  });

  it.each([
    ["1", 1],
    ["1.", 1],
    [".5", 0.5],
    ["1e-5", 1e-5],
    ["1.5E+3", 1500],
    ["00", 0],
  ])("the number %s is %d", (text, value) => {
    expect(parse(text)[0].expression).toMatchObject({ kind: "number", value });
  });

  it("takes letters of any script in names", () => {
    expect(statements("α_1 * β")).toEqual(["(α_1 * β)"]);
  });
});

describe("lines", () => {
  it.each([
    ["a = 1\nb = 2", ["a:1", "b:2"]],
    ["a = 1; b = 2; a", ["a:1", "b:2", "a"]],
    ["\n\n a = 1 \n\n\n b\n", ["a:1", "b"]],
    ["a = 1\r\nb\r\n", ["a:1", "b"]],
    [";;a;;", ["a"]],
    ["# nothing\na = 1 # one\n# b = 2\na", ["a:1", "a"]],
    ["a = 1 # one; b = 2\na", ["a:1", "a"]],
    ["f(a,\n\n b)", ["f(a, b)"]],
    ["(a\n+ b\n)\nc", ["(a + b)", "c"]],
    ["a +\n b", ["(a + b)"]],
    ["a\n  + b", ["(a + b)"]],
    ["a\n\n  * b", ["(a * b)"]],
    ["a # first\n  + b # second", ["(a + b)"]],
    ["loss =\n a", ["loss:a"]],
    ["a\n< b", ["(a < b)"]],
    ["a ^\n2", ["(a ^ 2)"]],
    // A parenthesis on a line of its own is no call of the name before.
    ["a = b\n(c)", ["a:b", "c"]],
  ])("%j", (text, expected) => {
    expect(statements(text)).toEqual(expected);
  });

  it("ends with ';' even where an operator follows", () => {
    expect(errorOf(() => parse("a = 1; * 2"))).toMatchObject({ code: "FORMULA_SYNTAX", line: 1, column: 8 });
  });
});

describe("a text that is not a formula", () => {
  it.each([
    ["", 1, 1, "expected a formula, found nothing"],
    [" # only a comment\n ;\n", 1, 1, "expected a formula, found nothing"],
    ["mean(p", 1, 7, "expected ',' or ')', found the end"],
    ["(p + y", 1, 7, "expected ')', found the end"],
    ["mean(p))", 1, 8, "expected an operator or the end of the line, found ')'"],
    ["mean(p y)", 1, 8, "expected ',' or ')', found 'y'"],
    ["mean(p, )", 1, 9, "expected a number, a name, a function or '(', found ')'"],
    ["mean(,p)", 1, 6, "expected a number, a name, a function or '(', found ','"],
    ["p +", 1, 4, "expected a number, a name, a function or '(', found the end"],
    ["a = * p", 1, 5, "expected a number, a name, a function or '(', found '*'"],
    ["a = ;p", 1, 5, "expected a number, a name, a function or '(', found the end of the line"],
    ["2 p", 1, 3, "expected an operator or the end of the line, found 'p'"],
    ["2p", 1, 2, "expected an operator or the end of the line, found 'p'"],
    ["1.2.3", 1, 4, "expected an operator or the end of the line, found '.3'"],
    ["1e999", 1, 1, "expected a number that fits a float64, found '1e999'"],
    ["0 < p < 1", 1, 7, "expected one comparison at a time, found '<'"],
    ["a == b != c", 1, 8, "expected one comparison at a time, found '!='"],
    ["a = b = c", 1, 7, "expected an operator or the end of the line, found '='"],
    ["1 = p", 1, 3, "expected an operator or the end of the line, found '='"],
    ["a\nb c", 2, 3, "expected an operator or the end of the line, found 'c'"],
    ["mean(p) ; @", 1, 11, "'@' has no meaning in a formula"],
    ["p[0]", 1, 2, "'[' has no meaning in a formula"],
    ["p && y", 1, 3, "'&' has no meaning in a formula"],
    ["p.length", 1, 2, "'.' has no meaning in a formula"],
    ["'p'", 1, 1, "''' has no meaning in a formula"],
    ["p × y", 1, 3, "'×' has no meaning in a formula"],
    ["p 😀", 1, 3, "'😀' has no meaning in a formula"],
  ])("%j: line %i, column %i", (text, line, column, problem) => {
    const error = errorOf(() => parse(text));
    expect(error).toBeInstanceOf(FormulaError);
    expect(error).toMatchObject({ code: "FORMULA_SYNTAX", name: "FormulaError", line, column });
    expect(error.message.split("\n")[0]).toBe(`line ${line}, column ${column}: ${problem}`);
  });

  it("is shown with a caret below the place", () => {
    const { message } = errorOf(() => parse("a = 1\n  b = 2 * * 3\nc"));
    expect(message).toBe(
      [
        "line 2, column 11: expected a number, a name, a function or '(', found '*'",
        "    b = 2 * * 3",
        `  ${" ".repeat(10)}^`,
      ].join("\n"),
    );
  });

  it("keeps tabs before the caret, so that it stands right whatever a tab is wide", () => {
    const { message, column } = errorOf(() => parse("\ta\t= @"));
    expect(column).toBe(6);
    expect(message.split("\n").slice(1)).toEqual(["  \ta\t= @", "  \t \t  ^"]);
  });

  it("counts columns in characters, not in code units", () => {
    // 𝛼 takes two code units.
    const { column, message } = errorOf(() => parse("𝛼 = @"));
    expect(column).toBe(5);
    expect(message.split("\n")[2]).toBe("      ^");
  });
});

describe("limits", () => {
  it(`reads ${MAX_FORMULA_LENGTH} characters and no more`, () => {
    const padded = (length: number) => "mean(p)".padEnd(length);
    expect(parse(padded(MAX_FORMULA_LENGTH))).toHaveLength(1);
    const error = errorOf(() => parse(padded(MAX_FORMULA_LENGTH + 1)));
    expect(error).toMatchObject({ code: "FORMULA_LIMIT", line: 1, column: MAX_FORMULA_LENGTH + 1 });
    expect(error.message).toContain("the formula has 10001 characters; at most 10000 are read");
  });

  it.each([
    ["parentheses", (n: number) => `${"(".repeat(n)}p${")".repeat(n)}`],
    ["calls", (n: number) => `${"abs(".repeat(n)}p${")".repeat(n)}`],
    ["signs", (n: number) => `${"-".repeat(n)}p`],
    ["powers", (n: number) => `${"p^".repeat(n)}p`],
    ["exponents", (n: number) => `${"p^-".repeat(n)}p`],
  ])("nests %s to a bounded depth", (_, text) => {
    expect(parse(text(MAX_DEPTH / 2 - 1))).toHaveLength(1);
    for (const n of [MAX_DEPTH, 1900]) {
      const error = errorOf(() => parse(text(n)));
      expect(error).toMatchObject({ code: "FORMULA_LIMIT", line: 1 });
      expect(error.message).toContain(`nested more than ${MAX_DEPTH} levels deep; give parts of it names`);
    }
  });
});
