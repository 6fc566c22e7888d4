// Reads the LaTeX of a formula without voxels back into a number, by the rules that a reader has: what is seen, not how it was made.

const FUNCTIONS: Readonly<Record<string, (...args: number[]) => number>> = {
  "\\log": Math.log,
  "\\exp": Math.exp,
  "\\tanh": Math.tanh,
  "\\sigma": (e) => 1 / (1 + Math.exp(-e)),
  "\\min": Math.min,
  "\\max": Math.max,
  "\\operatorname{sign}": Math.sign,
  "\\operatorname{sg}": (e) => e,
  "\\operatorname{clamp}": (e, low, high) => Math.min(Math.max(e, low), high),
};

const RELATIONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "\\le": (a, b) => a <= b,
  "\\ge": (a, b) => a >= b,
  "=": (a, b) => a === b,
  "\\ne": (a, b) => a !== b,
};

const TOKENS =
  /\\(?:mathrm|operatorname|mathbb|text)\{[^}]*\}|\\(?:begin|end)\{cases\}|\\(?:left|right|[Bb]ig[lr])(?![A-Za-z])|\\(?:[A-Za-z]+|[,;\\])|\d+(?:\.\d+)?|[^\s]/gu;

/**
 * The number that the right side of an equation is, with values for its symbols.
 *
 * Sums are of products; a product goes on as long as factors follow one another; a function without parentheses is of the one symbol behind it.
 */
export function readLatex(tex: string, symbols: Readonly<Record<string, number>>): number {
  // Sizes of delimiters and small spaces mean nothing.
  const tokens = (tex.match(TOKENS) ?? []).filter((token) => !/^\\(?:left|right|[Bb]ig[lr]|,)$/u.test(token));
  let at = 0;

  function take(token: string): void {
    if (tokens[at] !== token)
      throw new Error(`expected ${token}, found ${tokens.slice(at, at + 5).join(" ")} in ${tex}`);
    at++;
  }
  const follows = (token: string) => tokens[at] === token;
  function within(open: string, close: string): number {
    take(open);
    const value = sum();
    take(close);
    return value;
  }

  function sum(): number {
    const negative = follows("-");
    if (negative) at++;
    let value = negative ? -product() : product();
    while (follows("+") || follows("-")) value += tokens[at++] === "+" ? product() : -product();
    return value;
  }

  function product(): number {
    let value = factor();
    for (;;) {
      if (follows("\\cdot")) at++;
      else if (follows("/")) {
        at++;
        value /= factor();
        continue;
      } else if (ends()) return value;
      value *= factor();
    }
  }

  const ends = () =>
    at >= tokens.length || /^(?:[-+)\]},;&<>=]|\\rvert|\\\\|\\le|\\ge|\\ne|\\end.*)$/u.test(tokens[at]);

  function factor(): number {
    const base = atom();
    if (!follows("^")) return base;
    at++;
    return base ** (follows("{") ? within("{", "}") : symbol());
  }

  function symbol(): number {
    const token = tokens[at++];
    const value = /^\d/u.test(token) ? Number(token) : symbols[token];
    if (value === undefined) throw new Error(`no value for ${token} in ${tex}`);
    return value;
  }

  function atom(): number {
    const token = tokens[at];
    if (token === "(") return within("(", ")");
    if (token === "\\lvert") return Math.abs(within("\\lvert", "\\rvert"));
    if (token === "\\begin{cases}") return cases();
    if (token === "\\frac" || token === "\\dfrac") {
      at++;
      return within("{", "}") / within("{", "}");
    }
    if (token === "\\sqrt") {
      at++;
      return Math.sqrt(within("{", "}"));
    }
    if (token === "\\mathbb{1}") {
      at++;
      take("[");
      const holds = condition();
      take("]");
      return Number(holds);
    }
    if (!Object.hasOwn(FUNCTIONS, token)) return symbol();
    at++;
    if (!follows("(")) return FUNCTIONS[token](symbol());
    take("(");
    const args = [sum()];
    while (follows(",")) {
      at++;
      args.push(sum());
    }
    take(")");
    return FUNCTIONS[token](...args);
  }

  function condition(): boolean {
    const left = sum();
    const relation = RELATIONS[tokens[at++]];
    return relation(left, sum());
  }

  function cases(): number {
    take("\\begin{cases}");
    let chosen: number | undefined;
    for (;;) {
      const value = sum();
      take("&");
      const word = tokens[at++];
      const holds = word === "\\text{otherwise}" || condition();
      if (holds && chosen === undefined) chosen = value;
      if (!follows("\\\\")) break;
      at++;
    }
    take("\\end{cases}");
    return chosen as number;
  }

  const value = sum();
  if (at < tokens.length) throw new Error(`left over: ${tokens.slice(at).join(" ")} in ${tex}`);
  return value;
}
