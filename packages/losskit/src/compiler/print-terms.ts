// Expressions as text: infix, in the words of the formula language, with the parentheses they need and no more.

/** A text and how tightly its outermost operation binds. */
export interface Term {
  readonly text: string;
  readonly binds: number;
}

/** Loosest first, as in the formula language; `and` and `or` below comparisons. */
export const BINDS = { and: 0, comparison: 1, add: 2, multiply: 3, minus: 4, power: 5, atom: 6 } as const;

export const atom = (text: string): Term => ({ text, binds: BINDS.atom });

const within = ({ text, binds }: Term, least: number) => (binds >= least ? text : `(${text})`);

/** `a + b`, with b in parentheses where it binds no tighter: the order of operations can be read off. */
export const infix = (symbol: string, binds: number, a: Term, b: Term): Term => ({
  text: `${within(a, binds)} ${symbol} ${within(b, binds + 1)}`,
  binds,
});

export const minus = (a: Term): Term => ({ text: `-${within(a, BINDS.minus)}`, binds: BINDS.minus });

export const power = (a: Term, b: Term): Term => ({
  text: `${within(a, BINDS.atom)}^${within(b, BINDS.power)}`,
  binds: BINDS.power,
});

export const call = (name: string, ...args: readonly Term[]): Term =>
  atom(`${name}(${args.map(({ text }) => text).join(", ")})`);

/** Up to 7 digits, as many as a float32 holds. */
export function number(value: number): Term {
  const text = String(Number(value.toPrecision(7)));
  return { text, binds: value < 0 ? BINDS.minus : BINDS.atom };
}

/** Operations that are written alike in a graph and in a kernel; undefined for others. */
export function operation(op: string, [a, b, c]: readonly Term[]): Term | undefined {
  switch (op) {
    case "add":
      return infix("+", BINDS.add, a, b);
    case "sub":
      return infix("-", BINDS.add, a, b);
    case "mul":
      // One channel: the number of classes is 1.
      if (a.text === "1") return b;
      return b.text === "1" ? a : infix("*", BINDS.multiply, a, b);
    case "div":
    case "slopeDiv":
      return b.text === "1" ? a : infix("/", BINDS.multiply, a, b);
    case "lt":
      return infix("<", BINDS.comparison, a, b);
    case "le":
      return infix("<=", BINDS.comparison, a, b);
    case "eq":
      return infix("==", BINDS.comparison, a, b);
    case "pow":
      return power(a, b);
    case "neg":
      return minus(a);
    case "exp":
    case "log":
    case "log1p":
    case "expm1":
    case "sqrt":
    case "abs":
    case "sign":
    case "sigmoid":
    case "softplus":
    case "tanh":
      return call(op, a);
    case "min":
    case "max":
      return call(op, a, b);
    case "wins":
    case "powSlope":
      return call(op === "wins" ? "wins" : "power_slope", a, b);
    case "where":
    case "select":
      return call("where", a, b, c);
    default:
      return undefined;
  }
}

/** Texts longer than this get a line and a name of their own inside a larger one. */
export const LONGEST_PART = 48;

/** Gives each wanted name once, and none that is taken: a second `e` becomes `e2`. */
export function createNames(reserved: Iterable<string>) {
  const taken = new Set(reserved);
  const counts = new Map<string, number>();
  return (wanted: string): string => {
    for (let count = (counts.get(wanted) ?? 0) + 1; ; count++) {
      const name = count === 1 ? wanted : `${wanted}${count}`;
      if (taken.has(name)) continue;
      counts.set(wanted, count);
      taken.add(name);
      return name;
    }
  };
}
