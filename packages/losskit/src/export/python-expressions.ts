// Turns the graph of a loss into lines of Python: one line for each named or shared value, parentheses only where needed.

import { LosskitError } from "../errors.js";
import { type Axes, CLASS, IMAGE, INSTANCE, NONE, VOXEL } from "../formula/axes.js";
import { type BinaryOp, type InputName, type Node, reachable, type UnaryOp } from "../formula/node.js";
import { ROUTINES } from "../formula/operations.js";
import { nameGiver } from "./python-names.js";

/** How tightly a text holds together, loosest first. */
export const LEVEL = { comparison: 1, sum: 2, product: 3, sign: 4, power: 5, atom: 6 } as const;
export interface Text {
  readonly text: string;
  readonly level: number;
}
export const atom = (text: string): Text => ({ text, level: LEVEL.atom });
/** A text as an operand of something that holds together as tightly as `level`. */
export const within = ({ text, level }: Text, needed: number): string => (level < needed ? `(${text})` : text);
/** A text that a method or an index can follow. */
const closed = (text: Text): string => within(text, LEVEL.atom);

/** A routine that ranks the voxels of each group, and has one value for each. */
export interface GroupCall {
  readonly name: string;
  /** First and, where the routine has one, second argument, aligned to the same axes. */
  readonly voxels: readonly Text[];
  readonly scalars: readonly string[];
  /** Axes of the arguments, and those that a group spans. */
  readonly axes: Axes;
  readonly over: Axes;
  /** 1 for the voxels that count, aligned to the arguments; undefined where all do. */
  readonly counts: Text | undefined;
}

/** What differs between two array libraries of Python. */
export interface Dialect {
  /** Order of the axes of an array; instances stand where voxels do. */
  readonly order: readonly Axes[];
  unary(op: Exclude<UnaryOp, "neg">, a: Text): Text;
  power(a: Text, b: Text): Text;
  extreme(op: "min" | "max", a: Text, b: Text, isNumber: { readonly a: boolean; readonly b: boolean }): Text;
  /** A truth value per element as 1 and 0. */
  asNumber(condition: Text): Text;
  where(condition: string, a: string, b: string, isNumber: { readonly a: boolean; readonly b: boolean }): Text;
  stop(a: Text): Text;
  /** @param dimensions those to reduce; undefined for all there are */
  reduce(kind: "sum" | "mean" | "max" | "min", a: Text, dimensions: readonly number[] | undefined): Text;
  /** Size of one axis. */
  extent(dimension: number): Text;
  index(a: Text, index: string): Text;
  matmul(matrix: string, transposed: boolean, a: Text, axes: Axes): Text;
  groupRoutine(call: GroupCall): Text;
  gridRoutine(name: string, voxels: Text, scalars: readonly string[], axes: Axes): Text;
  sumBy(id: string, e: string): Text;
  instanceNumbers(id: string): Text;
  /** Asks for a function to be printed before the class. */
  need(name: string): void;
}

export interface Statements {
  /** `name = expression` in order. */
  readonly lines: readonly string[];
  /** The loss. */
  readonly result: Text;
  /** Inputs that the lines use. */
  readonly inputs: ReadonlySet<InputName>;
  readonly fields: ReadonlySet<string>;
  readonly usesSpace: boolean;
}

const INPUT_NAMES: Readonly<Record<InputName, string>> = {
  x: "x",
  p: "p",
  q: "q",
  logP: "log_p",
  logQ: "log_q",
  y: "y",
  class: "class_index",
  valid: "valid",
  weight: "weights",
};

/** An expression longer than this gets a name for its parts. */
const LONG = 72;

/**
 * @param parameter the text of a parameter of the graph
 * @param names what formulas call their values
 * @param reserved names that the lines must not take
 * @param call whether voxels have weights, and whether the result keeps the classes apart
 */
export function pythonStatements(
  value: Node,
  dialect: Dialect,
  parameter: (name: string) => Text,
  names: ReadonlyMap<Node, string>,
  reserved: readonly string[],
  { weighted, keepsClasses }: { readonly weighted: boolean; readonly keepsClasses: boolean },
): Statements {
  const nodes = reachable([value]);
  const uses = new Map<Node, number>();
  for (const node of nodes) for (const arg of node.args) uses.set(arg, (uses.get(arg) ?? 0) + 1);
  const giveName = nameGiver(reserved);
  const lines: string[] = [];
  const texts = new Map<Node, Text>();
  const inputs = new Set<InputName>();
  const fields = new Set<string>();
  let usesSpace = false;

  const slots = dialect.order.map((axis) => (axis === VOXEL ? VOXEL | INSTANCE : axis));
  const has = (axes: Axes, slot: number) => (axes & slots[slot]) !== 0;
  /** Positions of some axes in an array that varies over `axes`. */
  const dimensionsOf = (over: Axes, axes: Axes): number[] => {
    const present = slots.map((_, slot) => slot).filter((slot) => has(axes, slot));
    return present.flatMap((slot, position) => (has(over, slot) ? [position] : []));
  };

  /** A node beside others that vary over `axes` together: an axis it lacks behind its first becomes one of length 1. */
  function beside(node: Node, axes: Axes): Text {
    const text = texts.get(node) as Text;
    if (node.axes === NONE) return text;
    const first = slots.findIndex((_, slot) => has(node.axes, slot));
    const wanted = slots.map((_, slot) => slot).filter((slot) => slot >= first && has(axes | node.axes, slot));
    const index = wanted.map((slot) => (has(node.axes, slot) ? ":" : "None"));
    const last = index.lastIndexOf("None");
    return last < 0 ? text : dialect.index(text, index.slice(0, last + 1).join(", "));
  }

  function reduced(kind: "sum" | "mean" | "max" | "min", node: Node): Text {
    const [a] = node.args;
    const all = (a.axes & ~node.over) === NONE;
    return dialect.reduce(kind, texts.get(a) as Text, all ? undefined : dimensionsOf(node.over, a.axes));
  }

  const infix = (operator: string, level: number, a: Text, b: Text, tighterRight: boolean): Text => ({
    text: `${within(a, level)} ${operator} ${within(b, tighterRight ? level + 1 : level)}`,
    level,
  });

  /** A condition as a truth value per element. */
  function condition(node: Node): Text {
    const [a, b] = node.args;
    if (node.op === "lt" || node.op === "le" || node.op === "eq") {
      const [left, right] = node.args.map((arg) => beside(arg, node.axes));
      // "0 < e" reads better as "e > 0".
      if (a.op === "number" && b.op !== "number") {
        const turned = { lt: ">", le: ">=", eq: "==" }[node.op];
        return infix(turned, LEVEL.comparison, right, left, true);
      }
      return infix({ lt: "<", le: "<=", eq: "==" }[node.op], LEVEL.comparison, left, right, true);
    }
    return { text: `${within(texts.get(node) as Text, LEVEL.sum)} != 0`, level: LEVEL.comparison };
  }

  function quotient(node: Node): Text {
    const [a, b] = node.args;
    const mean = meanOf(a, b);
    if (mean) {
      const { total, sign, factor } = mean;
      const text = reduced("mean", total);
      const product = factor ? infix("*", LEVEL.product, texts.get(factor) as Text, text, false) : text;
      return sign < 0 ? { text: `-${within(product, LEVEL.product)}`, level: LEVEL.sign } : product;
    }
    const [left, right] = [beside(a, node.axes), beside(b, node.axes)];
    if (isNeverZero(b) || isSetting(b)) return infix("/", LEVEL.product, left, right, true);
    dialect.need("ratio");
    return atom(`ratio(${left.text}, ${right.text})`);
  }

  function binary(node: Node): Text {
    const [a, b] = node.args;
    const [left, right] = [beside(a, node.axes), beside(b, node.axes)];
    switch (node.op as BinaryOp) {
      case "add":
        if (a.op === "neg") return infix("-", LEVEL.sum, right, beside(a.args[0], node.axes), true);
        return infix("+", LEVEL.sum, left, right, false);
      case "sub":
        return infix("-", LEVEL.sum, left, right, true);
      case "mul":
        if (a === b) return { text: `${closed(left)} ** 2`, level: LEVEL.power };
        return infix("*", LEVEL.product, left, right, false);
      case "div":
        return quotient(node);
      case "pow": {
        const plain = (b.op === "number" && b.value >= 1) || isSetting(a);
        if (plain) return { text: `${closed(left)} ** ${within(right, LEVEL.sign)}`, level: LEVEL.power };
        dialect.need("power");
        return dialect.power(left, right);
      }
      case "min":
      case "max":
        return dialect.extreme(node.op as "min" | "max", left, right, {
          a: isSetting(a),
          b: isSetting(b),
        });
      case "lt":
      case "le":
      case "eq":
        return dialect.asNumber(condition(node));
      default:
        throw new Error(`no loss has the operation ${node.op} in its value`);
    }
  }

  function groupRoutine(total: Node, routine: Node): Text {
    const { voxelArguments } = ROUTINES[routine.name];
    const count = voxelArguments.length;
    const scalars = ROUTINES[routine.name].scalarArguments.length;
    const voxels = routine.args.slice(0, count);
    const [valid, selected] = routine.args.slice(count + scalars);
    const axes = voxels.reduce((all, { axes: own }) => all | own, routine.over & ~(IMAGE | VOXEL));
    // A class that does not count is left out later, unless it is there to be seen.
    const counting = [valid, ...(routine.over & CLASS || keepsClasses ? [selected] : [])].filter(
      (one) => one.op !== "number",
    );
    const counts = counting.map((one) => beside(one, axes));
    dialect.need(routine.name);
    return dialect.groupRoutine({
      name: routine.name,
      voxels: voxels.map((arg) => beside(arg, axes)),
      scalars: routine.args.slice(count, count + scalars).map((arg) => (texts.get(arg) as Text).text),
      axes,
      over: total.over,
      counts: counts.length === 0 ? undefined : counts.reduce((a, b) => infix("*", LEVEL.product, a, b, false)),
    });
  }

  function write(node: Node): Text {
    const { op, args } = node;
    const only = () => texts.get(args[0]) as Text;
    switch (op) {
      case "number":
        return number(node.value);
      case "parameter":
        return parameter(node.name);
      case "input":
        inputs.add(node.name as InputName);
        // Without weights of their own, voxels weigh 1 where they count.
        return atom(node.name === "weight" && !weighted ? INPUT_NAMES.valid : INPUT_NAMES[node.name as InputName]);
      case "field":
        fields.add(node.name);
        return atom(node.name);
      case "extent": {
        const sizes = slots.flatMap((_, slot) => (has(node.over, slot) ? [dialect.extent(slot)] : []));
        return sizes.reduce((a, b) => infix("*", LEVEL.product, a, b, false));
      }
      case "where": {
        const [a, b] = args.slice(1).map((arg) => beside(arg, node.axes).text);
        const isNumber = { a: isSetting(args[1]), b: isSetting(args[2]) };
        return dialect.where(conditionBeside(args[0], node.axes), a, b, isNumber);
      }
      case "stop":
        return dialect.stop(only());
      case "total": {
        const routine = rankedBy(node);
        return routine ? groupRoutine(node, routine) : reduced("sum", node);
      }
      case "largest":
        return reduced("max", node);
      case "smallest":
        return reduced("min", node);
      case "neg":
        return { text: `-${within(only(), LEVEL.product)}`, level: LEVEL.sign };
      case "sqrt":
        if (isSetting(args[0])) return atom(`math.sqrt(${only().text})`);
        dialect.need("square_root");
        return atom(`square_root(${only().text})`);
      case "matmul":
        return dialect.matmul(parameter(node.name).text, node.value === 1, only(), args[0].axes);
      case "routine": {
        usesSpace = true;
        dialect.need(node.name);
        const [voxels, ...scalars] = args.map((arg) => texts.get(arg) as Text);
        return dialect.gridRoutine(
          node.name,
          voxels,
          scalars.map(({ text }) => text),
          args[0].axes,
        );
      }
      case "totalBy": {
        dialect.need("sum_by");
        const axes = args[0].axes | args[1].axes;
        return dialect.sumBy(beside(args[0], axes).text, beside(args[1], axes).text);
      }
      case "instanceNumber":
        return dialect.instanceNumbers(only().text);
      default:
        if (args.length === 2) return binary(node);
        if (isSetting(node)) return ofNumber(op as UnaryOp, only());
        return dialect.unary(op as Exclude<UnaryOp, "neg">, only());
    }
  }

  function conditionBeside(node: Node, axes: Axes): string {
    if ((axes & ~node.axes) === NONE) return condition(node).text;
    // The condition as a number has a name or is short; what it is compared with is 0 all the same.
    return `${within(beside(node, axes), LEVEL.sum)} != 0`;
  }

  const inside = insidePatterns(nodes, uses);
  const users = usersOf(nodes);
  // The formula's own names come before those made up.
  const wishes = new Map<Node, string>();
  for (const node of nodes) {
    const name = names.get(node);
    if (name !== undefined && node !== value && !isLeaf(node) && !inside.has(node)) wishes.set(node, giveName(name));
  }
  for (const node of nodes) {
    if (inside.has(node)) continue;
    const text = write(node);
    const own = wishes.get(node);
    const shared = (uses.get(node) ?? 0) > 1;
    const short = node === value || isLeaf(node) || (isSetting(node) && text.text.length < 24);
    if (short || !(own !== undefined || shared || text.text.length > LONG)) {
      texts.set(node, text);
      continue;
    }
    const name = own ?? giveName(describe(node, users.get(node) ?? []));
    lines.push(`${name} = ${text.text}`);
    texts.set(node, atom(name));
  }

  const result = texts.get(value) as Text;
  return { lines, result, inputs, fields, usesSpace };
}

/** Nodes that need no text of their own, since something larger is printed as one. */
function insidePatterns(nodes: readonly Node[], uses: ReadonlyMap<Node, number>): ReadonlySet<Node> {
  const inside = new Set<Node>();
  for (const node of nodes) {
    const routine = rankedBy(node);
    if (routine) {
      const [product] = node.args;
      for (const inner of [product, ...product.args.filter(({ args }) => args[0] === routine), routine])
        inside.add(inner);
    }
    // A comparison stands in the condition itself.
    if (
      node.op === "where" &&
      isComparison(node.args[0]) &&
      covers(node.args[0], node) &&
      uses.get(node.args[0]) === 1
    ) {
      inside.add(node.args[0]);
    }
    const mean = node.op === "div" ? meanOf(node.args[0], node.args[1]) : undefined;
    if (!mean) continue;
    const wrapping = node.args[0] === mean.total ? [mean.total] : [node.args[0], mean.total];
    for (const inner of wrapping) if (uses.get(inner) === 1) inside.add(inner);
  }
  return inside;
}

/** Nodes that take each node as an argument. */
function usersOf(nodes: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of nodes) for (const arg of node.args) users.set(arg, [...(users.get(arg) ?? []), node]);
  return users;
}

const rankingRoutine = (node: Node) => node.op === "routine" && ROUTINES[node.name].gives === "groups";

/** The routine of a sum of voxels with the weights that it gives them. */
function rankedBy(node: Node): Node | undefined {
  if (node.op !== "total" || node.args[0].op !== "mul") return undefined;
  const stopped = node.args[0].args.find(({ op, args }) => op === "stop" && rankingRoutine(args[0]));
  return stopped?.args[0];
}

/** A sum over some axes by their extent, as a mean; a factor or a sign in front of the sum stays in front of the mean. */
function meanOf(a: Node, b: Node): { total: Node; sign: number; factor?: Node } | undefined {
  if (b.op !== "extent") return undefined;
  let [node, sign] = [a, 1];
  let factor: Node | undefined;
  if (node.op === "neg") [node, sign] = [node.args[0], -1];
  if (node.op === "mul" && node.args[0].axes === NONE) [factor, node] = node.args;
  return node.op === "total" && node.over === b.over && !rankedBy(node) ? { total: node, sign, factor } : undefined;
}

/** Made of numbers and parameters alone: a number of Python's, and not an array. */
function isSetting({ op, axes, args }: Node): boolean {
  if (axes !== NONE || op === "input" || op === "total" || op === "largest" || op === "smallest") return false;
  return op === "number" || op === "parameter" || (args.length > 0 && args.every(isSetting));
}

/** A function of a number, by Python's own. */
function ofNumber(op: UnaryOp, a: Text): Text {
  if (op === "abs") return atom(`abs(${a.text})`);
  if (op === "sign") return atom(`math.copysign(1, ${a.text})`);
  if (op === "sigmoid") return { text: `1 / (1 + math.exp(-${within(a, LEVEL.atom)}))`, level: LEVEL.product };
  if (op === "softplus") return atom(`math.log1p(math.exp(${a.text}))`);
  return atom(`math.${op}(${a.text})`);
}

const isComparison = ({ op }: Node) => op === "lt" || op === "le" || op === "eq";
/** Whether a value varies over all that another does, so that it needs no place of its own beside it. */
const covers = (node: Node, { axes }: Node) => (axes & ~node.axes) === NONE;

const isLeaf = ({ op }: Node) =>
  op === "number" || op === "parameter" || op === "input" || op === "field" || op === "extent";

/** Whether a divisor cannot be 0, whatever the arrays hold. */
function isNeverZero(node: Node): boolean {
  switch (node.op) {
    case "number":
      return node.value !== 0;
    case "extent":
    case "exp":
      return true;
    case "total":
      // Of the classes that a list or "foreground" names there is one.
      return node.over === CLASS && node.args[0].op === "parameter" && node.args[0].name.endsWith(":selected");
    case "add":
      return node.args.some(isNeverZero) && node.args.every(isNotNegative);
    case "mul":
      return node.args.every(isNeverZero);
    default:
      return false;
  }
}

function isNotNegative(node: Node): boolean {
  if (node.op === "number") return node.value >= 0;
  if (node.op === "mul" && node.args[0] === node.args[1]) return true;
  return node.op === "exp" || node.op === "extent" || node.op === "sqrt" || node.op === "abs";
}

/** A name for a value that the formula has none for: by what it is, else by what it is for. */
function describe(node: Node, users: readonly Node[]): string {
  const { op, args } = node;
  const [user] = users;
  const isOnly = (role: (by: Node) => boolean) => users.length === 1 && role(user);
  const factors = factorsOf(node);
  if (factors.some(isClassWeights)) return "class_factor";
  if (factors.some(isSelection)) return "counts";
  if (op === "lt" && args[0].op === "number" && args[1].op === "total") return "is_present";
  if ((op === "largest" || op === "smallest") && factorsOf(args[0]).some(isSelection)) return "any_counts";
  if (op === "sub" && args[0].op === "number" && args[0].value === 1 && shortly(args[1]))
    return `not_${shortly(args[1])}`;
  if (op === "total" || op === "totalBy") {
    const summand = shortly(args[args.length - 1]);
    if (summand) return `sum_${summand}`;
    if (factorsOf(args[args.length - 1]).some((one, i, all) => all.indexOf(one) !== i)) return "sum_squares";
  }
  if (isOnly((by) => by.op === "div" && by.args[0] === node)) return "numerator";
  if (isOnly((by) => by.op === "div" && by.args[1] === node)) return "denominator";
  if (isOnly((by) => by.op === "total" && (by.over & VOXEL) !== 0)) return "per_voxel";
  if (isOnly((by) => by.op === "total" && (by.over & CLASS) !== 0)) return "per_class";
  if (isOnly((by) => by.op === "total" && (by.over & INSTANCE) !== 0)) return "per_object";
  if (op === "total") return "sums";
  if (op === "div") return "share";
  if (op === "mul") return args[0] === args[1] ? "squared" : "product";
  if (op === "add" || op === "where") return op === "add" ? "added" : "chosen";
  if (op === "sub") return "difference";
  if (op === "input" || op === "parameter" || op === "routine") return node.name;
  return shortly(args[0]) ? `${op}_${shortly(args[0])}` : op;
}

const factorsOf = (node: Node): readonly Node[] => (node.op === "mul" ? node.args.flatMap(factorsOf) : [node]);
const isClassWeights = ({ op, name }: Node) => op === "parameter" && name.endsWith(":classWeights");
const isSelection = ({ op, name }: Node) => op === "parameter" && name.endsWith(":selected");

/** "py" for p * y; empty for what is no product of inputs. Weights of voxels go without saying. */
function shortly(node: Node): string {
  const factors = factorsOf(node).filter(({ name }) => name !== "weight" && name !== "valid");
  return factors.every(({ op }) => op === "input")
    ? factors.map(({ name }) => INPUT_NAMES[name as InputName]).join("")
    : "";
}

/** A number as Python reads it. */
export function number(value: number): Text {
  if (value === Number.POSITIVE_INFINITY) return atom('float("inf")');
  if (value === Number.NEGATIVE_INFINITY) return { text: '-float("inf")', level: LEVEL.sign };
  if (Number.isNaN(value)) throw new LosskitError("NOT_FINITE", "the formula holds NaN; its numbers must be finite");
  return { text: pythonNumber(value), level: value < 0 ? LEVEL.sign : LEVEL.atom };
}

/** 1e-5, not 0.00001. */
export const pythonNumber = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
