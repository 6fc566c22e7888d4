// One pass over the voxels: loads rows, computes what the pass needs of them, adds up its reductions, keeps and gives out the rest.

import { activationInputs, type Pass, rowsOf } from "../../compiler/schedule.js";
import { VOXEL } from "../../formula/axes.js";
import type { BinaryOp, Node, UnaryOp } from "../../formula/node.js";
import { createGroup, type GroupValue, groupIndex, REDUCERS } from "../group-values.js";
import { activationGradient, type Cotangents } from "./activation-gradient.js";
import type { Evaluation, VoxelOutput } from "./evaluate.js";
import { type Block, writeChannel } from "./inputs.js";
import { createStored, type StoredVoxels } from "./routine-steps.js";
import { assignRows, BLOCK, type Rows, rowOf } from "./row-assignment.js";
import { createKept, loadRows } from "./row-loading.js";
import { binaryRow, extremeRow, type Operand, type Row, sumRow, unaryRow, whereRow } from "./rows.js";

/** Runs a pass; returns, per routine that follows it, its arguments kept for all voxels. */
export function runPass(pass: Pass, evaluation: Evaluation): Map<Node, StoredVoxels[]> {
  const { call, groups, graph } = evaluation;
  const kept = new Map<Node, StoredVoxels[]>();
  if (pass.reductions.length + pass.stores.length + pass.outputs.length === 0) return kept;

  const spare: [Row, Row] = [new Float64Array(BLOCK), new Float64Array(BLOCK)];
  const rows = assignRows(pass, evaluation);
  const keeping = createKept(pass, evaluation);
  const consumers = collectConsumers(pass, kept, evaluation);
  const operand = (node: Node, image: number, channel: number): Operand => {
    if (node.axes & VOXEL) return rowOf(rows, node, channel);
    const value = groups.get(node) as GroupValue;
    return value.data[groupIndex(value, image, channel)];
  };

  function compute(node: Node, { image, length: n }: Block): void {
    const out = rows.get(node) as readonly Row[];
    if (node.op === "activation") {
      const cotangents = node.args.map((arg) => out.map((_, c) => operand(arg, image, c)));
      const inputs = activationInputs(graph, node, call.activation);
      const named = Object.fromEntries(inputs.map((input) => [input.name, rows.get(input)]));
      activationGradient(call.activation, cotangents as unknown as Cotangents, named, out, n);
      return;
    }
    out.forEach((row, c) => {
      computeRow(node, row, c, image, n);
    });
  }

  function computeRow(node: Node, out: Row, channel: number, image: number, n: number): void {
    const [first, second, third] = node.args;
    switch (node.op) {
      case "stop":
        copy(out, operand(first, image, channel), n);
        return;
      case "where":
        whereRow(
          out,
          operand(first, image, channel),
          operand(second, image, channel),
          operand(third, image, channel),
          n,
        );
        return;
      case "gather": {
        const values = groups.get(first) as GroupValue;
        const base = groupIndex(values, image, channel) - 1;
        const id = rowOf(rows, second, channel);
        for (let i = 0; i < n; i++) out[i] = id[i] > 0 ? values.data[base + id[i]] : 0;
        return;
      }
      case "total":
      case "largest":
      case "smallest": {
        const { start, join } = REDUCERS[node.op];
        out.fill(start, 0, n);
        for (const row of rows.get(first) as readonly Row[]) for (let i = 0; i < n; i++) out[i] = join(out[i], row[i]);
        return;
      }
      case "matmul": {
        const matrix = evaluation.parameters.get(node.name) as readonly (readonly number[])[];
        out.fill(0, 0, n);
        (rows.get(first) as readonly Row[]).forEach((row, c) => {
          const factor = node.value === 1 ? matrix[c][channel] : matrix[channel][c];
          for (let i = 0; i < n; i++) out[i] += factor * row[i];
        });
        return;
      }
      default:
        if (node.args.length === 1) unaryRow(node.op as UnaryOp, out, operand(first, image, channel) as Row, n);
        else {
          binaryRow(
            node.op as BinaryOp,
            out,
            operand(first, image, channel),
            operand(second, image, channel),
            n,
            spare,
          );
        }
    }
  }

  const consume = (node: Node, block: Block) => {
    for (const consumer of consumers.get(node) ?? []) consumer(rows, block);
  };

  for (let image = 0; image < call.images; image++) {
    for (let start = 0; start < call.voxels; start += BLOCK) {
      const block: Block = { image, start, length: Math.min(BLOCK, call.voxels - start) };
      loadRows(pass, rows, block, evaluation, keeping);
      for (const node of pass.loads) consume(node, block);
      for (const node of pass.voxels) {
        compute(node, block);
        consume(node, block);
      }
    }
  }
  for (const [name, all] of keeping) evaluation.activations.set(name, all);
  return kept;
}

function copy(out: Row, from: Operand, n: number): void {
  if (typeof from === "number") out.fill(from, 0, n);
  else if (from !== out) for (let i = 0; i < n; i++) out[i] = from[i];
}

type Consumer = (rows: Rows, block: Block) => void;

/** What happens with a row as soon as it is there: sums, kept arguments of routines, results. */
function collectConsumers(
  pass: Pass,
  kept: Map<Node, StoredVoxels[]>,
  evaluation: Evaluation,
): Map<Node, readonly Consumer[]> {
  const { call, groups, stored, outputs } = evaluation;
  const order = [...pass.loads, ...pass.voxels];
  const consumers = new Map<Node, Consumer[]>();
  const attach = (node: Node, consumer: Consumer) => consumers.set(node, [...(consumers.get(node) ?? []), consumer]);

  for (const node of pass.reductions) {
    if (node.op === "totalBy") {
      const [id, e] = node.args;
      const instances = (stored.get(id) as StoredVoxels).instances;
      const sums = createGroup(node.axes, { images: call.images, classes: call.classes, instances });
      groups.set(node, sums);
      const later = order.indexOf(e) > order.indexOf(id) ? e : id;
      attach(later, (rows, { image, length }) => {
        const channels = rowsOf(node, call.classes);
        for (let c = 0; c < channels; c++) {
          const base = groupIndex(sums, image, c) - 1;
          const ids = rowOf(rows, id, c);
          const values = rowOf(rows, e, c);
          for (let i = 0; i < length; i++) if (ids[i] > 0) sums.data[base + ids[i]] += values[i];
        }
      });
      continue;
    }
    const op = node.op as keyof typeof REDUCERS;
    const { start, join } = REDUCERS[op];
    const result = createGroup(node.axes, { images: call.images, classes: call.classes, instances: 1 }, start);
    groups.set(node, result);
    attach(node.args[0], (rows, { image, length }) => {
      (rows.get(node.args[0]) as readonly Row[]).forEach((row, c) => {
        const at = groupIndex(result, image, c);
        result.data[at] = join(result.data[at], op === "total" ? sumRow(row, length) : extremeRow(op, row, length));
      });
    });
  }
  for (const { value, routine, argument } of pass.stores) {
    const target = createStored(routine.axes, call);
    const args = kept.get(routine) ?? [];
    args[argument] = target;
    kept.set(routine, args);
    attach(value, (rows, { image, start, length }) => {
      for (let c = 0; c < target.classes; c++) {
        target.data.set(rowOf(rows, value, c).subarray(0, length), (image * target.classes + c) * call.voxels + start);
      }
    });
  }
  for (const node of pass.outputs) {
    const { array, perChannel, layout } = outputs.get(node) as VoxelOutput;
    attach(node, (rows, block) => {
      if (!perChannel) {
        array.set(rowOf(rows, node, 0).subarray(0, block.length), block.image * call.voxels + block.start);
        return;
      }
      for (let c = 0; c < call.classes; c++) writeChannel(array, layout, call, block, c, rowOf(rows, node, c));
    });
  }
  return consumers;
}
