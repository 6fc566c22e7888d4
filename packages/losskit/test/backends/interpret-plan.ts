// Walks a plan in plain numbers, stage by stage: what its kernels mean, without instructions, vectors or threads.

import { evaluateGroup, type Parameters } from "../../src/backends/evaluate-groups.js";
import { createGroup, type GroupValue, groupIndex, REDUCERS } from "../../src/backends/group-values.js";
import { runRoutine, type StoredVoxels } from "../../src/backends/reference/routine-steps.js";
import { type Effect, isReadFromRow, type Kernel, type KernelValue, type Stage } from "../../src/compiler/kernel.js";
import type { Plan } from "../../src/compiler/plan.js";
import { storesOf, summandName } from "../../src/compiler/schedule.js";
import { CLASS, VOXEL } from "../../src/formula/axes.js";
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
  sigmoidNegative: (a) => sigmoid(Math.max(a, -64)),
  preciseSigmoidNegative: (a) => sigmoid(Math.max(a, -64)),
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
  const stored = new Map<string, StoredVoxels>();
  const frame = { plan, call, parameters, groups, gradient, stored, round };
  const keep = (name: string, perClass: boolean, data?: Float64Array, instances = 0) => {
    const classes = perClass ? call.classes : 1;
    const own = data ?? new Float64Array(call.images * classes * call.voxels);
    stored.set(name, { classes, data: own, instances });
    return own;
  };
  const storedOf = (node: Node) => stored.get(`stored ${node.id}`) as StoredVoxels;
  for (const { pass, kernel } of plan.passes) {
    for (const node of pass.groups) {
      const known = { call, parameters, groups };
      groups.set(
        node,
        evaluateGroup(node, known, (numbering) => storedOf(numbering).instances),
      );
    }
    for (const node of pass.voxels) {
      if (node.op !== "gather") continue;
      const values = groups.get(node.args[0]) as GroupValue;
      const map = keep(`stored ${node.id}`, (node.axes & CLASS) !== 0);
      eachElement(node, call, (at, image, c, voxel) => {
        const id = elementOf(storedOf(node.args[1]), call, image, c, voxel);
        map[at] = id > 0 ? round(values.data[groupIndex(values, image, c, id - 1)]) : 0;
      });
    }
    for (const { name, perClass } of storesOf(pass)) keep(name, perClass);
    for (const node of pass.reductions) {
      const instances = node.op === "totalBy" ? storedOf(node.args[0]).instances : 1;
      const start = node.op === "totalBy" ? 0 : REDUCERS[node.op as "total"].start;
      groups.set(node, createGroup(node.axes, { ...call, instances }, start));
    }
    if (kernel) runKernel(kernel, frame);
    for (const node of pass.reductions) {
      if (node.op !== "totalBy") continue;
      const sums = groups.get(node) as GroupValue;
      const summand = stored.get(summandName(node)) as StoredVoxels;
      eachElement(node, call, (_, image, c, voxel) => {
        const id = elementOf(storedOf(node.args[0]), call, image, c, voxel);
        if (id > 0) sums.data[groupIndex(sums, image, c, id - 1)] += elementOf(summand, call, image, c, voxel);
      });
    }
    for (const node of pass.routines) {
      const kept = node.args.map((arg, i) =>
        arg.axes & VOXEL ? stored.get(`stored ${node.id} argument ${i}`) : undefined,
      );
      const { data, instances } = runRoutine(node, kept, { call, groups });
      keep(`stored ${node.id}`, (node.axes & CLASS) !== 0, data.map(round), instances);
    }
  }
  return { value: groups.get(plan.results[0]) as GroupValue, gradient };
}

/** Every element of a map of a node's rows: `[images][classes or 1][voxels]`. */
function eachElement(
  { axes }: Node,
  { images, classes, voxels }: Call,
  visit: (at: number, image: number, c: number, voxel: number) => void,
): void {
  const rows = axes & CLASS ? classes : 1;
  for (let image = 0; image < images; image++) {
    for (let c = 0; c < rows; c++) {
      for (let voxel = 0; voxel < voxels; voxel++) visit((image * rows + c) * voxels + voxel, image, c, voxel);
    }
  }
}

/** An element of a map, whether or not its classes have rows of their own. */
const elementOf = ({ classes, data }: StoredVoxels, { voxels }: Call, image: number, c: number, voxel: number) =>
  data[(image * classes + (classes > 1 ? c : 0)) * voxels + voxel];

interface Frame {
  readonly plan: Plan;
  readonly call: Call;
  readonly parameters: Parameters;
  readonly groups: Map<Node, GroupValue>;
  readonly gradient: Float64Array;
  /** What one pass leaves for another, by the names of kernels' arrays. */
  readonly stored: ReadonlyMap<string, StoredVoxels>;
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
  const { call, image, voxel, c, rows, bySum, gradient, stored, round } = place;
  const made = new Map<KernelValue, number>();
  const numberOf = (value: KernelValue): number => {
    const before = made.get(value);
    if (before !== undefined) return before;
    const row = kernel.kept.get(value.id)?.row as number;
    const result = isReadFromRow(kernel, value, index)
      ? rows[row][kernel.rows[row] ? c : 0]
      : value.op === "matmul"
        ? product(kernel, value, place)
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
        group.data[at] = REDUCERS[how].join(group.data[at], numberOf(effect.value));
        return;
      }
      case "product": {
        const group = bySum[effect.sum];
        const at = groupIndex(group, image, kernel.sums[effect.sum].class ?? c);
        group.data[at] += numberOf(effect.factor) * Math.log1p(numberOf(effect.value));
        return;
      }
      case "write": {
        const { name, class: own } = kernel.arrays[effect.array];
        const map = stored.get(name);
        if (map) {
          map.data[(image * map.classes + (map.classes > 1 ? (own ?? c) : 0)) * call.voxels + voxel] = numberOf(
            effect.value,
          );
          return;
        }
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

/** The matrix times the vector, of which every class has left its element in a row. */
function product(
  kernel: Kernel,
  { args, data }: KernelValue,
  { call, rows, plan, parameters, c, round }: Place,
): number {
  const { row } = kernel.kept.get(args[0].id) as { readonly row: number };
  const { source, columns = [] } = kernel.constants[data];
  if (columns.length !== call.classes) throw new Error("a product needs a whole row of its matrix");
  return columns.reduce((sum, column) => {
    const element = matrixElement(plan.graph.nodes[source as number], parameters, c, column);
    return round(sum + round(round(element) * rows[row][column]));
  }, 0);
}

function matrixElement({ name, value }: Node, parameters: Parameters, row: number, column: number): number {
  const matrix = parameters.get(name) as readonly (readonly number[])[];
  return value === 1 ? matrix[column][row] : matrix[row][column];
}

function apply({ op }: KernelValue, [a, b, c]: readonly number[]): number {
  const operation = OPERATIONS[op];
  if (!operation) throw new Error(`the interpreter knows no ${op}`);
  return operation(a, b, c);
}

/** What a leaf reads; undefined for a value that is made of others. */
function leafOf(kernel: Kernel, value: KernelValue, place: Place): number | undefined {
  const { call, plan, parameters, groups, gradient, stored, image, voxel, c } = place;
  const element = (slot: number): number => {
    const { name, perClass, class: own } = kernel.arrays[slot];
    const map = stored.get(name);
    if (map) return elementOf(map, call, image, own ?? c, voxel);
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
      const { source, class: own, columns } = kernel.constants[value.data];
      if (source === "ignore") return call.ignore;
      if (columns) return matrixElement(plan.graph.nodes[source], parameters, own ?? c, columns[0]);
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
