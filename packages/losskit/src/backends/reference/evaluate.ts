// The reference backend: walks the passes of a graph in float64, block by block. What it gives is the truth for every other backend.

import { type Axes, CLASS, IMAGE, INSTANCE } from "../../formula/axes.js";
import { type BinaryOp, elementwise, type Graph, type Node, type UnaryOp } from "../../formula/node.js";
import type { Call, FloatArray, Layout, ParameterValue } from "../../formula/options.js";
import { createGroup, type GroupValue, mapGroups, REDUCERS, reduceGroup } from "./group-values.js";
import { runRoutine, type StoredVoxels } from "./routine-steps.js";
import type { KeptActivations } from "./row-loading.js";
import type { Schedule } from "./schedule.js";
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
    for (const node of pass.groups) evaluation.groups.set(node, groupValue(node, evaluation));
    const keptArguments = runPass(pass, evaluation);
    for (const node of pass.routines) {
      evaluation.stored.set(node, runRoutine(node, keptArguments.get(node) ?? [], evaluation));
    }
  }
  return evaluation.groups;
}

/** A value without voxels, from others of its kind. */
function groupValue(node: Node, { call, parameters, groups, stored }: Evaluation): GroupValue {
  const args = node.args.map((arg) => groups.get(arg) as GroupValue);
  const extents = { images: call.images, classes: call.classes, instances: 1 };
  const filled = (axes: Axes, values: readonly number[]) => {
    const value = createGroup(axes, extents);
    value.data.set(values);
    return value;
  };
  switch (node.op) {
    case "number":
      return filled(node.axes, [node.value]);
    case "parameter": {
      const value = parameters.get(node.name) as number | readonly number[];
      return filled(
        node.axes,
        typeof value === "number" ? Array(node.axes & CLASS ? call.classes : 1).fill(value) : value,
      );
    }
    case "input": // the class index: all other inputs vary over voxels
      return filled(
        node.axes,
        Array.from({ length: call.classes }, (_, c) => c),
      );
    case "extent":
      return filled(node.axes, [extentOf(node.over, call)]);
    case "stop":
      return args[0];
    case "where":
      return mapGroups(node.axes, extents, args, (condition, a, b) => (condition !== 0 ? a : b));
    case "total":
    case "largest":
    case "smallest": {
      const { start, join } = REDUCERS[node.op];
      return reduceGroup(args[0], node.axes, start, join);
    }
    case "instanceNumber": {
      const instances = (stored.get(node.args[0]) as StoredVoxels).instances;
      const value = createGroup(node.axes, { ...extents, instances });
      value.data.forEach((_, i) => {
        value.data[i] = 1 + (i % instances);
      });
      return value;
    }
    case "matmul":
      return multiplyGroup(node, args[0], parameters.get(node.name) as readonly (readonly number[])[]);
    default:
      return args.length === 1
        ? mapGroups(node.axes, extents, args, elementwise.unary[node.op as UnaryOp])
        : mapGroups(node.axes, extents, args, elementwise.binary[node.op as BinaryOp]);
  }
}

function extentOf(over: Axes, call: Call): number {
  if (over & INSTANCE)
    throw new Error("the number of instances is not an extent: a sum over instances needs a value per instance");
  return (
    (over & IMAGE ? call.images : 1) * (over & CLASS ? call.classes : 1) * (over & ~(IMAGE | CLASS) ? call.voxels : 1)
  );
}

function multiplyGroup(node: Node, vector: GroupValue, matrix: readonly (readonly number[])[]): GroupValue {
  const out = createGroup(node.axes, vector);
  const { classes, instances } = out;
  for (let at = 0; at < out.data.length; at++) {
    const k = at % instances;
    const row = Math.floor(at / instances) % classes;
    const start = at - (row * instances + k);
    for (let c = 0; c < classes; c++) {
      const factor = node.value === 1 ? matrix[c][row] : matrix[row][c];
      out.data[at] += factor * vector.data[start + c * instances + k];
    }
  }
  return out;
}
