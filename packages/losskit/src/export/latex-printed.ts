// Pieces of LaTeX that know how tightly they bind, how tall and how wide they are, and how they join without a product sign.

/** Loosest first: what a piece may stand in without parentheses. */
export const LOOSE = 0;
export const SUM = 1;
export const PRODUCT = 2;
/** A function with its argument: a factor, but no base of a power. */
export const FUNCTION = 3;
export const POWER = 4;
export const ATOM = 5;

/** What a factor looks like, for how it is set beside another. */
export type Look = "number" | "letter" | "word" | "group" | "function" | "fraction";

export interface Printed {
  readonly tex: string;
  readonly level: number;
  readonly look: Look;
  /** Whether parentheses around it grow. */
  readonly tall: boolean;
  /** Whether a factor behind it would be read as a part of it: log x, sums. */
  readonly open: boolean;
  /** Rough width in letters. */
  readonly width: number;
  /** Of a sum, where a long line may be broken: its terms with their signs. */
  readonly terms?: readonly { readonly tex: string; readonly width: number }[];
}

/** Letters that a text takes, roughly: a command is one, or the letters in its braces. */
export const widthOf = (tex: string): number =>
  tex
    .replace(/\\(?:math|text|operator)[a-z]*/gu, "")
    .replace(/\\[A-Za-z]+/gu, "x")
    .replace(/[\\{}_^]/gu, "").length;

export const piece = (tex: string, width: number, facts: Partial<Printed> = {}): Printed => ({
  tex,
  level: ATOM,
  look: "letter",
  tall: false,
  open: false,
  width,
  ...facts,
});

export const inParentheses = (inner: Printed): Printed =>
  piece(enclosed(inner, "(", ")"), inner.width + 2, { look: "group", tall: inner.tall });

/** Between delimiters that grow only where they must, as growing ones have wider space around them; a size larger around others. */
export function enclosed({ tex, tall }: Pick<Printed, "tex" | "tall">, left: string, right: string): string {
  if (tall) return `\\left${left} ${tex} \\right${right}`;
  if (!/[([]/u.test(tex)) return `${left}${tex}${right}`;
  const size = tex.includes("\\bigl") ? "\\Big" : "\\big";
  return `${size}l${left} ${tex} ${size}r${right}`;
}

/** In parentheses where it binds looser than its place asks. */
export const atLevel = (printed: Printed, level: number): Printed =>
  printed.level < level ? inParentheses(printed) : printed;

/** Factors side by side, with a dot only where they would run together. */
export function product(factors: readonly Printed[]): Printed {
  if (factors.length === 1) return factors[0];
  const set = factors.map((factor, i) => {
    const followed = i < factors.length - 1;
    return factor.level < PRODUCT || (followed && factor.open) ? inParentheses(factor) : factor;
  });
  const tex = set.slice(1).reduce((text, factor, i) => text + between(set[i], factor) + factor.tex, set[0].tex);
  const last = set[set.length - 1];
  return piece(tex, total(set) + 0.4 * set.length, {
    level: PRODUCT,
    look: set[0].look,
    tall: set.some(({ tall }) => tall),
    open: last.open,
  });
}

function between(left: Printed, right: Printed): string {
  if (right.look === "number") return " \\cdot ";
  const both = (look: Look) => left.look === look && right.look === look;
  if (both("word") || both("fraction")) return " \\cdot ";
  // A word before a parenthesis would be a function of it.
  if (right.look === "group" && (left.look === "word" || left.look === "function")) return " \\cdot ";
  const decimal = left.look === "number" && left.tex.includes(".");
  return decimal || left.look === "word" || right.look === "word" ? " \\, " : " ";
}

export const total = (pieces: readonly { readonly width: number }[]): number =>
  pieces.reduce((sum, { width }) => sum + width, 0);

/** Adds terms with their signs; a term that has a sign of its own already stands in parentheses. */
export function sum(terms: readonly { readonly negative: boolean; readonly body: Printed }[]): Printed {
  const set = terms.map(({ negative, body }) => ({ negative, body: atLevel(body, PRODUCT) }));
  const signs = set.map(({ negative }, i) => (i === 0 ? (negative ? "-" : "") : negative ? " - " : " + "));
  const pieces = set.map(({ body }, i) => ({ tex: signs[i] + body.tex, width: body.width + 2 }));
  return piece(pieces.map(({ tex }) => tex).join(""), total(pieces), {
    level: SUM,
    tall: set.some(({ body }) => body.tall),
    open: true,
    terms: pieces,
  });
}

/** `\frac`, or a slash in exponents. */
export function fraction(numerator: Printed, denominator: Printed, style: "usual" | "slash" | "large"): Printed {
  if (style === "slash") {
    const [over, under] = [atLevel(numerator, PRODUCT), atLevel(denominator, FUNCTION)];
    const width = over.width + under.width + 1;
    const tall = over.tall || under.tall;
    return piece(`${over.tex}/${under.tex}`, width, { level: PRODUCT, look: "fraction", tall, open: true });
  }
  const command = style === "large" ? "\\dfrac" : "\\frac";
  const width = Math.max(numerator.width, denominator.width) + 0.5;
  return piece(`${command}{${numerator.tex}}{${denominator.tex}}`, width, {
    level: PRODUCT,
    look: "fraction",
    tall: true,
  });
}

export function power(base: Printed, exponent: Printed): Printed {
  const below = base.level < ATOM ? inParentheses(base) : base;
  const raised = /^(?:[A-Za-z0-9]|\\[A-Za-z]+)$/u.test(exponent.tex) ? exponent.tex : `{${exponent.tex}}`;
  return piece(`${below.tex}^${raised}`, below.width + 0.7 * exponent.width, {
    level: POWER,
    look: below.look,
    tall: below.tall || exponent.tall,
  });
}

/** A function of arguments in parentheses, which may be those of a setting behind a semicolon. */
export function call(name: string, args: readonly Printed[], settings: readonly Printed[] = []): Printed {
  const list = (pieces: readonly Printed[]) => pieces.map(({ tex }) => tex).join(", ");
  const inner = piece(
    [args, settings]
      .filter((pieces) => pieces.length > 0)
      .map(list)
      .join("; "),
    total(args) + total(settings) + 1,
    { tall: [...args, ...settings].some(({ tall }) => tall) },
  );
  return piece(name + enclosed(inner, "(", ")"), widthOf(name) + inner.width + 2, {
    level: FUNCTION,
    look: "function",
    tall: inner.tall,
  });
}

/** An operator before what it is of: log p, log(1 - p), the sum of p y over i. Only what is one symbol needs no parentheses. */
export function prefixed(name: string, arg: Printed): Printed {
  const bare = arg.level === ATOM && (arg.look === "letter" || arg.look === "word");
  if (!bare) return call(name, [arg]);
  return piece(`${name} ${arg.tex}`, widthOf(name) + arg.width + 2, { level: FUNCTION, look: "function", open: true });
}
