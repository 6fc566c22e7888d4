// Runs a routine between two passes of kernels, on what they have stored.

import { CLASS } from "../../formula/axes.js";
import type { Node } from "../../formula/node.js";
import type { Call } from "../../formula/options.js";
import type { GroupValue } from "../group-values.js";
import { runRoutine as runReference, type StoredVoxels } from "../reference/routine-steps.js";

/** Stored values by the names of kernels' arrays: "stored ID argument I", "stored ID". */
export type RoutineArrays = ReadonlyMap<string, Float32Array>;

/** Fills `result`, `[images][classes or 1][voxels]`. */
export function runRoutine(
  node: Node,
  arrays: RoutineArrays,
  result: Float32Array,
  call: Call,
  groups: ReadonlyMap<Node, GroupValue>,
): void {
  const classes = node.axes & CLASS ? call.classes : 1;
  const kept = node.args.map((_, argument): StoredVoxels | undefined => {
    const stored = arrays.get(`stored ${node.id} argument ${argument}`);
    return stored && { classes, data: Float64Array.from(stored), instances: 0 };
  });
  result.set(runReference(node, kept, { call, groups }).data);
}
