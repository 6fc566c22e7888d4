// The combine step: values without voxels, a few numbers each, from the sums of the passes. In float64 on every backend.

import { type Axes, CLASS, IMAGE, INSTANCE } from "../formula/axes.js";
import { type BinaryOp, elementwise, type Node, type UnaryOp } from "../formula/node.js";
import type { Call, ParameterValue } from "../formula/options.js";
import { createGroup, type GroupValue, mapGroups, REDUCERS, reduceGroup } from "./group-values.js";

/** Values of a loss's parameters and of what options add to them, by the names in the graph. */
export type Parameters = ReadonlyMap<string, ParameterValue>;

/** What the combine step reads. */
export interface GroupSources {
  readonly call: Pick<Call, "images" | "classes" | "voxels">;
  readonly parameters: Parameters;
  /** Values that are known already: those of the node's arguments among them. */
  readonly groups: ReadonlyMap<Node, GroupValue>;
}

/**
 * A value without voxels, from others of its kind.
 *
 * @param instancesOf largest number of objects that a numbering has in one class of one image
 */
export function evaluateGroup(
  node: Node,
  { call, parameters, groups }: GroupSources,
  instancesOf: (numbering: Node) => number,
): GroupValue {
  const args = node.args.map((arg) => groups.get(arg) as GroupValue);
  const extents = { images: call.images, classes: call.classes, instances: 1 };
  const filled = (axes: Axes, values: readonly number[]) => {
    const value = createGroup(axes, extents);
    for (let i = 0; i < values.length; i++) value.data[i] = values[i];
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
      const instances = instancesOf(node.args[0]);
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

function extentOf(over: Axes, call: GroupSources["call"]): number {
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
