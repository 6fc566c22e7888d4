// Names for the values of generated code: of inputs, and of what a formula has no name for.

import { CLASS, IMAGE, INSTANCE, VOXEL } from "../formula/axes.js";
import type { InputName, Node } from "../formula/node.js";
import { isSetting } from "./graph-patterns.js";

export const INPUT_NAMES: Readonly<Record<InputName, string>> = {
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

/** "sum_y" and "clipped_log_p": a name for a sum or a clipped value of one input. */
export function ofOneInput(node: Node): string | undefined {
  const { op, args } = node;
  if (op === "total" && shortly(args[0])) return `sum_${shortly(args[0])}`;
  if ((op !== "min" && op !== "max") || !isSetting(args[1])) return undefined;
  const [inner] = args[0].op === "min" || args[0].op === "max" ? args[0].args : args;
  return shortly(inner) ? `clipped_${shortly(inner)}` : undefined;
}

/** A name for a value that the formula has none for: by what it is, else by what it is for. */
export function describe(node: Node, users: readonly Node[]): string {
  const { op, args } = node;
  const [user] = users;
  const isOnly = (role: (by: Node) => boolean) => users.length === 1 && role(user);
  const factors = factorsOf(node);
  if (factors.some(isClassWeights)) return "class_factor";
  if (factors.some(isSelection)) return "counts";
  if (op === "lt" && args[0].op === "number" && args[1].op === "total") return "is_present";
  if (op === "lt" && args[0].op === "number" && args[1].name === "class") return "is_foreground";
  if ((op === "largest" || op === "smallest") && factorsOf(args[0]).some(isSelection)) return "any_counts";
  if (op === "sub" && args[0].op === "number" && args[0].value === 1)
    return shortly(args[1]) ? `not_${shortly(args[1])}` : "complement";
  if (op === "total" || op === "totalBy") {
    const summand = shortly(args[args.length - 1]);
    if (summand) return `sum_${summand}`;
    if (factorsOf(args[args.length - 1]).some((one, i, all) => all.indexOf(one) !== i)) return "sum_squares";
  }
  if (isOnly((by) => by.op === "div" && by.args[0] === node)) return "numerator";
  if (isOnly((by) => by.op === "div" && by.args[1] === node)) return "denominator";
  if (isOnly((by) => by.op === "total" && (by.over & VOXEL) !== 0)) return "per_voxel";
  if (isOnly((by) => by.op === "total" && (by.over & CLASS) !== 0)) return "per_class";
  if (isOnly((by) => by.op === "total" && (by.over & IMAGE) !== 0)) return "per_image";
  if (isOnly((by) => by.op === "total" && (by.over & INSTANCE) !== 0)) return "per_object";
  if (op === "total") return "sums";
  if (op === "div") return args[0].op === "number" ? "inverse" : "share";
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
