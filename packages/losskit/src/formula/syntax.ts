// Reads the text of a formula into a tree of statements and expressions; knows grammar, not meaning.

import { FormulaError } from "../errors.js";
import { type Token, tokenize } from "./tokens.js";

export type BinaryOperator = "+" | "-" | "*" | "/" | "^" | "<" | "<=" | ">" | ">=" | "==" | "!=";

export type Expression =
  | { readonly kind: "number"; readonly value: number; readonly at: number }
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[]; readonly at: number }
  | { readonly kind: "negative"; readonly arg: Expression; readonly at: number }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    };

/** `name = expression`; the last statement may be an expression alone, which is the loss. */
export interface Statement {
  readonly name: string | undefined;
  readonly at: number;
  readonly expression: Expression;
}

/** Deepest nesting that is read: every level is one call on the reader's stack. */
export const MAX_DEPTH = 64;

const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="];

/**
 * Grammar, loosest first: comparison, `+ -`, `* /`, unary minus, `^` (right to left; `-x^2` is `-(x^2)`), then numbers,
 * names, calls and parentheses. A statement ends with its line, unless a parenthesis is open or an operator stands at
 * the end of the line or at the start of the next.
 */
export function parse(text: string): Statement[] {
  const tokens = joinContinuedLines(tokenize(text));
  let position = 0;
  let depth = 0;

  const peek = () => tokens[position];
  const isSymbol = (...symbols: string[]) => peek().kind === "symbol" && symbols.includes(peek().text);

  function fail(expected: string, token = peek()): never {
    const found =
      token.kind === "end" ? "the end" : token.kind === "newline" ? "the end of the line" : `'${token.text}'`;
    throw new FormulaError("FORMULA_SYNTAX", text, token.at, `expected ${expected}, found ${found}`);
  }

  function take(symbol: string, expected: string): void {
    if (!isSymbol(symbol)) fail(expected);
    position++;
  }

  function nested<T>(read: () => T): T {
    if (++depth > MAX_DEPTH) {
      const problem = `the formula is nested more than ${MAX_DEPTH} levels deep; give parts of it names`;
      throw new FormulaError("FORMULA_LIMIT", text, peek().at, problem);
    }
    const result = read();
    depth--;
    return result;
  }

  function leftToRight(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    while (isSymbol(...operators)) {
      const { text: operator, at } = tokens[position++];
      left = { kind: "binary", operator: operator as BinaryOperator, left, right: operand(), at };
    }
    return left;
  }

  const comparison = (): Expression =>
    nested(() => {
      const left = sum();
      if (!isSymbol(...COMPARISONS)) return left;
      const { text: operator, at } = tokens[position++];
      const result = { kind: "binary", operator: operator as BinaryOperator, left, right: sum(), at } as const;
      if (isSymbol(...COMPARISONS)) fail("one comparison at a time");
      return result;
    });
  const sum = (): Expression => leftToRight(["+", "-"], product);
  const product = (): Expression => leftToRight(["*", "/"], signed);

  function signed(): Expression {
    if (!isSymbol("-", "+")) return power();
    const { text: sign, at } = tokens[position++];
    const arg = nested(signed);
    return sign === "-" ? { kind: "negative", arg, at } : arg;
  }

  function power(): Expression {
    const left = operand();
    if (!isSymbol("^", "**")) return left;
    const { at } = tokens[position++];
    return { kind: "binary", operator: "^", left, right: nested(signed), at };
  }

  function operand(): Expression {
    const token = peek();
    if (token.kind === "number") {
      position++;
      const value = Number(token.text);
      if (!Number.isFinite(value)) fail("a number that fits a float64", token);
      return { kind: "number", value, at: token.at };
    }
    if (token.kind === "name") {
      position++;
      if (!isSymbol("(")) return { kind: "name", name: token.text, at: token.at };
      position++;
      const args: Expression[] = [];
      while (!isSymbol(")")) {
        if (args.length > 0) take(",", "',' or ')'");
        args.push(comparison());
      }
      position++;
      return { kind: "call", name: token.text, args, at: token.at };
    }
    if (isSymbol("(")) {
      position++;
      const inner = comparison();
      take(")", "')'");
      return inner;
    }
    return fail("a number, a name, a function or '('");
  }

  const statements: Statement[] = [];
  for (;;) {
    while (peek().kind === "newline") position++;
    if (peek().kind === "end") break;
    const token = peek();
    const next = tokens[position + 1];
    const assigned = token.kind === "name" && next.kind === "symbol" && next.text === "=";
    if (assigned) position += 2;
    statements.push({ name: assigned ? token.text : undefined, at: token.at, expression: comparison() });
    if (peek().kind !== "newline" && peek().kind !== "end") fail("an operator or the end of the line");
  }
  if (statements.length === 0) throw new FormulaError("FORMULA_SYNTAX", text, 0, "expected a formula, found nothing");
  return statements;
}

/** Drops the line ends that do not end a statement. */
function joinContinuedLines(tokens: readonly Token[]): Token[] {
  const operators = new Set(["+", "-", "*", "/", "^", "**", "=", ",", "(", ...COMPARISONS]);
  const joined: Token[] = [];
  let open = 0;
  tokens.forEach((token, i) => {
    if (token.text === "(") open++;
    if (token.text === ")") open--;
    if (token.kind === "newline" && token.text === "\n") {
      const previous = joined[joined.length - 1];
      const next = tokens.slice(i + 1).find((candidate) => candidate.kind !== "newline");
      const continued =
        open > 0 ||
        (previous?.kind === "symbol" && operators.has(previous.text)) ||
        (next?.kind === "symbol" && operators.has(next.text) && next.text !== "(");
      if (continued) return;
    }
    joined.push(token);
  });
  return joined;
}
