// The exact Euclidean distance of the points of one surface to the nearest point of another on the same grid.

import type { Extents } from "./cropped-masks.js";
import { type MarkColumns, markColumns } from "./mark-columns.js";
import type { Surface } from "./surface-voxels.js";

/** Distance of each point of `from` to the nearest of `to`, in the order of `from.positions`; Infinity where `to` has no point. */
export type NearestDistances = (from: Surface, to: Surface) => Float64Array;

/**
 * The search for surfaces on one grid.
 *
 * Axis by axis, as a distance transform does, but each axis only where a distance is asked for: along z to the nearest point of a
 * column; along y, one slice at a time, by the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012, see
 * routines/distance-transform.ts); along x outwards from the point until the steps alone are farther than the nearest found. Points
 * whose nearest is close by are found before in the columns around them, and mostly leave no slice to be filled. A
 * distance is √((z² + y²) + x²) of steps times spacing, in this order, as SciPy adds it, so that the numbers are the same.
 */
export function nearestDistances(extents: Extents, spacing: readonly number[]): NearestDistances {
  const [, height, width] = extents;
  const [stepZ, stepY, stepX] = spacing;
  const near = nearColumns(stepY, stepX, height, width);
  return (from, to) => {
    const distances = new Float64Array(from.positions.length);
    if (to.positions.length === 0) return distances.fill(Number.POSITIVE_INFINITY);
    const columns = markColumns(to, stepZ);
    fillNear(distances, from, columns, near);
    columns.restart();
    fillFar(distances, from, columns, stepY, stepX);
    return distances;
  };
}

/** Columns around a point that are searched before its slice is filled: those within about 8 steps. */
const NEAR_COLUMNS = 200;

/**
 * Euclidean distances that are no farther than any column not looked at; NaN for the other points. How far a column is away bounds the
 * distance of its marks: once it is not below the nearest found, no farther column has a nearer mark.
 */
function fillNear(
  distances: Float64Array,
  { positions, extents: [, height, width] }: Surface,
  { columns, squareTo }: MarkColumns,
  { awayY, awayX, squareY, squareX, reach, beyond }: NearColumns,
): void {
  // Neighbours ask for the same columns: what was found in a slice is kept until the next.
  const found = new Float64Array(columns);
  const foundIn = new Int32Array(columns).fill(-1);
  for (let i = 0, z = 0, slice = 0; i < distances.length; i++) {
    for (; positions[i] >= slice + columns; z++) slice += columns;
    const own = positions[i] - slice;
    const y = Math.floor(own / width);
    const x = own - y * width;
    const isInside = y >= reach && y < height - reach && x >= reach && x < width - reach;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < awayY.length && squareY[k] + squareX[k] < least; k++) {
      if (!isInside) {
        const toY = y + awayY[k];
        const toX = x + awayX[k];
        if (toY < 0 || toY >= height || toX < 0 || toX >= width) continue;
      }
      const column = own + awayY[k] * width + awayX[k];
      if (foundIn[column] !== z) {
        foundIn[column] = z;
        found[column] = squareTo(column, z);
      }
      const square = found[column] + squareY[k] + squareX[k];
      if (square < least) least = square;
    }
    distances[i] = least <= beyond ? Math.sqrt(least) : Number.NaN;
  }
}

/** The nearest columns around a point, in steps and as squares of distances. */
interface NearColumns {
  readonly awayY: Int32Array;
  readonly awayX: Int32Array;
  readonly squareY: Float64Array;
  readonly squareX: Float64Array;
  /** Most steps along an axis. */
  readonly reach: number;
  /** Square of how far all other columns are at least. */
  readonly beyond: number;
}

function nearColumns(stepY: number, stepX: number, height: number, width: number): NearColumns {
  // About π r² / (y step × x step) columns lie within r; with twice the number there are enough on any grid that is not narrow.
  const radius = Math.sqrt((2 * NEAR_COLUMNS * stepY * stepX) / Math.PI);
  const farthestY = Math.min(height - 1, Math.ceil(radius / stepY));
  const farthestX = Math.min(width - 1, Math.ceil(radius / stepX));
  const columns: { readonly y: number; readonly x: number; readonly square: number }[] = [];
  for (let y = -farthestY; y <= farthestY; y++) {
    for (let x = -farthestX; x <= farthestX; x++) columns.push({ y, x, square: (y * stepY) ** 2 + (x * stepX) ** 2 });
  }
  columns.sort((a, b) => a.square - b.square);
  // What is not in the list at all is beyond the radius, or beyond the grid.
  const all = farthestY === height - 1 && farthestX === width - 1;
  const unlisted = all ? Number.POSITIVE_INFINITY : radius * radius;
  const near = columns.slice(0, NEAR_COLUMNS);
  return {
    awayY: Int32Array.from(near, ({ y }) => y),
    awayX: Int32Array.from(near, ({ x }) => x),
    squareY: Float64Array.from(near, ({ y }) => (y * stepY) ** 2),
    squareX: Float64Array.from(near, ({ x }) => (x * stepX) ** 2),
    reach: near.reduce((most, { y, x }) => Math.max(most, Math.abs(y), Math.abs(x)), 0),
    beyond: Math.min(unlisted, columns[NEAR_COLUMNS]?.square ?? Number.POSITIVE_INFINITY),
  };
}

/** The distances that are NaN, slice by slice. */
function fillFar(
  distances: Float64Array,
  { positions, extents: [, height, width] }: Surface,
  columns: MarkColumns,
  stepY: number,
  stepX: number,
): void {
  const plane = new Float64Array(height * width);
  const fillPlane = envelopesOverY(height, width, stepY);
  for (let i = 0, filled = -1; i < distances.length; i++) {
    if (!Number.isNaN(distances[i])) continue;
    const z = Math.floor(positions[i] / plane.length);
    if (z !== filled) fillPlane(columns, z, plane);
    filled = z;
    const at = positions[i] - z * plane.length;
    const x = at % width;
    distances[i] = Math.sqrt(leastSquare(plane, at, x, width - 1 - x, stepX));
  }
}

/**
 * A function that fills a plane with the least (z step × steps)² + (y step × steps)² within y and z, of slice z; Infinity where the
 * columns with the same x have no mark.
 */
function envelopesOverY(
  height: number,
  width: number,
  stepY: number,
): (columns: MarkColumns, z: number, plane: Float64Array) => void {
  const sites = new Int32Array(height);
  const heights = new Float64Array(height);
  /** From where on each site's parabola is the lowest. */
  const starts = new Float64Array(height + 1);
  const doubleSquare = 2 * stepY * stepY;
  return ({ squareTo }, z, plane) => {
    for (let x = 0; x < width; x++) {
      let last = -1;
      for (let y = 0; y < height; y++) {
        const square = squareTo(y * width + x, z);
        if (square === Number.POSITIVE_INFINITY) continue;
        let begin = Number.NEGATIVE_INFINITY;
        for (; last >= 0; last--) {
          const site = sites[last];
          begin = (y + site) / 2 + (square - heights[last]) / (doubleSquare * (y - site));
          if (begin > starts[last]) break;
        }
        last++;
        sites[last] = y;
        heights[last] = square;
        starts[last] = last === 0 ? Number.NEGATIVE_INFINITY : begin;
      }
      if (last < 0) {
        for (let at = x; at < plane.length; at += width) plane[at] = Number.POSITIVE_INFINITY;
        continue;
      }
      starts[last + 1] = Number.POSITIVE_INFINITY;
      for (let y = 0, at = x, current = 0; y < height; y++, at += width) {
        while (starts[current + 1] < y) current++;
        const alongY = (y - sites[current]) * stepY;
        plane[at] = heights[current] + alongY * alongY;
      }
    }
  };
}

/** Least square over a row of the plane, `before` points before and `after` points after the one asked for. */
function leastSquare(plane: Float64Array, at: number, before: number, after: number, step: number): number {
  let least = plane[at];
  for (let k = 1, end = Math.max(before, after); k <= end; k++) {
    const alongX = k * step;
    const square = alongX * alongX;
    if (square >= least) break;
    if (k <= before && plane[at - k] + square < least) least = plane[at - k] + square;
    if (k <= after && plane[at + k] + square < least) least = plane[at + k] + square;
  }
  return least;
}
