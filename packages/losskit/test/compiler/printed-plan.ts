// Runs the text of a plan: reads its expressions and does for each voxel what the lines say, in float64.

/** What a text is run on: one image, arrays channels first. */
export interface PrintedInputs {
  readonly channels: number;
  readonly voxels: number;
  readonly arrays: Readonly<Record<string, ArrayLike<number>>>;
  /** Arrays that are one for all classes. */
  readonly common: readonly string[];
  readonly parameters: Readonly<Record<string, number | readonly number[] | readonly (readonly number[])[]>>;
}

interface Scope {
  readonly c: number;
  get(name: string, at: number | undefined): number;
  element(matrix: string, row: number, column: number): number;
}
type Expression = (scope: Scope) => number;

/** Reads one expression: comparisons below `and`, then + -, * /, unary minus, ^ as in the formula language. */
function parse(text: string, channels: number): Expression {
  const tokens = text.match(/\d+(\.\d+)?(e[+-]?\d+)?|[A-Za-z_][\w.]*(\[\w+\])*|[<>=!]=|[-+*/^<>(),]/gu) ?? [];
  let at = 0;
  const take = (token: string) => {
    if (tokens[at] !== token) throw new Error(`expected ${token} at ${tokens.slice(at, at + 4).join(" ")} in: ${text}`);
    at++;
  };
  const truth = (value: boolean) => (value ? 1 : 0);
  const OPERATORS: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
    { and: (a, b) => truth(a !== 0 && b !== 0) },
    {
      "<": (a, b) => truth(a < b),
      "<=": (a, b) => truth(a <= b),
      ">": (a, b) => truth(a > b),
      ">=": (a, b) => truth(a >= b),
      "==": (a, b) => truth(a === b),
      "!=": (a, b) => truth(a !== b),
    },
    { "+": (a, b) => a + b, "-": (a, b) => a - b },
    { "*": (a, b) => a * b, "/": (a, b) => (a === 0 && b === 0 ? 0 : a / b) },
  ];
  const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
    exp: Math.exp,
    log: Math.log,
    log1p: Math.log1p,
    expm1: Math.expm1,
    sqrt: Math.sqrt,
    abs: Math.abs,
    sign: Math.sign,
    min: Math.min,
    max: Math.max,
    sigmoid: (a) => 1 / (1 + Math.exp(-a)),
    where: (mask, a, b) => (mask !== 0 ? a : b),
    not: (a) => truth(a === 0),
    copy_sign: (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
    wins: (a, b) => (a > b ? 1 : a === b ? 0.5 : 0),
    power_slope: (a, b) => (a === 0 ? truth(b === 1) : b * a ** (b - 1)),
    images_sum: (a) => a,
  };

  function level(depth: number): Expression {
    if (depth === OPERATORS.length) return unary();
    let left = level(depth + 1);
    for (let op = OPERATORS[depth][tokens[at]]; op; op = OPERATORS[depth][tokens[at]]) {
      at++;
      const [a, b, join] = [left, level(depth + 1), op];
      left = (scope) => join(a(scope), b(scope));
    }
    return left;
  }
  function unary(): Expression {
    if (tokens[at] !== "-") return power();
    at++;
    const a = unary();
    return (scope) => -a(scope);
  }
  function power(): Expression {
    const a = primary();
    if (tokens[at] !== "^") return a;
    at++;
    const b = unary();
    return (scope) => a(scope) ** b(scope);
  }
  function primary(): Expression {
    const token = tokens[at++];
    if (token === "(") {
      const inner = level(0);
      take(")");
      return inner;
    }
    if (/^\d/u.test(token)) return () => Number(token);
    if (tokens[at] !== "(") {
      const [name, index, column] = token.split(/[[\]]+/u).filter((part) => part !== "");
      if (name === "c" || name === "class") return ({ c }) => c;
      const number = (text: string, { c }: Scope) => (text === "c" ? c : Number(text));
      if (column !== undefined) {
        return (scope) => scope.element(name, number(index, scope), number(column, scope));
      }
      return (scope) => scope.get(name, index === undefined ? undefined : number(index, scope));
    }
    take("(");
    if (token === "matmul") return product();
    const args = [level(0)];
    for (; tokens[at] === ","; ) {
      at++;
      args.push(level(0));
    }
    take(")");
    if (token === "classes_sum" || token === "classes_max") {
      return (scope) => {
        const each = Array.from({ length: channels }, (_, c) => args[0]({ ...scope, c }));
        return token === "classes_max" ? Math.max(...each) : each.reduce((sum, value) => sum + value, 0);
      };
    }
    const f = FUNCTIONS[token];
    if (!f) throw new Error(`there is no function ${token} in: ${text}`);
    return (scope) => f(...args.map((arg) => arg(scope)));
  }
  /** A matrix, or a transposed one, times the vector of an expression over the classes. */
  function product(): Expression {
    const transposed = tokens[at] === "transpose";
    const name = tokens[transposed ? at + 2 : at];
    at += transposed ? 4 : 1;
    take(",");
    const vector = level(0);
    take(")");
    return (scope) => {
      let sum = 0;
      for (let k = 0; k < channels; k++) {
        const element = transposed ? scope.element(name, k, scope.c) : scope.element(name, scope.c, k);
        sum += element * vector({ ...scope, c: k });
      }
      return sum;
    };
  }
  const whole = level(0);
  if (at < tokens.length) throw new Error(`${tokens.slice(at).join(" ")} is left over in: ${text}`);
  return whole;
}

/** The loss and the gradient that the text of a plan computes. */
export function runPrintedPlan(text: string, inputs: PrintedInputs): { loss: number; gradient: Float64Array } {
  const { channels, voxels, arrays, common, parameters } = inputs;
  const gradient = new Float64Array(channels * voxels);
  const isMatrix = (value: unknown): value is readonly (readonly number[])[] =>
    Array.isArray(value) && Array.isArray(value[0]);
  const numbers = new Map<string, number[]>();
  for (const [name, value] of Object.entries({ images: 1, classes: channels, voxels, ...parameters })) {
    if (!isMatrix(value)) numbers.set(name, [value].flat());
  }
  const element: Scope["element"] = (name, row, column) => {
    const matrix = parameters[name];
    if (!isMatrix(matrix)) throw new Error(`${name} is no matrix`);
    return matrix[row][column];
  };
  let voxel = 0;
  const place = (name: string, at: number | undefined) => (common.includes(name) ? 0 : (at ?? 0)) * voxels + voxel;
  const get: Scope["get"] = (name, at) => {
    if (name === "gradient") return gradient[place(name, at)];
    const value = Object.hasOwn(arrays, name) ? arrays[name][place(name, at)] : numbers.get(name)?.[at ?? 0];
    if (value === undefined) throw new Error(`${name}[${at}] is not known`);
    return value;
  };
  function set(name: string, at: number, value: number): void {
    if (name === "gradient") gradient[place(name, at)] = value;
    else {
      const own = numbers.get(name) ?? [];
      own[at] = value;
      numbers.set(name, own);
    }
  }
  function line(source: string) {
    const [, name, index, op, right] = source.match(
      /^\s*([\w.]+)(?:\[(\w+)\])?\s([-+]?=)\s([^#]+)/u,
    ) as RegExpMatchArray;
    const expression = parse(right, channels);
    // A join over the classes, or the largest so far, may be set for every class of a round: it is the same.
    return (classes: readonly number[]) => {
      const each = classes.map((c) => ({
        at: index === undefined ? 0 : index === "c" ? c : Number(index),
        value: expression({ c, get, element }),
      }));
      for (const { at, value } of each) {
        const before = op === "=" ? 0 : (numbers.get(name)?.[at] ?? 0);
        set(name, at, op === "-=" ? before - value : before + value);
      }
    };
  }

  const everyClass = Array.from({ length: channels }, (_, c) => c);
  for (const section of text.split("\n\n").slice(1)) {
    const [title, ...lines] = section.trimEnd().split("\n");
    if (title.startsWith("BEFORE") || title.startsWith("COMBINE")) {
      for (const source of lines) line(source)(source.includes("[c] =") ? everyClass : [0]);
    }
    if (!title.startsWith("PASS")) continue;
    const stages: { readonly classes: readonly number[]; readonly run: ReturnType<typeof line>[] }[] = [];
    for (const source of lines) {
      if (source.startsWith("  for each"))
        stages.push({ classes: source.includes("class c") ? everyClass : [0], run: [] });
      else stages.at(-1)?.run.push(line(source));
    }
    for (voxel = 0; voxel < voxels; voxel++) {
      for (const { classes, run } of stages) for (const step of run) step(classes);
    }
  }
  return { loss: get("loss", undefined), gradient };
}
