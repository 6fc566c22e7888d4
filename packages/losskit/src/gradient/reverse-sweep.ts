// The gradient of a loss with respect to the raw output, as a formula of its own: one sweep from the loss to the inputs.

import type { Graph, Node } from "../formula/node.js";
import { reachable } from "../formula/node.js";
import { ROUTINES } from "../formula/operations.js";
import { RULES } from "./rules.js";
import { inTargetBasis } from "./target-basis.js";

/** The inputs that carry the raw output, in the order that the `activation` node takes their cotangents. */
const DIFFERENTIABLE = ["x", "p", "q", "logP", "logQ"];

/**
 * @param loss one number, or values whose sum is differentiated
 * @returns d loss / d x, which varies over images, classes and voxels
 */
export function gradient(graph: Graph, loss: Node): Node {
  const nodes = reachable([loss]);
  const depends = new Set<Node>();
  for (const node of nodes) {
    const isSource = node.op === "input" && DIFFERENTIABLE.includes(node.name);
    if (isSource || (node.args.some((arg) => depends.has(arg)) && passesGradient(node))) depends.add(node);
  }

  const cotangents = new Map<Node, Node>([[loss, graph.one]]);
  for (const node of nodes.reverse()) {
    const cotangent = cotangents.get(node);
    const rule = RULES[node.op];
    if (!cotangent || !rule || !depends.has(node)) continue;
    rule(graph, node, cotangent).forEach((contribution, i) => {
      const arg = node.args[i];
      if (!contribution || !depends.has(arg)) return;
      // An argument that was repeated along some axes collects from all of them. Between voxels and instances nothing is repeated: each voxel
      // belongs to one instance.
      const repeated = REGROUPING.has(node.op) ? contribution.axes : node.axes;
      const collected = graph.total(repeated & ~arg.axes, contribution);
      const before = cotangents.get(arg);
      cotangents.set(arg, before ? graph.add(before, collected) : collected);
    });
  }
  const ofInput = (name: string) => {
    const node = nodes.find((candidate) => candidate.op === "input" && candidate.name === name);
    return (node && cotangents.get(node)) ?? graph.zero;
  };
  const [x, p, q, logP, logQ] = DIFFERENTIABLE.map(ofInput);
  // q is 1 - p, so the slope along it is one along p.
  return graph.activation([x, inTargetBasis(graph, graph.sub(p, q)), graph.zero, logP, logQ]);
}

/** Operations that turn values per voxel into values per instance, or back. */
const REGROUPING = new Set<Node["op"]>(["totalBy", "gather"]);

/** Operations that are flat wherever they are not a step. */
const FLAT = new Set<Node["op"]>(["stop", "lt", "le", "eq", "wins", "sign"]);

function passesGradient(node: Node): boolean {
  return !FLAT.has(node.op) && (node.op !== "routine" || ROUTINES[node.name].gradient === "routine");
}
