// Runs a routine between two passes of kernels, on what they have left in the library's memory.

import { LosskitError } from "../../errors.js";
import { CLASS } from "../../formula/axes.js";
import type { Node } from "../../formula/node.js";
import { ROUTINES } from "../../formula/operations.js";
import type { Call } from "../../formula/options.js";
import type { GroupValue } from "../group-values.js";
import {
  rowsByGroup,
  runRoutine as runReference,
  type StoredVoxels,
  scalarArguments,
} from "../reference/routine-steps.js";
import { newModuleId } from "./kernel-module.js";
import { release, reserve, views } from "./memory.js";
import { callsAtOnce, type RunCalls } from "./routines/calls.js";
import { gatherCounted, spreadCounted } from "./routines/counted-voxels.js";
import { distancesTo, signedDistance } from "./routines/distance-transform.js";
import { areHard, lovaszWeights, MOST_VOXELS } from "./routines/lovasz.js";
import type { RoutineModule } from "./routines/routine-module.js";
import { topMeanWeights } from "./routines/top-mean.js";
import { runJob } from "./threads/pool.js";

export interface RoutineSources {
  readonly call: Call;
  readonly groups: ReadonlyMap<Node, GroupValue>;
  readonly threads: number;
}

/** Addresses by the names of kernels' arrays: "stored ID argument I" and, for the result, "stored ID"; `[images][classes or 1][voxels]`. */
export type StoredAddresses = ReadonlyMap<string, number>;

export function runRoutine(node: Node, stored: StoredAddresses, sources: RoutineSources): void {
  const argument = (i: number) => stored.get(`stored ${node.id} argument ${i}`);
  const result = stored.get(`stored ${node.id}`) as number;
  switch (node.name) {
    case "distance":
    case "signed_distance":
      onGrids(node, argument(0) as number, result, sources);
      return;
    case "lovasz":
    case "top_mean":
      onGroups(node, argument, result, sources);
      return;
    default:
      byReference(node, argument, result, sources);
  }
}

const rowsIn = (node: Node, { images, classes }: Call) => images * (node.axes & CLASS ? classes : 1);

function onGrids(node: Node, mask: number, result: number, { call, threads }: RoutineSources): void {
  const transform = node.name === "distance" ? distancesTo : signedDistance;
  const run = sharedOut(threads);
  for (let row = 0; row < rowsIn(node, call); row++) {
    const offset = 4 * row * call.voxels;
    transform({ address: mask + offset, type: "float32" }, result + offset, call.space, call.spacing, run);
  }
}

const moduleIds = new WeakMap<RoutineModule, number>();

/** Shares calls out among threads, where there are several. */
function sharedOut(threads: number): RunCalls {
  if (threads < 2) return callsAtOnce;
  return (calls) => {
    const { module, name, items, scratchBytes } = calls;
    const id = moduleIds.get(module) ?? newModuleId();
    moduleIds.set(module, id);
    const width = items[0].length;
    const job = {
      id,
      bytes: module.bytes,
      exportName: name,
      items: Int32Array.from(items.flat()),
      width,
      scratchArgument: scratchBytes > 0 ? width - 1 : -1,
      scratchBytes,
    };
    if (items.length < 2 || !runJob(job, threads)) callsAtOnce(calls);
  };
}

/** Ranks the voxels of each group; those that do not count are left out and get 0. */
function onGroups(
  node: Node,
  argument: (i: number) => number | undefined,
  result: number,
  { call, groups }: RoutineSources,
): void {
  const signature = ROUTINES[node.name];
  const scalars = scalarArguments(node, signature, groups);
  const validAt = signature.voxelArguments.length + scalars.length;
  const valid = argument(validAt);
  const first = argument(0) as number;
  const second = argument(1);
  const { voxels } = call;
  const rows = rowsIn(node, call);

  function rank(errors: number, targets: number | undefined, weights: number, count: number): void {
    if (node.name === "top_mean") topMeanWeights(errors, weights, count, scalars[0]);
    else {
      if (count > MOST_VOXELS) {
        throw new LosskitError(
          "UNSUPPORTED",
          `${count} voxels cannot be ranked together: the counts are exact up to ${MOST_VOXELS}; use backend "reference"`,
        );
      }
      lovaszWeights(errors, targets as number, weights, count);
    }
  }

  if (second !== undefined && call.targetForm === "channels") checkHardTarget(node, second, rows * voxels);
  const groupsOfRows = rowsByGroup(node, call, groups, node.args[validAt + 1]);
  const counted = groupsOfRows.reduce((sum, list) => sum + list.length, 0);
  // Rows that no group takes get no weight.
  if (counted < rows) views().f32.fill(0, result / 4, result / 4 + rows * voxels);
  for (const list of groupsOfRows) {
    const offset = 4 * list[0] * voxels;
    const neighbours = list.every((row, i) => row === list[0] + i);
    const at = (address: number | undefined) => (address === undefined ? undefined : address + offset);
    if (valid === undefined && neighbours) {
      rank(first + offset, at(second), result + offset, list.length * voxels);
      continue;
    }
    gathered(list, valid, [first, second], result, voxels, rank);
  }
}

/** The voxels of some rows that count, side by side in memory of their own, and their weights back to where they belong. */
function gathered(
  rows: readonly number[],
  valid: number | undefined,
  [first, second]: readonly [number, number | undefined],
  result: number,
  voxels: number,
  rank: (errors: number, targets: number | undefined, weights: number, count: number) => void,
): void {
  const most = rows.length * voxels;
  const own = reserve(4 * most * (second === undefined ? 2 : 3));
  try {
    const targets = second === undefined ? undefined : own + 8 * most;
    const weights = own + 4 * most;
    const of = (address: number, row: number) => address + 4 * row * voxels;
    const validOf = (row: number) => (valid === undefined ? undefined : of(valid, row));
    let count = 0;
    for (const row of rows) {
      const to = 4 * count;
      count += gatherCounted(of(first, row), validOf(row), voxels, own + to);
      if (second !== undefined && targets !== undefined) {
        gatherCounted(of(second, row), validOf(row), voxels, targets + to);
      }
    }
    rank(own, targets, weights, count);
    let taken = 0;
    for (const row of rows) taken += spreadCounted(weights + 4 * taken, validOf(row), voxels, of(result, row));
  } finally {
    release(own);
  }
}

function checkHardTarget(node: Node, target: number, length: number): void {
  const { hardTarget } = ROUTINES[node.name];
  if (!hardTarget || areHard(target, length)) return;
  throw new LosskitError("UNSUPPORTED", `a soft target cannot be used here: ${hardTarget}`);
}

/** What has no fast form: the plain one, in float64. */
function byReference(
  node: Node,
  argument: (i: number) => number | undefined,
  result: number,
  { call, groups }: RoutineSources,
): void {
  const classes = node.axes & CLASS ? call.classes : 1;
  const length = rowsIn(node, call) * call.voxels;
  const kept = node.args.map((_, i): StoredVoxels | undefined => {
    const address = argument(i);
    if (address === undefined) return undefined;
    const data = Float64Array.from(views().f32.subarray(address / 4, address / 4 + length));
    return { classes, data, instances: 0 };
  });
  views().f32.set(runReference(node, kept, { call, groups }).data, result / 4);
}
