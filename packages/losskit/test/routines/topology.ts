// The topology of a small mask, counted from its definition: what thinning must keep.

import { components } from "../../src/routines/components.js";
import { coordinates, product } from "./grids.js";

/** Objects joined by corners, pieces of the outside joined by faces, and the Euler number: objects - tunnels + cavities. */
export function topology(mask: ArrayLike<number>, space: readonly number[]) {
  const framed = space.map((extent) => extent + 2);
  const strides = framed.map((_, axis) => product(framed.slice(axis + 1)));
  const inside = new Float64Array(product(framed));
  const corners = new Set<string>();
  coordinates(space).forEach((point, i) => {
    if (!(mask[i] > 0.5)) return;
    inside[point.reduce((at, x, axis) => at + (x + 1) * strides[axis], 0)] = 1;
    // The vertices, edges, faces and the body of the voxel, each named by its centre in half voxels.
    for (const offset of coordinates(space.map(() => 3))) {
      corners.add(String(point.map((x, axis) => 2 * x + offset[axis])));
    }
  });
  let euler = 0;
  for (const cell of corners) {
    // Centres of voxels have odd coordinates, so the dimension of a cell is the number of its odd ones.
    const dimension = cell.split(",").filter((x) => Number(x) % 2 === 1).length;
    euler += dimension % 2 === 0 ? 1 : -1;
  }
  const outside = inside.map((value) => 1 - value);
  return {
    objects: components(inside, framed).reduce((a, b) => Math.max(a, b), 0),
    outside: components(outside, framed, "faces").reduce((a, b) => Math.max(a, b), 0),
    euler,
  };
}

/** Whether the middle of a 3 × 3 × 3 block is simple, and how many neighbours it has, counted on the block. */
export function middleOf(block: ArrayLike<number>) {
  const around = Float64Array.from(block, (value, i) => (i === 13 ? 0 : value));
  const steps = coordinates([3, 3, 3]).map((point) => point.reduce((sum, x) => sum + Math.abs(x - 1), 0));
  const pieces = components(around, [3, 3, 3]).reduce((a, b) => Math.max(a, b), 0);
  const outside = Float64Array.from(block, (value, i) => (i !== 13 && steps[i] <= 2 && !value ? 1 : 0));
  const numbers = components(outside, [3, 3, 3], "faces");
  const facing = new Set([...numbers].filter((number, i) => number > 0 && steps[i] === 1));
  return { simple: pieces === 1 && facing.size === 1, neighbours: around.reduce((a, b) => a + b, 0) };
}
