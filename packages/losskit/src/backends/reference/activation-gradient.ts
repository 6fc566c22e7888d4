// The last step of a gradient: from the slopes along p, 1 - p and their logarithms to the slope along the raw output.

import type { Activation } from "../../formula/options.js";
import { SMALLEST_PROBABILITY } from "./inputs.js";
import { accumulateProduct, addRow, multiplyRow, type Operand, type Row, subtractRow } from "./rows.js";

/** Slopes of the loss along x, p, q = 1 - p, log p and log q, per channel. */
export type Cotangents = readonly [Operand[], Operand[], Operand[], Operand[], Operand[]];

export interface ActivationRows {
  readonly p?: readonly Row[];
  readonly q?: readonly Row[];
  readonly logP?: readonly Row[];
  readonly logQ?: readonly Row[];
}

const at = (operand: Operand, i: number) => (typeof operand === "number" ? operand : operand[i]);
const isZero = (operands: readonly Operand[]) => operands.every((operand) => operand === 0);

export function activationGradient(
  activation: Activation,
  cotangents: Cotangents,
  rows: ActivationRows,
  out: readonly Row[],
  n: number,
): void {
  const [dx, ...rest] = cotangents;
  if (rest.every(isZero)) {
    out.forEach((row, c) => {
      for (let i = 0; i < n; i++) row[i] = at(dx[c], i);
    });
    return;
  }
  const p = rows.p as readonly Row[];
  const q = rows.q as readonly Row[];
  if (activation === "softmax") {
    softmaxGradient(cotangents, p, rows, out, n);
    return;
  }
  const step = activation === "sigmoid" ? sigmoidGradient : givenGradient;
  out.forEach((row, c) => {
    step(row, dx[c], rest[0][c], rest[1][c], rest[2][c], rest[3][c], p[c], q[c], n);
  });
}

/** dp/dx = p q, d(log p)/dx = q, d(log q)/dx = -p. */
function sigmoidGradient(
  out: Row,
  dx: Operand,
  dp: Operand,
  dq: Operand,
  dLogP: Operand,
  dLogQ: Operand,
  p: Row,
  q: Row,
  n: number,
): void {
  if (typeof dp === "number" || typeof dq === "number") {
    if (typeof dp === "number" && typeof dq === "number") out.fill(dp - dq, 0, n);
    else subtractRow(out, dp, dq, n);
    multiplyRow(out, out, p, n);
    multiplyRow(out, out, q, n);
  } else for (let i = 0; i < n; i++) out[i] = (dp[i] - dq[i]) * p[i] * q[i];
  if (typeof dLogP === "number" || typeof dLogQ === "number") {
    if (dLogP !== 0) accumulateProduct(out, dLogP, q, 1, n);
    if (dLogQ !== 0) accumulateProduct(out, dLogQ, p, -1, n);
  } else for (let i = 0; i < n; i++) out[i] += dLogP[i] * q[i] - dLogQ[i] * p[i];
  if (dx !== 0) addRow(out, out, dx, n);
}

function givenGradient(
  out: Row,
  dx: Operand,
  dp: Operand,
  dq: Operand,
  dLogP: Operand,
  dLogQ: Operand,
  p: Row,
  q: Row,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    out[i] =
      at(dx, i) +
      at(dp, i) -
      at(dq, i) +
      at(dLogP, i) / Math.max(p[i], SMALLEST_PROBABILITY) -
      at(dLogQ, i) / Math.max(q[i], SMALLEST_PROBABILITY);
  }
}

/**
 * dp_c/dx_k = p_c ([c = k] - p_k) and d(log p_c)/dx_k = [c = k] - p_k. Of the likeliest class 1 - p_k is q_k, and the sum over the other classes
 * is taken without it: a difference from the sum over all would cancel where p_k is nearly 1. Of log q_c the slope is p_c p_k / q_c for
 * c ≠ k and -p_k for c = k, where p_k / q_c, a quotient of numbers that may both underflow, is exp(log p_k - log q_c).
 */
function softmaxGradient(
  [dx, dp, dq, dLogP, dLogQ]: Cotangents,
  p: readonly Row[],
  { q, logP, logQ }: ActivationRows,
  out: readonly Row[],
  n: number,
): void {
  const classes = out.length;
  const withLogQ = logP !== undefined && logQ !== undefined && !isZero(dLogQ);
  const slopes = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    let top = 0;
    for (let c = 1; c < classes; c++) if (p[c][i] > p[top][i]) top = c;
    let others = 0;
    for (let c = 0; c < classes; c++) {
      slopes[c] = (at(dp[c], i) - at(dq[c], i)) * p[c][i] + at(dLogP[c], i);
      if (c !== top) others += slopes[c];
    }
    const all = others + slopes[top];
    for (let k = 0; k < classes; k++) {
      const own = k === top ? slopes[k] * (q as readonly Row[])[k][i] - p[k][i] * others : slopes[k] - p[k][i] * all;
      let slope = at(dx[k], i) + own;
      if (withLogQ) {
        for (let c = 0; c < classes; c++) {
          const ratio = c === k ? -1 : Math.exp(logP[k][i] - logQ[c][i]);
          slope += at(dLogQ[c], i) * p[c][i] * ratio;
        }
      }
      out[k][i] = slope;
    }
  }
}
