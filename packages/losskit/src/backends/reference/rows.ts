// Element-wise operations on rows: stretches of voxels of one class in one image, in float64.

import { type BinaryOp, elementwise, type UnaryOp } from "../../formula/node.js";

export type Row = Float64Array;
/** A row, or a number that stands for a row of itself. */
export type Operand = Row | number;

/**
 * The loops below are written out for the operations that every loss uses: one loop that is handed the operation as a function cannot
 * be specialised by the engine and takes four times as long.
 */
export function unaryRow(op: UnaryOp, out: Row, a: Row, n: number): void {
  switch (op) {
    case "neg":
      for (let i = 0; i < n; i++) out[i] = -a[i];
      return;
    case "abs":
      for (let i = 0; i < n; i++) out[i] = Math.abs(a[i]);
      return;
    case "exp":
      for (let i = 0; i < n; i++) out[i] = Math.exp(a[i]);
      return;
    case "log":
      for (let i = 0; i < n; i++) out[i] = Math.log(a[i]);
      return;
    default: {
      const f = elementwise.unary[op];
      for (let i = 0; i < n; i++) out[i] = f(a[i]);
    }
  }
}

/** @param spare two rows for operands that are numbers where the operation has no loop of its own for them */
export function binaryRow(op: BinaryOp, out: Row, a: Operand, b: Operand, n: number, spare: readonly [Row, Row]): void {
  switch (op) {
    case "add":
      if (typeof a === "number") addNumber(out, b as Row, a, n);
      else if (typeof b === "number") addNumber(out, a, b, n);
      else for (let i = 0; i < n; i++) out[i] = a[i] + b[i];
      return;
    case "sub":
      if (typeof a === "number") for (let i = 0; i < n; i++) out[i] = a - (b as Row)[i];
      else if (typeof b === "number") addNumber(out, a, -b, n);
      else for (let i = 0; i < n; i++) out[i] = a[i] - b[i];
      return;
    case "mul":
      if (typeof a === "number") scale(out, b as Row, a, n);
      else if (typeof b === "number") scale(out, a, b, n);
      else for (let i = 0; i < n; i++) out[i] = a[i] * b[i];
      return;
    case "pow":
      if (b === 2) {
        for (let i = 0; i < n; i++) out[i] = (a as Row)[i] * (a as Row)[i];
        return;
      }
      break;
  }
  const f = elementwise.binary[op];
  const left = typeof a === "number" ? spare[0].fill(a, 0, n) : a;
  const right = typeof b === "number" ? spare[1].fill(b, 0, n) : b;
  for (let i = 0; i < n; i++) out[i] = f(left[i], right[i]);
}

function addNumber(out: Row, a: Row, b: number, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a[i] + b;
}

function scale(out: Row, a: Row, b: number, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a[i] * b;
}

export function whereRow(out: Row, condition: Operand, a: Operand, b: Operand, n: number): void {
  for (let i = 0; i < n; i++) {
    const chosen = (typeof condition === "number" ? condition : condition[i]) !== 0 ? a : b;
    out[i] = typeof chosen === "number" ? chosen : chosen[i];
  }
}

export function sumRow(a: Row, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i];
  return sum;
}

export function extremeRow(op: "largest" | "smallest", a: Row, n: number): number {
  let extreme = a[0];
  if (op === "largest") {
    for (let i = 1; i < n; i++) if (a[i] > extreme) extreme = a[i];
  } else {
    for (let i = 1; i < n; i++) if (a[i] < extreme) extreme = a[i];
  }
  return extreme;
}
