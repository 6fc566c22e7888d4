// The bounding box of the mask of a label map, and the rows of the map that it cuts.

import type { Extents } from "./cropped-masks.js";
import { memberSearch } from "./member-search.js";

/** First and last voxel along each axis; `high` is -1 where nothing has been found. */
export interface Box {
  readonly low: [number, number, number];
  readonly high: [number, number, number];
}

export const emptyBox = (image: Extents): Box => ({ low: [...image], high: [-1, -1, -1] });

/** Grows the box until it holds the mask of a map. Rows are searched only where they could still make the box larger. */
export function growBox({ low, high }: Box, map: ArrayLike<number>, [, height, width]: Extents, label?: number): void {
  const search = memberSearch(map, label);
  for (let end = 0, at = search.first(0, map.length); at < map.length; at = search.first(end, map.length)) {
    const row = Math.floor(at / width);
    const [z, y] = [Math.floor(row / height), row % height];
    const start = row * width;
    end = start + width;
    const x = at - start;
    const beyond = search.first(start + Math.max(x, high[2]) + 1, end);
    const last = beyond < end ? search.last(beyond, end) - start : x;
    low[0] = Math.min(low[0], z);
    low[1] = Math.min(low[1], y);
    low[2] = Math.min(low[2], x);
    high[0] = Math.max(high[0], z);
    high[1] = Math.max(high[1], y);
    high[2] = Math.max(high[2], last);
  }
}

/** Visits the rows of a box: where each begins in the map, and its z and y in the box. */
export function forEachRow(
  { low, high }: Box,
  [, height, width]: Extents,
  visit: (start: number, z: number, y: number) => void,
): void {
  for (let z = low[0]; z <= high[0]; z++) {
    for (let y = low[1]; y <= high[1]; y++) visit((z * height + y) * width + low[2], z - low[0], y - low[1]);
  }
}
