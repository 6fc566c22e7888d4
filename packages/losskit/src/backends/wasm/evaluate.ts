// The WebAssembly backend: runs the passes of a plan by compiled kernels in float32, with sums and the combine step in float64.

import type { KernelSum } from "../../compiler/kernel.js";
import type { PlanPass } from "../../compiler/plan.js";
import { storesOf, summandName } from "../../compiler/schedule.js";
import { CLASS } from "../../formula/axes.js";
import type { Graph, Node } from "../../formula/node.js";
import type { Call, FloatArray, LabelArray, ParameterValue } from "../../formula/options.js";
import { checkFieldValues, checkLogits, checkTarget, checkWeights } from "../check-values.js";
import { evaluateGroup } from "../evaluate-groups.js";
import { createGroup, type GroupValue, groupIndex, REDUCERS } from "../group-values.js";
import { bind } from "./bindings.js";
import type { CompiledKernel } from "./kernel-module.js";
import { release, reserve } from "./memory.js";
import { type ChunkSums, type ConstantOf, runKernel, type Threaded } from "./run-kernel.js";
import { countObjects, gatherFromObjects, sumByObject } from "./run-objects.js";
import { runRoutine } from "./run-routine.js";

/** A pass with its compiled kernel. */
export interface CompiledPass extends PlanPass {
  readonly compiled: CompiledKernel | undefined;
}

export interface WasmEvaluation {
  readonly call: Call;
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  /** Where results that vary over voxels go, by the names of kernels' arrays: "gradient", "values". */
  readonly outputs: ReadonlyMap<string, FloatArray>;
  readonly threads: number;
  /** Group values of a larger volume that the call is a piece of, in place of the call's own. */
  readonly known?: ReadonlyMap<Node, GroupValue>;
}

/**
 * Runs the passes one after the other.
 *
 * @returns the results that do not vary over voxels; the others are in `outputs`
 * @throws LosskitError for values that the arrays may not hold, MEMORY, THREADS
 */
export function* evaluateKernels(
  graph: Graph,
  passes: readonly CompiledPass[],
  evaluation: WasmEvaluation,
): Threaded<ReadonlyMap<Node, GroupValue>> {
  const { call, threads, known } = evaluation;
  const groups = new Map<Node, GroupValue>(known);
  const sources = { call, parameters: evaluation.parameters, groups };
  const arrays = callArrays(evaluation);
  /** Addresses of what passes leave for routines and routines for passes. */
  const lent = new Map<string, number>();
  const lend = (name: string, floats: number) => lent.set(name, reserve(4 * floats));
  /** Objects of a numbering: most of one class in one image. */
  const objects = new Map<Node, number>();
  const objectsOf = (numbering: Node): number => {
    const count = objects.get(numbering) ?? countObjects(numbering, lent, call);
    objects.set(numbering, count);
    return count;
  };
  let unchecked = true;
  try {
    for (const { pass, compiled } of passes) {
      for (const node of pass.groups) {
        if (groups.has(node)) continue;
        groups.set(node, evaluateGroup(node, sources, objectsOf));
      }
      if (compiled) {
        for (const node of pass.voxels) {
          if (node.op !== "gather" || lent.has(`stored ${node.id}`)) continue;
          lend(`stored ${node.id}`, storedLength(node, call));
          gatherFromObjects(node, groups.get(node.args[0]) as GroupValue, lent, call);
        }
        for (const { name, perClass } of storesOf(pass)) lend(name, storedLength({ axes: perClass ? CLASS : 0 }, call));
        const constantOf = constantsFrom(graph, evaluation, compiled, groups);
        const chunks = yield* runKernel(
          compiled,
          bind(compiled.kernel.arrays, arrays, lent, call),
          call,
          constantOf,
          threads,
        );
        if (unchecked) checkRead(compiled, chunks, call);
        unchecked = false;
        for (const node of known ? [] : pass.reductions) {
          if (node.op === "totalBy") {
            groups.set(node, sumByObject(node, lent, call, objectsOf(node.args[0])));
            release(lent.get(summandName(node)) as number);
            lent.delete(summandName(node));
          } else groups.set(node, joinChunks(node, compiled.kernel.sums, chunks, call));
        }
      }
      for (const node of pass.routines) {
        lend(`stored ${node.id}`, storedLength(node, call));
        runRoutine(node, lent, { call, groups, threads });
      }
    }
  } finally {
    for (const address of lent.values()) release(address);
  }
  return groups;
}

/** What the constants of a kernel are: labels, values without voxels, and elements of matrices. */
export function constantsFrom(
  { nodes }: Graph,
  { call, parameters }: Pick<WasmEvaluation, "call" | "parameters">,
  compiled: CompiledKernel,
  groups: ReadonlyMap<Node, GroupValue>,
): ConstantOf {
  return (source, image, c, column) => {
    if (source === "ignore") return ignoreConstant(call, compiled);
    const node = nodes[source];
    if (column !== undefined) {
      const matrix = parameters.get(node.name) as readonly (readonly number[])[];
      return node.value === 1 ? matrix[column][c] : matrix[c][column];
    }
    const value = groups.get(node) as GroupValue;
    return value.data[groupIndex(value, image, c)];
  };
}

export function callArrays({
  call,
  outputs,
}: Pick<WasmEvaluation, "call" | "outputs">): Map<string, FloatArray | LabelArray> {
  const arrays = new Map<string, FloatArray | LabelArray>(outputs);
  arrays.set("logits", call.logits);
  arrays.set("target", call.target);
  if (call.weights) arrays.set("weights", call.weights);
  for (const [name, field] of Object.entries(call.fields)) arrays.set(`field ${name}`, field);
  return arrays;
}

const storedLength = ({ axes }: Pick<Node, "axes">, { images, classes, voxels }: Call) =>
  images * (axes & CLASS ? classes : 1) * voxels;

/** A label that never occurs stands for a value that no label of the array can have. */
export function ignoreConstant({ ignore, target }: Call, { kernel }: CompiledKernel): number {
  const value = ignore as number;
  if (kernel.arrays.find(({ name }) => name === "target")?.type === "float32") {
    // The elements of a Float64Array are rounded on their way into the kernel, and so is what they are compared with.
    return target instanceof Float64Array || Math.fround(value) === value ? value : Number.NaN;
  }
  // 32 bits hold the labels of every type; what lies beyond would come round to one of them.
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32 ? value : -(2 ** 31);
}

/** What the first pass has not read is read here; what it found to be out of bounds is looked for, to be named. */
export function checkRead({ kernel }: CompiledKernel, chunks: readonly ChunkSums[], call: Call): void {
  const largest = kernel.checks.map((_, i) =>
    chunks.reduce((max, { largestBits }) => Math.max(max, largestBits[i]), 0),
  );
  const isFine = (name: string) => {
    const own = kernel.checks.flatMap(({ array, limit }, at) =>
      kernel.arrays[array].name === name ? [{ limit, at }] : [],
    );
    return (
      own.length > 0 &&
      own.every(({ limit, at }) => largest[at] <= (limit === "classes" ? Math.max(1, call.classes - 1) : limit))
    );
  };
  if (!isFine("logits")) checkLogits(call);
  if (!isFine("target")) checkTarget(call);
  if (call.weights && !isFine("weights")) checkWeights(call);
  for (const name of Object.keys(call.fields)) if (!isFine(`field ${name}`)) checkFieldValues(name, call);
}

/** Adds the partials up, in the order of the chunks. */
export function joinChunks(
  node: Node,
  layout: readonly KernelSum[],
  chunks: readonly ChunkSums[],
  call: Pick<Call, "images" | "classes">,
): GroupValue {
  const { start, join } = REDUCERS[node.op as keyof typeof REDUCERS];
  const result = createGroup(node.axes, { images: call.images, classes: call.classes, instances: 1 }, start);
  for (const { image, sums } of chunks) {
    layout.forEach((sum, index) => {
      if (sum.node !== node.id) return;
      sums[index].forEach((partial, c) => {
        const at = groupIndex(result, image, sum.class ?? c);
        result.data[at] = join(result.data[at], partial);
      });
    });
  }
  return result;
}
