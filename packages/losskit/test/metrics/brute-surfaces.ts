// Surfaces of small masks by their definitions, point by point: what surface metrics are held to.

import type { BorderKind, DistanceMetric } from "../../src/metrics/index.js";
import { surfelSizes } from "../../src/metrics/surfel-sizes.js";
import { indicesOf, valueAt } from "./mask-arbitraries.js";

/** Points of a surface by their definition, in steps along each axis; in the order of the library's. */
export function brutePoints(mask: Uint8Array, shape: readonly number[], border: BorderKind): number[][] {
  const inside = (indices: number[]) => valueAt(mask, indices, shape) === 1;
  if (border === "surfels") {
    const corners = shape.map((extent) => extent + 1);
    const all = Array.from({ length: corners.reduce((a, b) => a * b, 1) }, (_, at) => indicesOf(at, corners));
    return all.filter((corner) => {
      const around = Array.from({ length: 2 ** shape.length }, (_, k) =>
        inside(corner.map((index, axis) => index - ((k >> axis) & 1))),
      );
      return around.includes(true) && around.includes(false);
    });
  }
  return Array.from(mask, (_, at) => indicesOf(at, shape)).filter((indices) => {
    if (!inside(indices)) return false;
    const moved = (axis: number, step: number) => indices.map((index, i) => (i === axis ? index + step : index));
    return border === "points" || shape.some((_, axis) => !inside(moved(axis, -1)) || !inside(moved(axis, 1)));
  });
}

/** Of each point the distance to the nearest of the others. */
export function bruteDistances(
  from: number[][],
  to: number[][],
  spacing: readonly number[],
  metric: DistanceMetric,
): number[] {
  const between = (a: number[], b: number[]) => {
    const steps = a.map((index, axis) => Math.abs(index - b[axis]));
    if (metric === "chessboard") return Math.max(...steps);
    if (metric === "taxicab") return steps.reduce((sum, step) => sum + step, 0);
    return Math.hypot(...steps.map((step, axis) => step * spacing[axis]));
  };
  return from.map((a) => Math.min(...to.map((b) => between(a, b))));
}

/** Area, length or number of the piece of surface at each surfel. */
export function bruteSizes(mask: Uint8Array, shape: readonly number[], spacing: readonly number[]): number[] {
  const areas = shape.length === 3 ? surfelSizes(3, spacing) : undefined;
  return brutePoints(mask, shape, "surfels").map((corner) => {
    // Bit k: the neighbour that is beyond the corner along the axes whose bit is set in k.
    const inside = Array.from({ length: 2 ** shape.length }, (_, k) =>
      valueAt(
        mask,
        corner.map((index, axis) => index - 1 + ((k >> axis) & 1)),
        shape,
      ),
    );
    // The areas of volumes are held to those of surface-distance in all 256 codes by a test of their own.
    if (areas) return areas[inside.reduce((code, value, k) => code | (value << k), 0)];
    if (shape.length === 1) return 1;
    const [rowStep, columnStep] = spacing;
    const count = inside.reduce((sum, value) => sum + value, 0);
    const cut = Math.hypot(rowStep, columnStep) / 2;
    if (count !== 2) return cut;
    // Two inside: one above the other, one beside the other, or at opposite corners, both of which are cut off.
    if (inside[0] === inside[1]) return rowStep;
    return inside[0] === inside[2] ? columnStep : 2 * cut;
  });
}
