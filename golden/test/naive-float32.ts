// A formula computed as it is printed, every step rounded to float32: what people get from writing it in an array library.

import { evaluateGroup, type Parameters } from "../../packages/losskit/src/backends/evaluate-groups.js";
import {
  createGroup,
  type GroupValue,
  groupIndex,
  REDUCERS,
} from "../../packages/losskit/src/backends/group-values.js";
import { runRoutine, type StoredVoxels } from "../../packages/losskit/src/backends/reference/routine-steps.js";
import { applyOptions } from "../../packages/losskit/src/formula/apply-options.js";
import { type Axes, CLASS, IMAGE, VOXEL } from "../../packages/losskit/src/formula/axes.js";
import { readFormula } from "../../packages/losskit/src/formula/check.js";
import {
  type BinaryOp,
  createGraph,
  elementwise,
  type Node,
  reachable,
  type UnaryOp,
} from "../../packages/losskit/src/formula/node.js";
import { type Call, readCall, termSettings } from "../../packages/losskit/src/formula/options.js";
import { gradient as gradientOf } from "../../packages/losskit/src/gradient/reverse-sweep.js";
import type { LossCall } from "../src/loss-call.js";

/** Every axis that a value varies over, images first, voxels last. */
interface Value {
  readonly axes: Axes;
  readonly data: Float64Array;
}

/** Cross entropies of array libraries bound the logarithm of 0. */
const LEAST_LOGARITHM = -100;
const round = Math.fround;

/**
 * Value and gradient by automatic differentiation of the printed formula. Sums are kinder than those of an array library: they round once.
 */
export function naiveFloat32({ loss, input, target, options }: LossCall): {
  readonly values: readonly number[];
  readonly gradient: Float64Array;
} {
  const call = readCall(input, target, options);
  const [{ definition, parameters, options: own }] = loss.terms;
  const symbols = Object.entries(definition.parameters).map(
    ([name, { symbol }]) => [symbol, parameters[name]] as const,
  );
  const kinds = Object.fromEntries(symbols.map(([symbol]) => [symbol, "number" as const]));
  const formula = readFormula(definition.formula, { parameters: kinds });
  const graph = createGraph();
  const structure = {
    channels: call.classes,
    targetForm: call.targetForm,
    ignores: call.ignore !== undefined,
    weighted: false,
  };
  const settings = termSettings(own, definition.options ?? {});
  const value = applyOptions(graph, formula.loss, settings, structure, "0.", {
    title: definition.title,
    score: false,
  });
  const gradient = gradientOf(graph, value);
  const { classes: counted } = settings;
  const isCounted = (c: number) => (counted === "foreground" ? c > 0 : !Array.isArray(counted) || counted.includes(c));
  const known: Parameters = new Map([
    ...symbols.map(([symbol, number]) => [`0.${symbol}`, number] as const),
    ["0.:selected", Array.from({ length: call.classes }, (_, c) => Number(isCounted(c)))],
  ]);
  const values = evaluateNodes([value, gradient], call, known);
  return {
    values: [...(values.groups.get(value) as GroupValue).data],
    gradient: (values.voxels.get(gradient) as Value).data,
  };
}

function evaluateNodes(roots: readonly Node[], call: Call, parameters: Parameters) {
  const { images, classes, voxels } = call;
  const groups = new Map<Node, GroupValue>();
  const made = new Map<Node, Value>();
  const extentsOf = (axes: Axes) => [axes & IMAGE ? images : 1, axes & CLASS ? classes : 1, axes & VOXEL ? voxels : 1];
  const fill = (axes: Axes, at: (image: number, c: number, voxel: number) => number): Value => {
    const [i, c, v] = extentsOf(axes);
    const data = Float64Array.from({ length: i * c * v }, (_, k) =>
      round(at(Math.floor(k / (c * v)), Math.floor(k / v) % c, k % v)),
    );
    return { axes, data };
  };
  const read = (node: Node, image: number, c: number, voxel: number): number => {
    const group = groups.get(node);
    if (group) return group.data[groupIndex(group, image, c)];
    const { axes, data } = made.get(node) as Value;
    const [, cs, vs] = extentsOf(axes);
    return data[((axes & IMAGE ? image : 0) * cs + (axes & CLASS ? c : 0)) * vs + (axes & VOXEL ? voxel : 0)];
  };
  const x = (image: number, c: number, voxel: number) => call.logits[(image * classes + c) * voxels + voxel];
  const targetAt = (image: number, c: number, voxel: number) =>
    call.targetForm === "labels"
      ? call.target[image * voxels + voxel]
      : call.target[(image * classes + c) * voxels + voxel];
  const probability = fill(IMAGE | CLASS | VOXEL, (image, c, voxel) => {
    if (call.activation === "none") return x(image, c, voxel);
    const own = round(x(image, c, voxel));
    if (call.activation === "sigmoid") return 1 / round(1 + round(Math.exp(-own)));
    const all = Array.from({ length: classes }, (_, k) => round(x(image, k, voxel)));
    const most = Math.max(...all);
    const e = all.map((logit) => round(Math.exp(round(logit - most))));
    return e[c] / round(e.reduce((sum, part) => sum + part, 0));
  });
  const p = (image: number, c: number, voxel: number) => probability.data[(image * classes + c) * voxels + voxel];

  function inputValue(node: Node): Value {
    const { ignore } = call;
    return fill(node.axes, (image, c, voxel) => {
      const label = targetAt(image, c, voxel);
      if (node.name === "x") return x(image, c, voxel);
      if (node.name === "p") return p(image, c, voxel);
      if (node.name !== "y") return Number(label !== ignore);
      if (call.targetForm === "channels") return label === ignore ? 0 : label;
      return Number(label === (classes === 1 ? 1 : c) && label !== ignore);
    });
  }

  function activation(node: Node): Value {
    const slope = (argument: number, image: number, c: number, voxel: number) =>
      read(node.args[argument], image, c, voxel);
    return fill(node.axes, (image, c, voxel) => {
      const [dx, dp, own] = [slope(0, image, c, voxel), slope(1, image, c, voxel), p(image, c, voxel)];
      if (call.activation === "none") return dx + dp;
      if (call.activation === "sigmoid") return dx + round(dp * round(own * round(1 - own)));
      let all = 0;
      for (let k = 0; k < classes; k++) all += round(slope(1, image, k, voxel) * p(image, k, voxel));
      return dx + round(own * round(dp - round(all)));
    });
  }

  function voxelValue(node: Node): Value {
    const args = (image: number, c: number, voxel: number) => node.args.map((arg) => read(arg, image, c, voxel));
    switch (node.op) {
      case "input":
        return inputValue(node);
      case "activation":
        return activation(node);
      case "stop":
        return made.get(node.args[0]) as Value;
      case "where":
        return fill(node.axes, (...at) => {
          const [condition, a, b] = args(...at);
          return condition !== 0 ? a : b;
        });
      case "log":
        return fill(node.axes, (...at) => Math.max(Math.log(args(...at)[0]), LEAST_LOGARITHM));
      case "total":
        return fill(node.axes, (image, _, voxel) =>
          Array.from({ length: classes }, (__, c) => read(node.args[0], image, c, voxel)).reduce((a, b) => a + b, 0),
        );
      case "routine": {
        const rows = (arg: Node): StoredVoxels | undefined =>
          arg.axes & VOXEL
            ? {
                classes: node.axes & CLASS ? classes : 1,
                data: fill(node.axes, (...at) => read(arg, ...at)).data,
                instances: 0,
              }
            : undefined;
        const { data } = runRoutine(node, node.args.map(rows), { call, groups });
        return { axes: node.axes, data };
      }
      default: {
        const { unary, binary } = elementwise;
        return fill(node.axes, (...at) => {
          const [a, b] = args(...at);
          return node.args.length === 1 ? unary[node.op as UnaryOp](a) : binary[node.op as BinaryOp](a, b);
        });
      }
    }
  }

  function reduced(node: Node): GroupValue {
    const { start, join } = REDUCERS[node.op as keyof typeof REDUCERS];
    const [arg] = node.args;
    const group = createGroup(node.axes, { images, classes, instances: 1 }, start);
    const [i, c, v] = extentsOf(arg.axes);
    for (let image = 0; image < i; image++) {
      for (let k = 0; k < c; k++) {
        for (let voxel = 0; voxel < v; voxel++) {
          const at = groupIndex(group, image, k);
          group.data[at] = join(group.data[at], read(arg, image, k, voxel));
        }
      }
    }
    return { ...group, data: group.data.map(round) };
  }

  for (const node of reachable(roots)) {
    if (node.axes & VOXEL) made.set(node, voxelValue(node));
    else if (node.args.some(({ axes }) => axes & VOXEL)) groups.set(node, reduced(node));
    else {
      const group = evaluateGroup(node, { call, parameters, groups }, () => 1);
      groups.set(node, { ...group, data: group.data.map(round) });
    }
  }
  return { groups, voxels: made };
}
