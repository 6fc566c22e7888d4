// What about a call decides which kernels it needs, beyond the formula and its options.

import type { KernelContext } from "../compiler/lower.js";
import { exponentsIn } from "../compiler/plan.js";
import type { Schedule } from "../compiler/schedule.js";
import { type Node, reachable } from "../formula/node.js";
import type { Call, Target } from "../formula/options.js";
import { evaluateGroup, type Parameters } from "./evaluate-groups.js";
import type { GroupValue } from "./group-values.js";

export interface Variant {
  /** Equal for calls that the same kernels serve. */
  readonly key: string;
  readonly context: KernelContext;
}

export function variantOf(schedule: Schedule, call: Call, parameters: Parameters): Variant {
  const exponents = new Map(exponentsIn(schedule).map((node) => [node, wholeNumber(node, call, parameters)]));
  const targetType = targetTypeOf(call.target, call.ignore);
  return {
    key: JSON.stringify([targetType, [...exponents.values()]]),
    context: {
      activation: call.activation,
      channels: call.classes,
      targetForm: call.targetForm,
      targetType,
      ignores: call.ignore !== undefined,
      weighted: call.weights !== undefined,
      loops: false,
      compact: false,
      wholeExponent: (node) => exponents.get(node),
    },
  };
}

/** What a kernel reads a target as; labels that a byte cannot hold, such as an ignored -100, make it integers. */
function targetTypeOf(target: Target, ignore: number | undefined): KernelContext["targetType"] {
  if (target instanceof Float32Array || target instanceof Float64Array) return "float32";
  const bytes = target instanceof Uint8Array || target instanceof Uint8ClampedArray;
  const fits = ignore === undefined || (Number.isInteger(ignore) && ignore >= 0 && ignore <= 255);
  return bytes && fits ? "uint8" : "int32";
}

/** Operations whose value needs more than parameters. */
const OF_VOXELS = new Set<Node["op"]>(["total", "largest", "smallest", "totalBy", "instanceNumber"]);

/** The value of a node that only parameters decide, where it is one and the same whole number everywhere. */
function wholeNumber(node: Node, call: Call, parameters: Parameters): number | undefined {
  const groups = new Map<Node, GroupValue>();
  for (const part of reachable([node])) {
    if (OF_VOXELS.has(part.op)) return undefined;
    groups.set(
      part,
      evaluateGroup(part, { call, parameters, groups }, () => 1),
    );
  }
  const { data } = groups.get(node) as GroupValue;
  const [first] = data;
  return Number.isInteger(first) && data.every((other) => other === first) ? first : undefined;
}
