// Turns the graph of a loss into lines of Python: one line for each named or shared value, parentheses only where needed.

import { type Axes, CLASS, IMAGE, INSTANCE, NONE, VOXEL } from "../formula/axes.js";
import { type BinaryOp, type InputName, type Node, reachable, type UnaryOp } from "../formula/node.js";
import { ROUTINES } from "../formula/operations.js";
import { insidePatterns, isLeaf, isNeverZero, isSetting, meanOf, rankedBy, usersOf } from "./graph-patterns.js";
import { nameGiver } from "./python-names.js";
import { atom, closed, type Dialect, LEVEL, number, ofNumber, raised, type Text, within } from "./python-text.js";
import { describe, INPUT_NAMES, ofOneInput } from "./value-names.js";

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

  /** A node beside others that vary over `axes` together. */
  const beside = (node: Node, axes: Axes): Text => placed(texts.get(node) as Text, node.axes, axes);

  /** An array that varies over its own axes, beside others: an axis it lacks behind its first becomes one of length 1. */
  function placed(text: Text, own: Axes, axes: Axes): Text {
    if (own === NONE) return text;
    const first = slots.findIndex((_, slot) => has(own, slot));
    const wanted = slots.map((_, slot) => slot).filter((slot) => slot >= first && has(axes | own, slot));
    const index = wanted.map((slot) => (has(own, slot) ? ":" : "None"));
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
        if (a.op === "neg" && !wishes.has(a) && uses.get(a) === 1)
          return infix("-", LEVEL.sum, right, beside(a.args[0], node.axes), true);
        return infix("+", LEVEL.sum, left, right, false);
      case "sub":
        return infix("-", LEVEL.sum, left, right, true);
      case "mul":
        if (a === b) return raised(closed(left), "2");
        return infix("*", LEVEL.product, left, right, false);
      case "div":
        return quotient(node);
      case "pow": {
        const plain = (b.op === "number" && b.value >= 1) || isSetting(a);
        if (plain) return raised(closed(left), within(right, LEVEL.sign));
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
        if (isSetting(node)) {
          if (op === "log") dialect.need("log");
          return ofNumber(op as UnaryOp, only());
        }
        return dialect.unary(op as Exclude<UnaryOp, "neg">, only());
    }
  }

  function conditionBeside(node: Node, axes: Axes): string {
    if (inside.has(node)) return placed(condition(node), node.axes, axes).text;
    // The condition as a number has a name or is short; what it is compared with is 0 all the same.
    return `${within(beside(node, axes), LEVEL.sum)} != 0`;
  }

  const users = usersOf(nodes);
  const inside = insidePatterns(nodes, uses, users);
  // The formula's own names come before those made up.
  const wishes = new Map<Node, string>();
  for (const node of nodes) {
    const name = names.get(node);
    if (name === undefined || node === value || isLeaf(node) || inside.has(node)) continue;
    wishes.set(node, giveName(name, ofOneInput(node)));
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
