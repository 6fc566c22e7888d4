// A pass of a schedule as a kernel: every node becomes values of 4 lanes, every result an effect.

import { CLASS, INSTANCE, VOXEL } from "../formula/axes.js";
import type { BinaryOp, Graph, Node, UnaryOp } from "../formula/node.js";
import type { Activation } from "../formula/options.js";
import type { Kernel, KernelArray, KernelCheck, KernelConstant, KernelSum, KernelValue } from "./kernel.js";
import { createKernelValues, type KernelValues, linearIn } from "./kernel-values.js";
import {
  fromStash,
  givenProbabilities,
  type Probabilities,
  type Slopes,
  sigmoidOf,
  slopeAlongLogits,
  softmaxOf,
  stashOf,
} from "./lower-inputs.js";
import type { Pass, Schedule } from "./schedule.js";
import { stage, type Wanted } from "./stages.js";

/** What about a call changes a kernel, besides the formula. */
export interface KernelContext {
  readonly activation: Activation;
  readonly channels: number;
  readonly targetForm: "labels" | "channels";
  readonly targetType: KernelArray["type"];
  readonly ignores: boolean;
  readonly weighted: boolean;
  /** The exponent of a power where it is one whole number for all classes and images, which multiplications then make. */
  readonly wholeExponent: (exponent: Node) => number | undefined;
}

/** Whether a pass leaves the stash where the gradient will be, or finds it there. */
export type StashUse = "none" | "leaves" | "finds";

/** Most values a kernel may have; beyond it no engine would compile it at once. */
const MAX_VALUES = 2000;
/** A whole exponent up to this is a few multiplications. */
const MAX_WHOLE_EXPONENT = 16;

const ONE_BITS = 0x3f800000;
const LARGEST_BITS = 0x7f7fffff;

/** Why kernels cannot run a graph; undefined where they can. */
export function kernelRefusal(schedule: Schedule, graph: Graph, activation: Activation): string | undefined {
  const nodes = schedule.passes.flatMap(({ loads, voxels, reductions }) => [...loads, ...voxels, ...reductions]);
  for (const node of nodes) {
    if (node.axes & INSTANCE || node.op === "totalBy" || node.op === "gather" || node.op === "instanceNumber") {
      return "it sums over objects (sum_by), which only the reference backend does";
    }
    if (node.op === "matmul") return "it multiplies by a matrix, which only the reference backend does";
    if (activation === "softmax") {
      const slope = node.op === "activation" && !graph.isNumber(node.args[4], 0);
      if (node.name === "logQ" || slope)
        return "it takes log(1 - p) of a softmax, which only the reference backend does";
    }
  }
  if (nodes.length > MAX_VALUES) return `it has ${nodes.length} steps per voxel; kernels take at most ${MAX_VALUES}`;
  return undefined;
}

/** How each pass uses the stash: worth it where a later pass needs p and 1 - p of what an earlier one computed, and no more. */
export function stashUses({ passes }: Schedule, activation: Activation): readonly StashUse[] {
  const uses: StashUse[] = passes.map(() => "none");
  if (activation === "none" || !passes[passes.length - 1].outputs.some(({ op }) => op === "activation")) return uses;
  const activated = (pass: Pass) => pass.loads.filter(({ name }) => ["p", "q", "logP", "logQ"].includes(name));
  const first = passes.findIndex((pass) => activated(pass).length > 0);
  passes.forEach((pass, i) => {
    const needs = activated(pass);
    const enough = needs.length > 0 && !pass.usesLogits && needs.every(({ name }) => name === "p" || name === "q");
    if (i > first && enough) uses[i] = "finds";
  });
  if (uses.includes("finds")) uses[first] = "leaves";
  return uses;
}

/** @param checks whether this pass is the first, which checks what it reads */
export function lowerPass(pass: Pass, context: KernelContext, stash: StashUse, checks: boolean): Kernel {
  const k = createKernelValues();
  const many = context.channels > 1;
  const arrays: KernelArray[] = [];
  const constants: KernelConstant[] = [];
  const sums: KernelSum[] = [];
  const wanted: Wanted[] = [];

  function arraySlot(name: string, perClass: boolean, type: KernelArray["type"], access: "read" | "write"): number {
    const slot = arrays.findIndex((array) => array.name === name);
    if (slot < 0) return arrays.push({ name, perClass: perClass && many, type, access }) - 1;
    if (arrays[slot].access !== access) arrays[slot] = { ...arrays[slot], access: "read and write" };
    return slot;
  }
  function load(name: string, perClass: boolean): KernelValue {
    return k.load(arraySlot(name, perClass, "float32", "read"), perClass && many);
  }
  function constant(source: KernelConstant["source"], perClass: boolean): KernelValue {
    const slot = constants.findIndex((entry) => entry.source === source);
    const own = slot < 0 ? constants.push({ source, perClass: perClass && many }) - 1 : slot;
    return k.constant(own, perClass && many);
  }

  const { target, valid } = targetValues(k, context, load, constant, (type, perClass) =>
    arraySlot("target", perClass, type, "read"),
  );
  const probabilities = activated(k, context.activation, stash, load);
  const lowered = new Map<Node, KernelValue>();
  const valueFor = (node: Node): KernelValue => {
    if (node.op === "number") return k.number(node.value);
    if (!(node.axes & VOXEL)) return constant(node.id, (node.axes & CLASS) !== 0);
    return lowered.get(node) as KernelValue;
  };

  for (const node of pass.loads) {
    const perClass = (node.axes & CLASS) !== 0;
    if (node.op === "routine") lowered.set(node, load(`stored ${node.id}`, perClass));
    else if (node.op === "field") lowered.set(node, load(`field ${node.name}`, perClass));
    else if (node.name === "x") {
      // Where only what is computed from the logits is wanted, nothing may ask for them.
      if (pass.usesLogits) lowered.set(node, load("logits", true));
    } else if (node.name === "y") lowered.set(node, target());
    else if (node.name === "valid") lowered.set(node, k.asFloat(valid()));
    else if (node.name === "weight") {
      const weight = context.weighted ? load("weights", false) : k.one;
      lowered.set(node, context.ignores ? k.keep(valid(), weight) : weight);
    } else lowered.set(node, probabilities[node.name as "p" | "q" | "logP" | "logQ"]());
  }
  for (const node of pass.voxels) {
    const args = node.args.map(valueFor);
    const value =
      node.op === "activation"
        ? slopeAlongLogits(k, context.activation, args as unknown as Slopes, probabilities)
        : lowerNode(k, node, args, many, context);
    lowered.set(node, value);
  }

  for (const node of pass.reductions) {
    const how = node.op as KernelSum["how"];
    const value = how === "total" ? insideClassSum(k, valueFor(node.args[0])) : valueFor(node.args[0]);
    const sum = sums.push({ node: node.id, perClass: value.perClass, how }) - 1;
    wanted.push({ kind: "sum", sum, ...(how === "total" ? withProduct(k, value) : { value }) });
  }
  for (const { value, routine, argument } of pass.stores) {
    const name = `stored ${routine.id} argument ${argument}`;
    const array = arraySlot(name, (routine.axes & CLASS) !== 0, "float32", "write");
    wanted.push({ kind: "write", array, value: valueFor(value) });
  }
  if (stash === "leaves") {
    const x = load("logits", true);
    const array = arraySlot("gradient", true, "float32", "write");
    wanted.push({ kind: "write", array, value: stashOf(k, context.activation, x, probabilities) });
  }
  for (const node of pass.outputs) {
    const name = node.op === "activation" ? "gradient" : "values";
    const array = arraySlot(name, (node.axes & CLASS) !== 0, "float32", "write");
    wanted.push({ kind: "write", array, value: valueFor(node) });
  }

  const checkList = checks ? arrays.flatMap((array, slot) => checkOf(array, slot, context)) : [];
  checkList.forEach(({ array }, check) => {
    wanted.push({ kind: "check", check, array, perClass: arrays[array].perClass });
  });
  const staged = stage(wanted, (array) => arrays[array].perClass);
  return { arrays, constants, sums, checks: checkList, ...staged };
}

function checkOf({ name, type, perClass }: KernelArray, array: number, { activation }: KernelContext): KernelCheck[] {
  const atMost = (limit: KernelCheck["limit"], withoutSign = false): KernelCheck[] => [{ array, withoutSign, limit }];
  if (name === "logits") return activation === "none" ? atMost(ONE_BITS) : atMost(LARGEST_BITS, true);
  if (name === "weights") return atMost(LARGEST_BITS);
  if (name.startsWith("field ")) return atMost(LARGEST_BITS, true);
  if (name !== "target") return [];
  if (type === "float32") return atMost(ONE_BITS);
  return atMost(perClass ? 1 : "classes");
}

function targetValues(
  k: KernelValues,
  { channels, targetForm, targetType, ignores }: KernelContext,
  load: (name: string, perClass: boolean) => KernelValue,
  constant: (source: "ignore", perClass: boolean) => KernelValue,
  slotOf: (type: KernelArray["type"], perClass: boolean) => number,
): { target: () => KernelValue; valid: () => KernelValue } {
  const many = channels > 1;
  if (targetType === "float32") {
    const ignored = () => k.compare("eq", load("target", true), constant("ignore", false));
    return {
      target: () => (ignores ? k.keep(k.not(ignored()), load("target", true)) : load("target", true)),
      valid: () => k.not(ignored()),
    };
  }
  const perClass = targetForm === "channels";
  const label = (op: "isClass" | "isOne" | "isIgnored") => {
    if (op === "isIgnored") constant("ignore", false);
    const slot = slotOf(targetType, perClass);
    const differs = (perClass || op === "isClass") && many;
    return k.label(op, slot, differs);
  };
  const valid = () => k.not(label("isIgnored"));
  return {
    target: () => {
      const own = label(!perClass && many ? "isClass" : "isOne");
      return k.asFloat(ignores ? k.and(own, valid()) : own);
    },
    valid,
  };
}

function activated(
  k: KernelValues,
  activation: Activation,
  stash: StashUse,
  load: (name: string, perClass: boolean) => KernelValue,
): Probabilities {
  let made: Probabilities | undefined;
  // Made on first use: a pass that needs no probabilities reads no logits.
  const own = () => {
    if (stash === "finds") made ??= fromStash(k, load("gradient", true));
    else if (activation === "sigmoid") made ??= sigmoidOf(k, load("logits", true));
    else if (activation === "softmax") made ??= softmaxOf(k, load("logits", true));
    else made ??= givenProbabilities(k, load("logits", true));
    return made;
  };
  return {
    p: () => own().p(),
    q: () => own().q(),
    logP: () => own().logP(),
    logQ: () => own().logQ(),
    large: () => own().large(),
  };
}

/** Σ over voxels of w × Σ over classes of e is summed class by class: no row is needed for the inner sum. */
function insideClassSum(k: KernelValues, value: KernelValue): KernelValue {
  if (value.op === "overClasses" && value.data === 0) return value.args[0];
  if (value.op === "neg") {
    const inner = insideClassSum(k, value.args[0]);
    return inner === value.args[0] ? value : k.unary("neg", inner);
  }
  if ((value.op === "mul" || value.op === "keep") && !value.args[0].perClass && value.args[1].op === "overClasses") {
    const inner = insideClassSum(k, value.args[1]);
    if (inner === value.args[1]) return value;
    return value.op === "mul" ? k.binary("mul", value.args[0], inner) : k.keep(value.args[0], inner);
  }
  return value;
}

/**
 * A sum of c × log(1 + e), with the same c for all voxels, is c times one logarithm of the product of the 1 + e: the logarithm leaves the loop.
 * Cross entropy is such a sum, once log p and log(1 - p) are written with e = exp(-|x|).
 */
function withProduct(
  k: KernelValues,
  value: KernelValue,
): { value: KernelValue; product?: KernelValue; factor?: KernelValue } {
  const log = logarithmIn(value);
  const parts = log && linearIn(k, value, log);
  if (!log || !parts?.factor.uniform || parts.factor.perClass !== (value.perClass && parts.factor.perClass))
    return { value };
  if (logarithmIn(parts.rest)) return { value };
  return { value: parts.rest, product: log.args[0], factor: parts.factor };
}

function logarithmIn(value: KernelValue): KernelValue | undefined {
  const seen = new Set<KernelValue>();
  const stack = [value];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.op === "log1pUnit") return next;
    if (seen.has(next)) continue;
    seen.add(next);
    stack.push(...next.args);
  }
  return undefined;
}

function lowerNode(
  k: KernelValues,
  node: Node,
  args: readonly KernelValue[],
  many: boolean,
  { wholeExponent }: KernelContext,
): KernelValue {
  const [a, b, c] = args;
  switch (node.op) {
    case "stop":
      return a;
    case "where":
      return k.select(a.op === "asFloat" ? a.args[0] : k.not(k.compare("eq", a, k.zero)), b, c);
    case "total":
      return many ? k.overClasses("add", a) : a;
    case "largest":
      return many ? k.overClasses("max", a) : a;
    case "smallest":
      return many ? k.unary("neg", k.overClasses("max", k.unary("neg", a))) : a;
    case "pow":
    case "powSlope":
      return lowerPower(k, node.op, a, b, wholeExponent(node.args[1]));
    default:
      return args.length === 1 ? lowerUnary(k, node.op as UnaryOp, a) : lowerBinary(k, node.op as BinaryOp, a, b);
  }
}

function lowerUnary(k: KernelValues, op: UnaryOp, a: KernelValue): KernelValue {
  const magnitude = () => k.unary("abs", a);
  const decay = () => k.unary("expNegative", k.unary("neg", magnitude()));
  switch (op) {
    case "sign":
      return k.select(k.compare("lt", k.zero, a), k.one, k.keep(k.compare("lt", a, k.zero), k.number(-1)));
    case "sigmoid":
      return sigmoidOf(k, a).p();
    case "softplus":
      return k.binary("add", k.binary("max", a, k.zero), k.unary("log1pUnit", decay()));
    case "tanh": {
      // tanh |a| = -t / (t + 2) with t = exp(-2 |a|) - 1: no digits are lost near 0.
      const t = k.unary("expm1", k.binary("mul", k.number(-2), magnitude()));
      const size = k.binary("div", k.unary("neg", t), k.binary("add", t, k.number(2)));
      return k.binary("copySign", size, a);
    }
    default:
      return k.unary(op, a);
  }
}

function lowerBinary(k: KernelValues, op: BinaryOp, a: KernelValue, b: KernelValue): KernelValue {
  const isZero = (v: KernelValue) => k.compare("eq", v, k.zero);
  switch (op) {
    case "lt":
    case "le":
    case "eq":
      return k.asFloat(k.compare(op, a, b));
    case "wins":
      return k.select(k.compare("lt", b, a), k.one, k.keep(k.compare("eq", a, b), k.number(0.5)));
    case "div":
      if (b.op === "number" && b.data !== 0) return k.binary("div", a, b);
      return k.keep(k.not(k.and(isZero(a), isZero(b))), k.binary("div", a, b));
    case "slopeDiv": {
      const where = k.not(isZero(b));
      // One division outside the loop instead of one per voxel.
      if (b.uniform && !a.uniform) return k.binary("mul", k.keep(where, k.binary("div", k.one, b)), a);
      return k.keep(where, k.binary("div", a, b));
    }
    case "pow":
    case "powSlope":
      throw new Error("powers are lowered with their exponent");
    default:
      return k.binary(op, a, b);
  }
}

function lowerPower(
  k: KernelValues,
  op: "pow" | "powSlope",
  a: KernelValue,
  b: KernelValue,
  whole: number | undefined,
): KernelValue {
  const exponent = b.op === "number" && Number.isInteger(b.data) ? b.data : whole;
  if (exponent !== undefined && Math.abs(exponent) <= MAX_WHOLE_EXPONENT) {
    if (op === "pow") return wholePower(k, a, exponent);
    if (exponent === 1) return k.one;
    const slope = k.binary("mul", k.number(exponent), wholePower(k, a, exponent - 1));
    return exponent > 1 ? slope : k.keep(k.not(k.compare("eq", a, k.zero)), slope);
  }
  if (op === "pow") return k.binary("pow", a, b);
  const power = k.binary("pow", a, k.binary("sub", b, k.one));
  const atZero = k.asFloat(k.compare("eq", b, k.one));
  return k.select(k.compare("eq", a, k.zero), atZero, k.binary("mul", b, power));
}

function wholePower(k: KernelValues, a: KernelValue, exponent: number): KernelValue {
  if (exponent < 0) return k.binary("div", k.one, wholePower(k, a, -exponent));
  let result = k.one;
  let square = a;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = k.binary("mul", result, square);
    if (rest > 1) square = k.binary("mul", square, square);
  }
  return result;
}
