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
  if (op === "add") addRow(out, a, b, n);
  else if (op === "sub") subtractRow(out, a, b, n);
  else if (op === "mul") multiplyRow(out, a, b, n);
  else if (op === "pow" && b === 2) multiplyRows(out, a as Row, a as Row, n);
  else if (op === "min" && typeof b === "number") minWithNumber(out, a as Row, b, n);
  else if (op === "max" && typeof b === "number") maxWithNumber(out, a as Row, b, n);
  else {
    const left = typeof a === "number" ? spare[0].fill(a, 0, n) : a;
    const right = typeof b === "number" ? spare[1].fill(b, 0, n) : b;
    combineRows(elementwise.binary[op], out, left, right, n);
  }
}

export function addRow(out: Row, a: Operand, b: Operand, n: number): void {
  if (typeof a === "number") addNumber(out, b as Row, a, n);
  else if (typeof b === "number") addNumber(out, a, b, n);
  else addRows(out, a, b, n);
}

export function subtractRow(out: Row, a: Operand, b: Operand, n: number): void {
  if (typeof a === "number") subtractFromNumber(out, a, b as Row, n);
  else if (typeof b === "number") addNumber(out, a, -b, n);
  else subtractRows(out, a, b, n);
}

export function multiplyRow(out: Row, a: Operand, b: Operand, n: number): void {
  if (typeof a === "number") scaleRow(out, b as Row, a, n);
  else if (typeof b === "number") scaleRow(out, a, b, n);
  else multiplyRows(out, a, b, n);
}

function addRows(out: Row, a: Row, b: Row, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a[i] + b[i];
}

function addNumber(out: Row, a: Row, b: number, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a[i] + b;
}

function subtractRows(out: Row, a: Row, b: Row, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a[i] - b[i];
}

function subtractFromNumber(out: Row, a: number, b: Row, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a - b[i];
}

function multiplyRows(out: Row, a: Row, b: Row, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a[i] * b[i];
}

function scaleRow(out: Row, a: Row, b: number, n: number): void {
  for (let i = 0; i < n; i++) out[i] = a[i] * b;
}

/** out += sign × a × b. */
export function accumulateProduct(out: Row, a: Operand, b: Row, sign: 1 | -1, n: number): void {
  if (typeof a === "number") for (let i = 0; i < n; i++) out[i] += sign * a * b[i];
  else for (let i = 0; i < n; i++) out[i] += sign * a[i] * b[i];
}

function minWithNumber(out: Row, a: Row, b: number, n: number): void {
  for (let i = 0; i < n; i++) out[i] = Math.min(a[i], b);
}

function maxWithNumber(out: Row, a: Row, b: number, n: number): void {
  for (let i = 0; i < n; i++) out[i] = Math.max(a[i], b);
}

function combineRows(f: (a: number, b: number) => number, out: Row, a: Row, b: Row, n: number): void {
  for (let i = 0; i < n; i++) out[i] = f(a[i], b[i]);
}

export function whereRow(out: Row, condition: Operand, a: Operand, b: Operand, n: number): void {
  for (let i = 0; i < n; i++) {
    const chosen = (typeof condition === "number" ? condition : condition[i]) !== 0 ? a : b;
    out[i] = typeof chosen === "number" ? chosen : chosen[i];
  }
}

/** Four sums side by side: one alone would wait for every addition before the next. The order is fixed all the same. */
export function sumRow(a: Row, n: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = n - (n % 4);
  for (let i = 0; i < whole; i += 4) {
    s0 += a[i];
    s1 += a[i + 1];
    s2 += a[i + 2];
    s3 += a[i + 3];
  }
  for (let i = whole; i < n; i++) s0 += a[i];
  return s0 + s1 + (s2 + s3);
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
