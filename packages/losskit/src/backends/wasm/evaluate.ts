// The WebAssembly backend: runs the passes of a plan by compiled kernels in float32, with sums and the combine step in float64.

import type { KernelSum } from "../../compiler/kernel.js";
import type { PlanPass } from "../../compiler/plan.js";
import { CLASS } from "../../formula/axes.js";
import type { Node } from "../../formula/node.js";
import type { Call, FloatArray, LabelArray, ParameterValue } from "../../formula/options.js";
import { checkFieldValues, checkLogits, checkTarget, checkWeights } from "../check-values.js";
import { evaluateGroup } from "../evaluate-groups.js";
import { createGroup, type GroupValue, groupIndex, REDUCERS } from "../group-values.js";
import { bind } from "./bindings.js";
import type { CompiledKernel } from "./kernel-module.js";
import { release, reserve } from "./memory.js";
import { type ChunkSums, type ConstantOf, runKernel, type Threaded } from "./run-kernel.js";
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
  passes: readonly CompiledPass[],
  evaluation: WasmEvaluation,
): Threaded<ReadonlyMap<Node, GroupValue>> {
  const { call, threads, known } = evaluation;
  const groups = new Map<Node, GroupValue>(known);
  const byId = new Map<number, Node>([...groups.keys()].map((node) => [node.id, node]));
  const arrays = callArrays(evaluation);
  /** Addresses of what passes leave for routines and routines for passes. */
  const lent = new Map<string, number>();
  const lend = (name: string, floats: number) => lent.set(name, reserve(4 * floats));
  let unchecked = true;
  try {
    for (const { pass, compiled } of passes) {
      for (const node of pass.groups) {
        if (groups.has(node)) continue;
        groups.set(node, combine(node, evaluation, groups));
        byId.set(node.id, node);
      }
      if (compiled) {
        for (const { routine, argument } of pass.stores) {
          lend(`stored ${routine.id} argument ${argument}`, storedLength(routine, call));
        }
        const constantOf: ConstantOf = (source, image, c) => {
          if (source === "ignore") return ignoreConstant(call, compiled);
          const value = groups.get(byId.get(source) as Node) as GroupValue;
          return value.data[groupIndex(value, image, c)];
        };
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
          groups.set(node, joinChunks(node, compiled.kernel.sums, chunks, call));
          byId.set(node.id, node);
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

export function combine(
  node: Node,
  { call, parameters }: Pick<WasmEvaluation, "call" | "parameters">,
  groups: ReadonlyMap<Node, GroupValue>,
): GroupValue {
  return evaluateGroup(node, { call, parameters, groups }, () => {
    throw new Error("kernels number no objects");
  });
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

const storedLength = (routine: Node, { images, classes, voxels }: Call) =>
  images * (routine.axes & CLASS ? classes : 1) * voxels;

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
