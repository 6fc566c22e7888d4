// Runs a routine between two passes: on the grid of each image and class, or on the list of voxels that count in a group.

import { LosskitError } from "../../errors.js";
import { type Axes, CLASS, IMAGE } from "../../formula/axes.js";
import { GRADIENT_OF_ROUTINE, type Node } from "../../formula/node.js";
import { ROUTINES, type RoutineSignature } from "../../formula/operations.js";
import type { Call } from "../../formula/options.js";
import { type GridRoutine, type GroupRoutine, ROUTINE_FUNCTIONS } from "../../routines/routines.js";
import { type GroupValue, groupIndex } from "../group-values.js";

/** A voxel value kept for all voxels: `[images][classes or 1][voxels]`. */
export interface StoredVoxels {
  readonly classes: number;
  readonly data: Float64Array;
  /** Largest number of instances of one class in one image; 0 where the value numbers nothing. */
  readonly instances: number;
}

/** What routines read of an evaluation. */
export interface RoutineSources {
  readonly call: Call;
  readonly groups: ReadonlyMap<Node, GroupValue>;
}

export function createStored(axes: Axes, call: Call): StoredVoxels {
  const classes = axes & CLASS ? call.classes : 1;
  return { classes, data: new Float64Array(call.images * classes * call.voxels), instances: 0 };
}

/** @param kept the arguments that vary over voxels, by their position */
export function runRoutine(
  node: Node,
  kept: readonly (StoredVoxels | undefined)[],
  evaluation: RoutineSources,
): StoredVoxels {
  const ofGradient = node.name.endsWith(GRADIENT_OF_ROUTINE);
  const name = ofGradient ? node.name.slice(0, -GRADIENT_OF_ROUTINE.length) : node.name;
  const routine = ROUTINE_FUNCTIONS[name];
  return routine.kind === "group"
    ? runOnGroups(node, routine, kept, evaluation)
    : runOnGrid(node, name, routine, ofGradient, kept, evaluation);
}

/** The scalar arguments of a routine: numbers and parameters, the same for all groups. */
export function scalarArguments(
  { args }: Node,
  signature: RoutineSignature,
  groups: RoutineSources["groups"],
): number[] {
  const first = signature.voxelArguments.length;
  return args
    .slice(first, first + signature.scalarArguments.length)
    .map((arg) => (groups.get(arg) as GroupValue).data[0]);
}

/** One call per image and class: the routine sees the whole grid. */
function runOnGrid(
  node: Node,
  name: string,
  routine: GridRoutine,
  ofGradient: boolean,
  kept: readonly (StoredVoxels | undefined)[],
  evaluation: RoutineSources,
): StoredVoxels {
  const { call, groups } = evaluation;
  const { space, spacing, voxels } = call;
  const signature = ROUTINES[name];
  const scalars = scalarArguments(node, signature, groups);
  const result = createStored(node.axes, call);
  const values = kept[0] as StoredVoxels;
  const last = node.args.length - 1;
  let instances = 0;
  for (let from = 0; from < result.data.length; from += voxels) {
    const grid = values.data.subarray(from, from + voxels);
    if (ofGradient && routine.gradient) {
      const cotangent = cotangentOf(node.args[last], kept[last], from, evaluation, result.classes);
      result.data.set(routine.gradient(grid, scalars, space, spacing, cotangent), from);
    } else {
      const value = routine.value(grid, scalars, space, spacing);
      result.data.set(value, from);
      if (signature.numbersInstances) for (const number of value) instances = Math.max(instances, number);
    }
  }
  return { ...result, instances };
}

/** The slope along a routine's result on one grid; it may be the same number for all voxels. */
function cotangentOf(
  node: Node,
  kept: StoredVoxels | undefined,
  from: number,
  { call, groups }: RoutineSources,
  classes: number,
): Float64Array {
  if (kept) return kept.data.subarray(from, from + call.voxels);
  const grid = from / call.voxels;
  const value = groups.get(node) as GroupValue;
  return new Float64Array(call.voxels).fill(value.data[groupIndex(value, Math.floor(grid / classes), grid % classes)]);
}

/** One call per group of voxels that the routine ranks together; what does not count is left out and gets 0. */
function runOnGroups(
  node: Node,
  routine: GroupRoutine,
  kept: readonly (StoredVoxels | undefined)[],
  evaluation: RoutineSources,
): StoredVoxels {
  const { call, groups } = evaluation;
  const signature = ROUTINES[node.name];
  const { voxelArguments, hardTarget } = signature;
  const scalars = scalarArguments(node, signature, groups);
  const errors = kept[0] as StoredVoxels;
  const second = voxelArguments.length > 1 ? (kept[1] as StoredVoxels) : undefined;
  const validAt = voxelArguments.length + scalars.length;
  const valid = kept[validAt];
  const result = createStored(node.axes, call);
  for (const rows of rowsByGroup(node, call, groups, node.args[validAt + 1])) {
    const places = countedPlaces(rows, valid, call.voxels);
    const list = (from: StoredVoxels) => places.map((at) => from.data[at]);
    const targets = second && list(second);
    if (hardTarget && targets?.some((y) => y !== 0 && y !== 1)) {
      throw new LosskitError("UNSUPPORTED", `a soft target cannot be used here: ${hardTarget}`);
    }
    const weights = routine.weights(list(errors), targets, scalars);
    places.forEach((at, i) => {
      result.data[at] = weights[i];
    });
  }
  return result;
}

/**
 * The rows (image × classes + class) that a routine ranks together, group by group.
 *
 * @param selected 0 for classes that do not count, per image where that differs
 */
export function rowsByGroup(
  node: Node,
  { images, classes: channels }: Pick<Call, "images" | "classes">,
  groups: ReadonlyMap<Node, GroupValue>,
  selected: Node,
): number[][] {
  const counts = groups.get(selected) as GroupValue;
  const classes = node.axes & CLASS ? channels : 1;
  const rows = new Map<string, number[]>();
  for (let image = 0; image < images; image++) {
    for (let c = 0; c < classes; c++) {
      if (counts.data[groupIndex(counts, image, c)] === 0) continue;
      const key = `${node.over & IMAGE ? "" : image}|${node.over & CLASS ? "" : c}`;
      const own = rows.get(key) ?? [];
      own.push(image * classes + c);
      rows.set(key, own);
    }
  }
  return [...rows.values()];
}

/** Positions of the voxels of some rows that are not ignored; a Float64Array, so that a map of it is one too. */
function countedPlaces(rows: readonly number[], valid: StoredVoxels | undefined, voxels: number): Float64Array {
  const places = new Float64Array(rows.length * voxels);
  let count = 0;
  for (const row of rows) {
    for (let at = row * voxels; at < (row + 1) * voxels; at++) {
      if (valid === undefined || valid.data[at] !== 0) places[count++] = at;
    }
  }
  return places.subarray(0, count);
}
