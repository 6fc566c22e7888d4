// The reference backend: walks the passes of a graph in float64, block by block. What it gives is the truth for every other backend.

import type { Schedule } from "../../compiler/schedule.js";
import type { Graph, Node } from "../../formula/node.js";
import type { Call, FloatArray, Layout, ParameterValue } from "../../formula/options.js";
import { evaluateGroup } from "../evaluate-groups.js";
import type { GroupValue } from "../group-values.js";
import { runRoutine, type StoredVoxels } from "./routine-steps.js";
import type { KeptActivations } from "./row-loading.js";
import { runPass } from "./voxel-pass.js";

/** What the passes of one evaluation share. */
export interface Evaluation {
  readonly graph: Graph;
  readonly call: Call;
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  readonly groups: Map<Node, GroupValue>;
  /** Results of routines, for all voxels. */
  readonly stored: Map<Node, StoredVoxels>;
  /** Probabilities and logarithms that an earlier pass has computed for all voxels. */
  readonly activations: KeptActivations;
  /** Where results that vary over voxels go. */
  readonly outputs: ReadonlyMap<Node, VoxelOutput>;
}

export interface VoxelOutput {
  readonly array: FloatArray;
  /** Whether the array has one element per channel and voxel, or one per voxel. */
  readonly perChannel: boolean;
  readonly layout: Layout;
}

/**
 * Runs a schedule. Sums over voxels add up within a block, then block after block in order, so the same call always gives the same bits.
 *
 * @returns the results that do not vary over voxels; the others are in `outputs`
 */
export function evaluate(
  schedule: Schedule,
  graph: Graph,
  call: Call,
  parameters: ReadonlyMap<string, ParameterValue>,
  outputs: ReadonlyMap<Node, VoxelOutput>,
): ReadonlyMap<Node, GroupValue> {
  const evaluation: Evaluation = {
    graph,
    call,
    parameters,
    groups: new Map(),
    stored: new Map(),
    activations: new Map(),
    outputs,
  };
  for (const pass of schedule.passes) {
    for (const node of pass.groups)
      evaluation.groups.set(
        node,
        evaluateGroup(node, evaluation, (id) => (evaluation.stored.get(id) as StoredVoxels).instances),
      );
    const keptArguments = runPass(pass, evaluation);
    for (const node of pass.routines) {
      evaluation.stored.set(node, runRoutine(node, keptArguments.get(node) ?? [], evaluation));
    }
  }
  return evaluation.groups;
}
