// Splits a graph into passes over the voxels: what each pass computes, sums, stores and gives out.

import { CLASS, VOXEL } from "../formula/axes.js";
import { type Graph, type Node, reachable } from "../formula/node.js";

/** What happens once all voxels of the passes before it are done: first `groups`, then the pass, then `routines`. */
export interface Pass {
  /** Values without voxels, in order. */
  readonly groups: readonly Node[];
  /** Element-wise voxel values, in order: computed row by row. */
  readonly voxels: readonly Node[];
  /** Voxel values that are read: inputs and fields of the call, and what earlier passes stored. */
  readonly loads: readonly Node[];
  /** Whether the pass itself uses the logits, or only what is computed from them. */
  readonly usesLogits: boolean;
  /** Names of the computed inputs of this pass that a later pass reads again. */
  readonly keeps: readonly string[];
  /** Reductions over voxels, finished when the pass is. */
  readonly reductions: readonly Node[];
  /** Arguments of routines, kept for all voxels with the axes of the routine. */
  readonly stores: readonly { readonly value: Node; readonly routine: Node; readonly argument: number }[];
  readonly routines: readonly Node[];
  /** Results that vary over voxels. */
  readonly outputs: readonly Node[];
}

export interface Schedule {
  readonly passes: readonly Pass[];
  readonly results: readonly Node[];
}

const REDUCING = new Set<Node["op"]>(["total", "largest", "smallest", "totalBy"]);

/** A value that one pass makes by looking at all voxels. */
const isVoxelReduction = (node: Node) =>
  REDUCING.has(node.op) && (node.op === "totalBy" || (node.over & VOXEL) !== 0) && (node.axes & VOXEL) === 0;

const isLoad = (node: Node) =>
  node.axes & VOXEL && (node.op === "input" || node.op === "field" || node.op === "routine");

/** Inputs that are computed from the logits. */
export const ACTIVATED: ReadonlySet<string> = new Set(["p", "q", "logP", "logQ"]);

/** Inputs that the gradient's last step reads besides its arguments. */
export function activationInputs(graph: Graph, node: Node, activation: string): readonly Node[] {
  const [, dp, dq, dLogP, dLogQ] = node.args.map((arg) => !graph.isNumber(arg, 0));
  const inputs: Node[] = [];
  if (dp || dq || dLogP || dLogQ) inputs.push(graph.input("p"), graph.input("q"));
  // Softmax needs the ratio of two small probabilities, which only the logarithms hold.
  if (dLogQ && activation === "softmax") inputs.push(graph.input("logP"), graph.input("logQ"));
  return inputs;
}

/**
 * Passes for some results. A voxel value that several passes need is computed in each: reading the logits again is cheaper than
 * storing every intermediate value of a large volume. What the activation gives is the exception.
 */
export function createSchedule(graph: Graph, results: readonly Node[], activation: string): Schedule {
  const isVoxel = (node: Node) => (node.axes & VOXEL) !== 0;
  const argsOf = (node: Node) =>
    node.op === "activation" ? [...node.args, ...activationInputs(graph, node, activation)] : node.args;
  const roots = new Set(results.flatMap((node) => [node, ...argsOf(node)]));
  const nodes = reachable([...roots]);

  // The pass before which (groups) or in which (voxels) a value can be had.
  const level = new Map<Node, number>();
  for (const node of nodes) {
    const args = Math.max(0, ...argsOf(node).map((arg) => level.get(arg) ?? 0));
    const waits = isVoxelReduction(node) || node.op === "routine" || node.op === "instanceNumber";
    level.set(node, args + (waits ? 1 : 0));
  }
  const levelOf = (node: Node) => level.get(node) as number;

  const last = Math.max(...nodes.map(levelOf));
  const passes: Pass[] = [];
  for (let k = 0; k <= last; k++) {
    const reductions = nodes.filter((node) => isVoxelReduction(node) && levelOf(node) === k + 1);
    const routines = nodes.filter((node) => node.op === "routine" && levelOf(node) === k + 1);
    const outputs = results.filter((node) => isVoxel(node) && levelOf(node) === k);
    const stores = routines.flatMap((routine) =>
      routine.args.map((value, argument) => ({ value, routine, argument })).filter(({ value }) => isVoxel(value)),
    );
    const needed = new Set<Node>();
    // A stack of our own: a sum of thousands of terms is as deep as it is long.
    const stack = [...reductions.flatMap((r) => r.args), ...stores.map((s) => s.value), ...outputs];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (!isVoxel(node) || needed.has(node)) continue;
      needed.add(node);
      if (!isLoad(node)) stack.push(...argsOf(node));
    }
    const x = graph.input("x");
    const usesLogits = needed.has(x);
    // Probabilities are computed from the logits, which are read with them.
    if ([...needed].some((node) => node.op === "input" && ACTIVATED.has(node.name))) needed.add(x);
    const ordered = [...needed].sort((a, b) => a.id - b.id);
    passes.push({
      groups: nodes.filter((node) => !isVoxel(node) && !isVoxelReduction(node) && levelOf(node) === k),
      voxels: ordered.filter((node) => !isLoad(node)),
      loads: ordered.filter(isLoad),
      usesLogits,
      keeps: [],
      reductions,
      stores,
      routines,
      outputs,
    });
  }
  const activated = (pass: Pass) => pass.loads.map(({ name }) => name).filter((name) => ACTIVATED.has(name));
  const keeping = passes.map((pass, k) => {
    const later = new Set(passes.slice(k + 1).flatMap(activated));
    return { ...pass, keeps: activated(pass).filter((name) => later.has(name)) };
  });
  return { passes: keeping, results };
}

/** A voxel value that a pass leaves in memory, for a routine or for a sum by object. */
export interface Store {
  readonly value: Node;
  /** Of the array, as kernels and backends call it. */
  readonly name: string;
  readonly perClass: boolean;
}

/** Where a sum by object finds what it sums. */
export const summandName = ({ id }: Node) => `stored ${id} argument 1`;

/** What kernels leave in memory: they sum over all voxels of a class and image, and never over those of one object. */
export function storesOf({ stores, reductions }: Pick<Pass, "stores" | "reductions">): readonly Store[] {
  const ofRoutines = stores.map(({ value, routine, argument }) => ({
    value,
    name: `stored ${routine.id} argument ${argument}`,
    perClass: (routine.axes & CLASS) !== 0,
  }));
  const ofObjects = reductions.flatMap((node) => {
    const value = node.args[1];
    return node.op === "totalBy" ? [{ value, name: summandName(node), perClass: (value.axes & CLASS) !== 0 }] : [];
  });
  return [...ofRoutines, ...ofObjects];
}

/** Rows of a voxel value: one per class, or one for all. */
export const rowsOf = (node: Node, classes: number) => (node.axes & CLASS ? classes : 1);
