// Walks a plan in plain numbers, stage by stage: what its kernels mean, without instructions, vectors or threads.

import { evaluateGroup, type Parameters } from "../../src/backends/evaluate-groups.js";
import { createGroup, type GroupValue, groupIndex, REDUCERS } from "../../src/backends/group-values.js";
import type { Effect, Kernel, KernelValue, Stage } from "../../src/compiler/kernel.js";
import type { Plan } from "../../src/compiler/plan.js";
import type { Node } from "../../src/formula/node.js";
import type { Call } from "../../src/formula/options.js";

/** Each result of an operation, as it is or rounded to float32. */
export type Rounding = (value: number) => number;

export interface Interpreted {
  readonly value: GroupValue;
  readonly gradient: Float64Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const truth = (is: boolean) => (is ? 1 : 0);

/** What each operation gives, masks as 1 and 0. */
const OPERATIONS: Readonly<Partial<Record<KernelValue["op"], (a: number, b: number, c: number) => number>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: (a) => Math.exp(Math.max(a, -64)),
  expNegative: (a) => Math.exp(Math.max(a, -64)),
  expDifference: (a, b) => Math.exp(Math.max(a - b, -64)),
  sigmoidOfNegative: (a) => sigmoid(-Math.min(a, 64)),
  log: Math.log,
  log1p: Math.log1p,
  log1pUnit: Math.log1p,
  log1pPositive: Math.log1p,
  expm1: (a) => Math.expm1(Math.max(a, -64)),
  pow: (a, b) => a ** b,
  copySign: (a, b) => (b < 0 || Object.is(b, -0) ? -a : a),
  lt: (a, b) => truth(a < b),
  le: (a, b) => truth(a <= b),
  eq: (a, b) => truth(a === b),
  not: (a) => 1 - a,
  and: (a, b) => a * b,
  asFloat: (a) => a,
  keep: (a, b) => (a === 1 ? b : 0),
  select: (a, b, c) => (a === 1 ? b : c),
};

/** @param parameters as the graph names them: "0.:weight" is the weight of the first term */
export function interpretPlan(plan: Plan, call: Call, parameters: Parameters, round: Rounding): Interpreted {
  const groups = new Map<Node, GroupValue>();
  const gradient = new Float64Array(call.images * call.classes * call.voxels);
  for (const { pass, kernel } of plan.passes) {
    for (const node of pass.groups) {
      const known = { call, parameters, groups };
      groups.set(
        node,
        evaluateGroup(node, known, () => 1),
      );
    }
    if (!kernel) continue;
    for (const node of pass.reductions) {
      groups.set(node, createGroup(node.axes, { ...call, instances: 1 }, REDUCERS[node.op as "total"].start));
    }
    runKernel(kernel, { plan, call, groups, gradient, round });
  }
  return { value: groups.get(plan.results[0]) as GroupValue, gradient };
}

interface Frame {
  readonly plan: Plan;
  readonly call: Call;
  readonly groups: Map<Node, GroupValue>;
  readonly gradient: Float64Array;
  readonly round: Rounding;
}

function runKernel(kernel: Kernel, frame: Frame): void {
  const { call, plan, groups } = frame;
  const bySum = kernel.sums.map(({ node }) => groups.get(plan.graph.nodes[node]) as GroupValue);
  for (let image = 0; image < call.images; image++) {
    for (let voxel = 0; voxel < call.voxels; voxel++) {
      const rows = kernel.rows.map((): number[] => []);
      kernel.stages.forEach((stage, index) => {
        for (let c = 0; c < (stage.perClass ? call.classes : 1); c++) {
          runStage(kernel, stage, index, { ...frame, image, voxel, c, rows, bySum });
        }
      });
    }
  }
}

interface Place extends Frame {
  readonly image: number;
  readonly voxel: number;
  /** Of the round over the classes. */
  readonly c: number;
  readonly rows: number[][];
  readonly bySum: readonly GroupValue[];
}

function runStage(kernel: Kernel, stage: Stage, index: number, place: Place): void {
  const { call, image, voxel, c, rows, bySum, gradient, round } = place;
  const made = new Map<KernelValue, number>();
  const numberOf = (value: KernelValue): number => {
    const before = made.get(value);
    if (before !== undefined) return before;
    const held = kernel.kept.get(value.id);
    const result =
      held && held.afterStage !== index
        ? rows[held.row][kernel.rows[held.row] ? c : 0]
        : round(leafOf(kernel, value, place) ?? apply(value, value.args.map(numberOf)));
    made.set(value, result);
    return result;
  };
  const writes: (() => void)[] = [];
  const perform = (effect: Effect): void => {
    switch (effect.kind) {
      case "row":
        rows[effect.row][stage.perClass ? c : 0] = numberOf(effect.value);
        return;
      case "overClasses": {
        const own = numberOf(effect.value);
        const before = c === 0 ? undefined : rows[effect.row][0];
        rows[effect.row][0] =
          before === undefined ? own : effect.how === "max" ? Math.max(before, own) : round(before + own);
        return;
      }
      case "sum": {
        const { how, class: own } = kernel.sums[effect.sum];
        const group = bySum[effect.sum];
        const at = groupIndex(group, image, own ?? c);
        const logarithm =
          effect.product && effect.factor ? numberOf(effect.factor) * Math.log1p(numberOf(effect.product)) : 0;
        group.data[at] = REDUCERS[how].join(group.data[at], numberOf(effect.value) + logarithm);
        return;
      }
      case "write": {
        const { name, class: own } = kernel.arrays[effect.array];
        if (name !== "gradient") throw new Error(`the interpreter writes no ${name}`);
        const result = numberOf(effect.value);
        writes.push(() => {
          gradient[(image * call.classes + (own ?? c)) * call.voxels + voxel] = result;
        });
        return;
      }
      default:
        return;
    }
  };
  for (const effect of stage.effects) perform(effect);
  for (const write of writes) write();
}

function apply({ op }: KernelValue, [a, b, c]: readonly number[]): number {
  const operation = OPERATIONS[op];
  if (!operation) throw new Error(`the interpreter knows no ${op}`);
  return operation(a, b, c);
}

/** What a leaf reads; undefined for a value that is made of others. */
function leafOf(kernel: Kernel, value: KernelValue, place: Place): number | undefined {
  const { call, plan, groups, gradient, image, voxel, c } = place;
  const element = (slot: number): number => {
    const { name, perClass, class: own } = kernel.arrays[slot];
    const at =
      perClass || own !== undefined || name === "logits" || name === "gradient"
        ? (image * call.classes + (own ?? c)) * call.voxels + voxel
        : image * call.voxels + voxel;
    if (name === "logits") return call.logits[at];
    if (name === "target") return call.target[at];
    if (name === "gradient") return gradient[at];
    if (name === "weights") return (call.weights as Float32Array)[at];
    throw new Error(`the interpreter reads no ${name}`);
  };
  switch (value.op) {
    case "number":
      return value.data;
    case "constant": {
      const { source, class: own } = kernel.constants[value.data];
      if (source === "ignore") return call.ignore;
      const group = groups.get(plan.graph.nodes[source]) as GroupValue;
      return group.data[groupIndex(group, image, own ?? c)];
    }
    case "load":
      return element(value.data);
    case "isClass":
      return truth(element(value.data) === c);
    case "isLabel":
      return truth(element(value.data) === value.args[0].data);
    case "isIgnored":
      return truth(element(value.data) === call.ignore);
    default:
      return undefined;
  }
}
