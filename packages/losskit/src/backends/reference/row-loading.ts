// Fills the rows of a block: what the call supplies, what routines left, and the activation, kept for later passes where it fits.

import { ACTIVATED, type Pass } from "../../compiler/schedule.js";
import { CLASS } from "../../formula/axes.js";
import type { Call } from "../../formula/options.js";
import type { Evaluation } from "./evaluate.js";
import { activate, type Block, type Probabilities, readChannel, readTarget, readValid, readVoxels } from "./inputs.js";
import type { StoredVoxels } from "./routine-steps.js";
import type { Rows } from "./row-assignment.js";
import type { Row } from "./rows.js";

/** `[images][classes][voxels]` by input name. */
export type KeptActivations = Map<string, Float64Array>;

/**
 * Most numbers that are kept of one activation. Exponentials cost more than memory does, so a second pass reads what the first has computed;
 * in a volume too large for that it computes them again.
 */
const MAX_KEPT = 2 ** 23;

/** Arrays for the activations that later passes will read and no earlier one has kept; none where they are too large. */
export function createKept(pass: Pass, { call, activations }: Evaluation): KeptActivations {
  const length = call.images * call.classes * call.voxels;
  const names = length > MAX_KEPT ? [] : pass.keeps.filter((name) => !activations.has(name));
  return new Map(names.map((name) => [name, new Float64Array(length)]));
}

/** @param keeping filled with this pass's activations; the evaluation's own are those of earlier passes */
export function loadRows(pass: Pass, rows: Rows, block: Block, evaluation: Evaluation, keeping: KeptActivations): void {
  const { call, stored } = evaluation;
  const activation: { -readonly [Name in keyof Probabilities]: readonly Row[] } = {};
  for (const node of pass.loads) {
    const own = rows.get(node) as readonly Row[];
    if (node.op === "routine") {
      const { data, classes } = stored.get(node) as StoredVoxels;
      own.forEach((row, c) => {
        const from = (block.image * classes + c) * call.voxels + block.start;
        row.set(data.subarray(from, from + block.length));
      });
    } else if (node.op === "field") {
      own.forEach((row, c) => {
        if (node.axes & CLASS) readChannel(call.fields[node.name], call, block, c, row);
        else readVoxels(call.fields[node.name], call, block, row);
      });
    } else if (node.name === "x" || ACTIVATED.has(node.name)) {
      activation[node.name as keyof Probabilities] = own;
    } else {
      own.forEach((row, c) => {
        loadTargetSide(node.name, row, c, block, call);
      });
    }
  }
  loadActivation(activation, pass.usesLogits, block, evaluation, keeping);
}

function loadActivation(
  activation: Probabilities,
  usesLogits: boolean,
  block: Block,
  { call, activations }: Evaluation,
  keeping: KeptActivations,
): void {
  // The schedule sees to it that the logits are read wherever their probabilities are.
  const { x, ...wanted } = activation;
  if (!x) return;
  const readLogits = () => {
    x.forEach((row, c) => {
      readChannel(call.logits, call, block, c, row);
    });
  };
  const entries = Object.entries(wanted);
  const range = (c: number) => {
    const from = (block.image * call.classes + c) * call.voxels + block.start;
    return [from, from + block.length] as const;
  };
  if (entries.every(([name]) => activations.has(name))) {
    if (usesLogits) readLogits();
    for (const [name, rows] of entries) {
      const all = activations.get(name) as Float64Array;
      rows.forEach((row, c) => {
        row.set(all.subarray(...range(c)));
      });
    }
    return;
  }
  readLogits();
  activate(call, { ...wanted, x }, block.length);
  for (const [name, all] of keeping) {
    wanted[name as keyof typeof wanted]?.forEach((row, c) => {
      all.set(row.subarray(0, block.length), range(c)[0]);
    });
  }
}

function loadTargetSide(name: string, row: Row, channel: number, block: Block, call: Call): void {
  if (name === "y") {
    readTarget(call, block, channel, row);
    return;
  }
  readValid(call, block, channel, row);
  if (name === "weight" && call.weights) {
    const from = block.image * call.voxels + block.start;
    for (let i = 0; i < block.length; i++) row[i] *= call.weights[from + i];
  }
}
