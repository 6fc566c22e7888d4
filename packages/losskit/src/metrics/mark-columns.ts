// The points of a surface by the column, along z, that holds them: how far each column's nearest point is from a slice.

import type { Surface } from "./surface-voxels.js";

/** Columns of a grid by their place y × width + x in a slice. */
export interface MarkColumns {
  /** Voxels of a slice. */
  readonly columns: number;
  /**
   * Square of the distance along z from slice z to the nearest point in the column; Infinity where it has none. The slices asked for
   * may never go back, until `restart`.
   */
  squareTo(column: number, z: number): number;
  restart(): void;
}

/**
 * Sorts a surface's points by their column. A surface has few points in each, and a walk through the slices goes through each column
 * once: no distance is computed where none is asked for.
 *
 * @param step distance between neighbours along z
 */
export function markColumns({ positions, extents: [, height, width] }: Surface, step: number): MarkColumns {
  const columns = height * width;
  /** Where each column's points begin; one more, where the last ends. */
  const starts = new Int32Array(columns + 1);
  forEachPoint(positions, columns, (column) => starts[column + 1]++);
  for (let column = 0; column < columns; column++) starts[column + 1] += starts[column];
  /** z of the points, ascending in each column. */
  const depths = new Int32Array(positions.length);
  const current = starts.slice(0, columns);
  forEachPoint(positions, columns, (column, z) => {
    depths[current[column]++] = z;
  });
  const restart = () => current.set(starts.subarray(0, columns));
  restart();

  return {
    columns,
    restart,
    squareTo(column, z) {
      const end = starts[column + 1];
      let at = current[column];
      if (at === end) return Number.POSITIVE_INFINITY;
      // The last point up to z, or the first of all, and the next one.
      while (at + 1 < end && depths[at + 1] <= z) at++;
      current[column] = at;
      let steps = Math.abs(z - depths[at]);
      if (at + 1 < end) steps = Math.min(steps, depths[at + 1] - z);
      const distance = steps * step;
      return distance * distance;
    },
  };
}

/** Visits points in ascending order by their place in a slice and the slice. */
function forEachPoint(positions: Int32Array, columns: number, visit: (column: number, z: number) => void): void {
  for (let i = 0, z = 0, slice = 0; i < positions.length; i++) {
    for (; positions[i] >= slice + columns; z++) slice += columns;
    visit(positions[i] - slice, z);
  }
}
