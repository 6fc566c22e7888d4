// Gives every voxel value of a pass its rows; a row whose value is not needed any more serves the next one.

import { activationInputs, type Pass, rowsOf } from "../../compiler/schedule.js";
import type { Node } from "../../formula/node.js";
import type { Evaluation } from "./evaluate.js";
import type { Row } from "./rows.js";

/** Voxels per block: a dozen rows of it stay in a core's second-level cache, and the cost of walking the graph is spread thin. */
export const BLOCK = 2048;

export type Rows = ReadonlyMap<Node, readonly Row[]>;

/** The row of a channel; a value that does not vary over classes has one for all. */
export function rowOf(rows: Rows, node: Node, channel: number): Row {
  const own = rows.get(node) as readonly Row[];
  return own[own.length === 1 ? 0 : channel];
}

/** Operations that read other rows of their arguments than the one they write, so their result needs rows of its own. */
const NEEDS_OWN_ROWS = new Set<Node["op"]>(["total", "largest", "smallest", "matmul", "activation"]);

/** Rows for all values of a pass, each at most as long as its value is needed. */
export function assignRows(pass: Pass, { call, graph }: Evaluation): Rows {
  const order = [...pass.loads, ...pass.voxels];
  const lastUse = new Map<Node, number>(order.map((node, i) => [node, i]));
  pass.voxels.forEach((node, i) => {
    const used =
      node.op === "activation" ? [...node.args, ...activationInputs(graph, node, call.activation)] : node.args;
    for (const arg of used) if (lastUse.has(arg)) lastUse.set(arg, pass.loads.length + i);
  });
  // A reduction with two arguments runs with the later one, which must not lie where the other still stands.
  const besideAnother = new Set<Node>();
  for (const { args } of pass.reductions) {
    const latest = Math.max(...args.map((arg) => order.indexOf(arg)));
    for (const arg of args) if (lastUse.has(arg)) lastUse.set(arg, Math.max(lastUse.get(arg) as number, latest));
    if (args.length > 1) besideAnother.add(order[latest]);
  }
  const endsAt = order.map((_, i) => order.filter((node) => lastUse.get(node) === i));
  const free: Row[] = [];
  const rows = new Map<Node, readonly Row[]>();
  const take = (node: Node) => {
    rows.set(
      node,
      Array.from({ length: rowsOf(node, call.classes) }, () => free.pop() ?? new Float64Array(BLOCK)),
    );
  };
  const release = (nodes: readonly Node[]) => {
    for (const node of nodes) free.push(...(rows.get(node) ?? []));
  };
  // All loads of a block are read together, before anything is computed.
  pass.loads.forEach(take);
  pass.voxels.forEach((node, i) => {
    const ended = endsAt[pass.loads.length + i].filter((other) => other !== node);
    // With several rows, row 0 of the result could lie where row 1 of an argument still stands.
    if (NEEDS_OWN_ROWS.has(node.op) || rowsOf(node, call.classes) > 1 || besideAnother.has(node)) {
      take(node);
      release(ended);
    } else {
      release(ended);
      take(node);
    }
  });
  return rows;
}
