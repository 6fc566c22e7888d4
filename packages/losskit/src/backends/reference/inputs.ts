// Reads the arrays of a call row by row: logits to probabilities and their logarithms, target, weights, fields.

import type { InputName } from "../../formula/node.js";
import type { Call, FloatArray, Layout } from "../../formula/options.js";
import type { Row } from "./rows.js";

/**
 * With activation "none" the logarithms see probabilities of at least this, and their slope is at most 1 over it: a float32 sigmoid that
 * has underflowed to 0 on the wrong voxel costs 27.6 and still pulls.
 */
export const SMALLEST_PROBABILITY = 1e-12;

/** Below this a sum of exponentials has lost digits to underflow, and the logarithm is taken the long way. */
const UNDERFLOW = 1e-290;

/** Which voxels of an image a row covers. */
export interface Block {
  readonly image: number;
  readonly start: number;
  readonly length: number;
}

/** Copies one channel of an array shaped like the logits. */
export function readChannel(array: ArrayLike<number>, call: Call, block: Block, channel: number, out: Row): void {
  const { image, start, length } = block;
  if (call.layout === "channels-first") {
    const from = (image * call.classes + channel) * call.voxels + start;
    for (let i = 0; i < length; i++) out[i] = array[from + i];
  } else {
    const step = call.classes;
    let from = (image * call.voxels + start) * step + channel;
    for (let i = 0; i < length; i++, from += step) out[i] = array[from];
  }
}

/** Writes one channel of an array shaped like the logits. */
export function writeChannel(
  array: FloatArray,
  layout: Layout,
  call: Call,
  block: Block,
  channel: number,
  row: Row,
): void {
  const { image, start, length } = block;
  if (layout === "channels-first") {
    const to = (image * call.classes + channel) * call.voxels + start;
    for (let i = 0; i < length; i++) array[to + i] = row[i];
  } else {
    const step = call.classes;
    let to = (image * call.voxels + start) * step + channel;
    for (let i = 0; i < length; i++, to += step) array[to] = row[i];
  }
}

/** Copies an array with one number per voxel. */
export function readVoxels(array: ArrayLike<number>, call: Call, block: Block, out: Row): void {
  const from = block.image * call.voxels + block.start;
  for (let i = 0; i < block.length; i++) out[i] = array[from + i];
}

/** Target of one class: 0 or 1 from a label map, 0 where ignored. With one channel the labels are its target. */
export function readTarget(call: Call, block: Block, channel: number, out: Row): void {
  const { target, ignore } = call;
  if (call.targetForm === "channels") {
    readChannel(target, call, block, channel, out);
    if (ignore !== undefined) for (let i = 0; i < block.length; i++) if (out[i] === ignore) out[i] = 0;
    return;
  }
  const label = call.classes === 1 ? 1 : channel;
  const from = block.image * call.voxels + block.start;
  for (let i = 0; i < block.length; i++) out[i] = target[from + i] === label ? 1 : 0;
  if (ignore === label) out.fill(0, 0, block.length);
}

/** 1 where a voxel counts (in a target per channel: that channel of it). */
export function readValid(call: Call, block: Block, channel: number, out: Row): void {
  const { ignore } = call;
  if (ignore === undefined) {
    out.fill(1, 0, block.length);
    return;
  }
  if (call.targetForm === "channels") readChannel(call.target, call, block, channel, out);
  else readVoxels(call.target, call, block, out);
  for (let i = 0; i < block.length; i++) out[i] = out[i] === ignore ? 0 : 1;
}

export type Probabilities = Partial<Record<Extract<InputName, "x" | "p" | "q" | "logP" | "logQ">, readonly Row[]>>;

/** Fills the rows asked for, one per channel; `x` is always there and already read. */
export function activate(call: Call, rows: Probabilities & { readonly x: readonly Row[] }, n: number): void {
  if (!rows.p && !rows.q && !rows.logP && !rows.logQ) return;
  if (call.activation === "softmax") {
    softmax(rows, n);
    return;
  }
  for (let c = 0; c < call.classes; c++) {
    const of = (name: keyof Probabilities) => rows[name]?.[c];
    if (call.activation === "sigmoid") sigmoid(rows.x[c], of("p"), of("q"), of("logP"), of("logQ"), n);
    else given(rows.x[c], of("p"), of("q"), of("logP"), of("logQ"), n);
  }
}

type MaybeRow = Row | undefined;

/** Exponentials of -|x| only, which cannot overflow; log p = min(x, 0) - log(1 + e^-|x|), log q the same of -x. */
function sigmoid(x: Row, p: MaybeRow, q: MaybeRow, logP: MaybeRow, logQ: MaybeRow, n: number): void {
  if (p && q && logP && logQ) {
    for (let i = 0; i < n; i++) {
      const z = x[i];
      const e = Math.exp(-Math.abs(z));
      const large = 1 / (1 + e);
      const small = e * large;
      const log = Math.log1p(e);
      p[i] = z >= 0 ? large : small;
      q[i] = z >= 0 ? small : large;
      logP[i] = Math.min(z, 0) - log;
      logQ[i] = -Math.max(z, 0) - log;
    }
    return;
  }
  if (p && q) {
    for (let i = 0; i < n; i++) {
      const z = x[i];
      const e = Math.exp(-Math.abs(z));
      const large = 1 / (1 + e);
      const small = e * large;
      p[i] = z >= 0 ? large : small;
      q[i] = z >= 0 ? small : large;
    }
  } else if (p) {
    for (let i = 0; i < n; i++) {
      const e = Math.exp(-Math.abs(x[i]));
      p[i] = (x[i] >= 0 ? 1 : e) / (1 + e);
    }
  } else if (q) {
    for (let i = 0; i < n; i++) {
      const e = Math.exp(-Math.abs(x[i]));
      q[i] = (x[i] >= 0 ? e : 1) / (1 + e);
    }
  }
  if (logP || logQ) {
    for (let i = 0; i < n; i++) {
      const z = x[i];
      const log = Math.log1p(Math.exp(-Math.abs(z)));
      if (logP) logP[i] = Math.min(z, 0) - log;
      if (logQ) logQ[i] = -Math.max(z, 0) - log;
    }
  }
}

function given(x: Row, p: MaybeRow, q: MaybeRow, logP: MaybeRow, logQ: MaybeRow, n: number): void {
  for (let i = 0; i < n; i++) {
    const z = x[i];
    if (p) p[i] = z;
    if (q) q[i] = 1 - z;
    if (logP) logP[i] = Math.log(Math.max(z, SMALLEST_PROBABILITY));
    if (logQ) logQ[i] = 1 - z < SMALLEST_PROBABILITY ? Math.log(SMALLEST_PROBABILITY) : Math.log1p(-z);
  }
}

/**
 * With m the largest logit, e_c = exp(x_c - m) and Z their sum: p = e / Z and log p = x - m - log Z. 1 - p is (Z - e) / Z but for
 * the largest class, where that would cancel: there the other exponentials are added up.
 */
function softmax(rows: Probabilities & { readonly x: readonly Row[] }, n: number): void {
  const { x, p, q, logP, logQ } = rows;
  const classes = x.length;
  const e = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    let top = 0;
    for (let c = 1; c < classes; c++) if (x[c][i] > x[top][i]) top = c;
    const m = x[top][i];
    let others = 0;
    for (let c = 0; c < classes; c++) {
      e[c] = c === top ? 1 : Math.exp(x[c][i] - m);
      if (c !== top) others += e[c];
    }
    const z = 1 + others;
    const logZ = logP || logQ ? Math.log1p(others) : 0;
    for (let c = 0; c < classes; c++) {
      if (p) p[c][i] = e[c] / z;
      const rest = c === top ? others : z - e[c];
      if (q) q[c][i] = rest / z;
      if (logP) logP[c][i] = x[c][i] - m - logZ;
      if (logQ) {
        // 1 - p itself has lost a small p.
        if (2 * e[c] <= z) logQ[c][i] = Math.log1p(-e[c] / z);
        else logQ[c][i] = (others < UNDERFLOW ? logOfOthers(x, top, i) - m : Math.log(others)) - logZ;
      }
    }
  }
}

/** log of the sum of exp(x_c) over all classes but one, when they are too small for exp. */
function logOfOthers(x: readonly Row[], excluded: number, i: number): number {
  let m = Number.NEGATIVE_INFINITY;
  x.forEach((row, c) => {
    if (c !== excluded) m = Math.max(m, row[i]);
  });
  let sum = 0;
  x.forEach((row, c) => {
    if (c !== excluded) sum += Math.exp(row[i] - m);
  });
  return m + Math.log(sum);
}
