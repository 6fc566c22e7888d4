// Linear maps that work along each axis by itself, as interpolations and mirrored frames do: one matrix an axis.

import type { OnnxGraph } from "../onnx-graph.js";
import { range, type Shape, sizeOf } from "../shapes.js";

/** Rows of coefficients: of each result, those of what it is made of. */
export type Matrix = readonly (readonly number[])[];

export const transposedMatrix = (matrix: Matrix): Matrix =>
  range(matrix[0].length).map((column) => matrix.map((row) => row[column]));

/** Multiplies the value along every axis with the axis' matrix; axes that it leaves as they are cost nothing. */
export function alongAxes(graph: OnnxGraph, value: string, shape: Shape, matrices: readonly Matrix[]): string {
  let result = value;
  let extents = [...shape];
  matrices.forEach((matrix, axis) => {
    const repeats = sumsOf(matrix);
    if (repeats === 1) return;
    const rows = [sizeOf(extents.slice(0, axis)), extents[axis], sizeOf(extents.slice(axis + 1))];
    if (repeats) {
      extents = extents.map((extent, i) => (i === axis ? matrix.length : extent));
      const asSums = graph.node("Reshape", [result, graph.integers([rows[0], matrix.length, repeats, rows[2]])]);
      const sums = graph.node("ReduceSum", [asSums, graph.integers([2])]);
      result = graph.node("Reshape", [sums, graph.integers(extents)]);
      return;
    }
    const coefficients = graph.floats(Float32Array.from(matrix.flat()), [matrix.length, matrix[0].length]);
    const asRows = graph.node("Reshape", [result, graph.integers(rows)]);
    extents = extents.map((extent, i) => (i === axis ? matrix.length : extent));
    result = graph.node("Reshape", [graph.node("MatMul", [coefficients, asRows]), graph.integers(extents)]);
  });
  return result;
}

/** How many neighbours each result is the sum of, as where pixels were repeated; 1 where the matrix changes nothing. Sums need no product with it. */
function sumsOf(matrix: Matrix): number | undefined {
  const count = matrix[0].length / matrix.length;
  const isSum = matrix.every((row, i) =>
    row.every((coefficient, k) => coefficient === Number(Math.floor(k / count) === i)),
  );
  return Number.isInteger(count) && isSum ? count : undefined;
}
