// A pass of a schedule as a kernel: every node becomes values of 4 lanes, every result an effect.

import { CLASS, VOXEL } from "../formula/axes.js";
import type { Node } from "../formula/node.js";
import type { Activation } from "../formula/options.js";
import type { Kernel, KernelArray, KernelCheck, KernelConstant, KernelSum, KernelValue } from "./kernel.js";
import { createKernelValues, type KernelValues } from "./kernel-values.js";
import {
  fromStash,
  givenProbabilities,
  type Probabilities,
  type SigmoidForm,
  type Slopes,
  sigmoidOf,
  slopeAlongLogits,
  softmaxOf,
  softmaxOfFew,
  stashOf,
} from "./lower-inputs.js";
import { lowerNode } from "./lower-operations.js";
import { sumParts } from "./lower-sums.js";
import { type Pass, type Schedule, storesOf } from "./schedule.js";
import { stage, type Wanted } from "./stages.js";
import { unrollClasses, writesOutClasses } from "./unroll-classes.js";

/** What about a call changes a kernel, besides the formula. */
export interface KernelContext {
  readonly activation: Activation;
  readonly channels: number;
  readonly targetForm: "labels" | "channels";
  readonly targetType: KernelArray["type"];
  readonly ignores: boolean;
  readonly weighted: boolean;
  /** True where few classes stay a loop although they could be written out. */
  readonly loops: boolean;
  /** True where functions have no stages of their own, which makes slower but smaller code. */
  readonly compact: boolean;
  /** The exponent of a power where it is one whole number for all classes and images, which multiplications then make. */
  readonly wholeExponent: (exponent: Node) => number | undefined;
}

/** Whether a pass leaves the stash where the gradient will be, or finds it there. */
export type StashUse = "none" | "leaves" | "finds";

/** Most values a kernel may have; beyond it no engine would compile it at once. */
const MAX_VALUES = 2000;
const ONE_BITS = 0x3f800000;
const LARGEST_BITS = 0x7f7fffff;

/** Why kernels cannot run a graph; undefined where they can. */
export function kernelRefusal(schedule: Schedule): string | undefined {
  const nodes = schedule.passes.flatMap(({ loads, voxels, reductions }) => [...loads, ...voxels, ...reductions]);
  if (nodes.length > MAX_VALUES) return `it has ${nodes.length} steps per voxel; kernels take at most ${MAX_VALUES}`;
  return undefined;
}

/** How each pass uses the stash: worth it where a later pass needs p and 1 - p of what an earlier one computed, and no more. */
export function stashUses({ passes }: Schedule, activation: Activation): readonly StashUse[] {
  const uses: StashUse[] = passes.map(() => "none");
  if (activation === "none" || !passes[passes.length - 1].outputs.some(({ op }) => op === "activation")) return uses;
  // What attains a maximum is found by comparing bits, and 1 less the stash is not always the p that was compared.
  if (passes.some(findsExtreme)) return uses;
  const activated = (pass: Pass) => pass.loads.filter(({ name }) => ["p", "q", "logP", "logQ"].includes(name));
  const first = passes.findIndex((pass) => activated(pass).length > 0);
  passes.forEach((pass, i) => {
    const needs = activated(pass);
    const enough =
      needs.length > 0 && (activation === "sigmoid" || needs.every(({ name }) => name === "p" || name === "q"));
    if (i > first && enough) uses[i] = "finds";
  });
  if (uses.includes("finds")) uses[first] = "leaves";
  return uses;
}

/** @param checks whether this pass is the first, which checks what it reads */
export function lowerPass(pass: Pass, context: KernelContext, stash: StashUse, checks: boolean): Kernel {
  const k = createKernelValues();
  const many = context.channels > 1;
  const few = writesOutClasses(context);
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
  function constantSlot(source: KernelConstant["source"], perClass: boolean, columns?: readonly number[]): number {
    const slot = constants.findIndex((entry) => entry.source === source && String(entry.columns) === String(columns));
    return slot < 0 ? constants.push({ source, perClass: perClass && many, ...(columns && { columns }) }) - 1 : slot;
  }
  const constant = (source: KernelConstant["source"], perClass: boolean, columns?: readonly number[]): KernelValue =>
    k.constant(constantSlot(source, perClass, columns), perClass && many);
  /** A matrix times the vector over the classes. */
  function product({ id }: Node, vector: KernelValue): KernelValue {
    const columns = Array.from({ length: context.channels }, (_, c) => c);
    if (vector.perClass) return k.matmul(constantSlot(id, true, columns), vector);
    // The same number for all classes: times the sum of the row.
    const row = columns.map((c) => constant(id, true, [c])).reduce((sum, entry) => k.binary("add", sum, entry));
    return k.binary("mul", row, vector);
  }

  const { target, valid } = targetValues(k, context, load, constant, (type, perClass) =>
    arraySlot("target", perClass, type, "read"),
  );
  const form = sigmoidForm(pass);
  const probabilities = activated(k, context, few, stash, load, form);
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
    if (node.op === "gather") {
      // Its first argument has a number of objects for each class of each image: a kernel reads what it gives.
      lowered.set(node, load(`stored ${node.id}`, (node.axes & CLASS) !== 0));
      continue;
    }
    const args = node.args.map(valueFor);
    if (node.op === "activation") {
      lowered.set(node, slopeAlongLogits(k, context.activation, few, args as unknown as Slopes, probabilities));
    } else if (node.op === "matmul") lowered.set(node, product(node, args[0]));
    else lowered.set(node, lowerNode(k, node, args, many, context.wholeExponent));
  }

  for (const node of pass.reductions) {
    if (node.op === "totalBy") continue;
    const how = node.op as KernelSum["how"];
    const whole = valueFor(node.args[0]);
    const differs = many && (node.args[0].axes & CLASS) !== 0;
    const joined = (node.axes & CLASS) === 0;
    const parts = how === "total" ? sumParts(k, whole, differs, joined) : [{ value: whole, perClass: differs }];
    for (const { perClass, ...part } of parts) {
      const sum = sums.push({ node: node.id, perClass, how }) - 1;
      wanted.push({ kind: "sum", sum, ...part });
    }
  }
  for (const { value, name, perClass } of storesOf(pass)) {
    const array = arraySlot(name, perClass, "float32", "write");
    wanted.push({ kind: "write", array, value: valueFor(value) });
  }
  if (stash === "leaves") {
    const x = load("logits", true);
    const array = arraySlot("gradient", true, "float32", "write");
    wanted.push({ kind: "write", array, value: stashOf(k, context.activation, few, x, probabilities, form) });
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
  const parts = { arrays, constants, sums, checks: checkList, wanted };
  const joinsClasses = ({ node, how }: KernelSum) =>
    how === "total" && !pass.reductions.some(({ id, axes }) => id === node && axes & CLASS);
  const { wanted: all, ...kernel } = few ? unrollClasses(parts, context.channels, joinsClasses) : parts;
  // Of classes that are written out the functions stand side by side as it is.
  return { ...kernel, ...stage(all, kernel, !few && !context.compact) };
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
  const label = (op: "isClass" | "isLabel" | "isIgnored") => {
    if (op === "isIgnored") constant("ignore", false);
    const slot = slotOf(targetType, perClass);
    const differs = (perClass || op === "isClass") && many;
    return k.label(op, slot, differs, op === "isLabel" ? 1 : undefined);
  };
  const valid = () => k.not(label("isIgnored"));
  return {
    target: () => {
      const own = label(!perClass && many ? "isClass" : "isLabel");
      return k.asFloat(ignores ? k.and(own, valid()) : own);
    },
    valid,
  };
}

/** A power multiplies the errors of what it is taken of; and where bits are compared with those of another pass, both have the same form. */
function sigmoidForm(pass: Pass): SigmoidForm {
  return findsExtreme(pass) || pass.voxels.some(({ op }) => op === "eq" || op === "pow") ? "precise" : "fast";
}

const findsExtreme = ({ reductions }: Pass) => reductions.some(({ op }) => op !== "total");

function activated(
  k: KernelValues,
  { activation, channels }: KernelContext,
  few: boolean,
  stash: StashUse,
  load: (name: string, perClass: boolean) => KernelValue,
  form: SigmoidForm,
): Probabilities {
  let made: Probabilities | undefined;
  // Made on first use: a pass that needs no probabilities reads no logits.
  const own = () => {
    if (stash === "finds") {
      const logits = activation === "sigmoid" ? () => load("logits", true) : undefined;
      made ??= fromStash(k, load("gradient", true), logits);
    } else if (activation === "sigmoid") made ??= sigmoidOf(k, load("logits", true), form);
    else if (activation === "softmax") {
      made ??= few ? softmaxOfFew(k, load("logits", true), channels) : softmaxOf(k, load("logits", true));
    } else made ??= givenProbabilities(k, load("logits", true));
    return made;
  };
  return {
    p: () => own().p(),
    q: () => own().q(),
    logP: () => own().logP(),
    logQ: () => own().logQ(),
    large: () => own().large(),
    slopeOfLogQ: (slope) => own().slopeOfLogQ(slope),
  };
}
