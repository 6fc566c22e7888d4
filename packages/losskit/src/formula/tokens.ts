// Cuts the text of a formula into tokens that remember where they stood.

import { FormulaError } from "../errors.js";

export type TokenKind = "number" | "name" | "symbol" | "newline" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset of the first character in the formula's text. */
  readonly at: number;
}

/** Longest formula that is read, in characters; the longest loss known to us takes under 1,000. */
export const MAX_FORMULA_LENGTH = 10_000;

const PATTERN =
  /(?<blank>[ \t\r]+|#[^\n]*)|(?<newline>[\n;])|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol><=|>=|==|!=|\*\*|[-+*/^(),=<>])/uy;

export function tokenize(text: string): Token[] {
  if (text.length > MAX_FORMULA_LENGTH) {
    throw new FormulaError(
      "FORMULA_LIMIT",
      text,
      MAX_FORMULA_LENGTH,
      `the formula has ${text.length} characters; at most ${MAX_FORMULA_LENGTH} are read`,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(text);
    if (!match?.groups) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      throw new FormulaError("FORMULA_SYNTAX", text, at, `'${character}' has no meaning in a formula`);
    }
    const { blank, newline, number, name } = match.groups;
    if (blank === undefined) {
      const kind = newline ? "newline" : number ? "number" : name ? "name" : "symbol";
      tokens.push({ kind, text: match[0], at });
    }
    at += match[0].length;
  }
  tokens.push({ kind: "end", text: "the end", at: text.length });
  return tokens;
}
