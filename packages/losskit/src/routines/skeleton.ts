// The skeleton of a mask: thinned to lines a voxel wide that hold together as the mask does.

import { asVolume, createGrid, inMask } from "./grid.js";
import { createNeighbourhood, isEnd, isSimple } from "./simple-voxels.js";

const IN_MASK = 1;
/** Waits to be looked at. */
const WAITING = 2;

/**
 * 1 on the voxels of a skeleton of the mask, 0 elsewhere. The skeleton lies inside the mask and has its topology: as many objects (joined
 * by corners too), cavities and, in 3D, tunnels. It ends where lines end, so long shapes become lines; a disc or a ball becomes
 * a few voxels, a plate a tree of lines.
 *
 * Thinning by directions: from each side in turn, the voxels that border on the outside there, are simple and end no line are listed, and
 * then removed in the order of their index, each if it is still simple (Lee, Kashyap and Chu, "Building skeleton models via 3-D
 * medial surface/axis thinning algorithms", CVGIP 1994, whose ends of lines these are). It stops when no such voxel is left.
 * Beyond the edge of the grid everything is outside.
 *
 * A voxel's fate depends on its neighbours only, so after the first look it is looked at again only when one of them has gone: the
 * time grows with the voxels of the mask, not with them times the thickness.
 *
 * @param mask one value per voxel; above 0.5 belongs to the mask
 * @param space extents of 1 to 3 axes, slowest first
 */
export function skeleton(mask: ArrayLike<number>, space: readonly number[]): Float64Array {
  createGrid(mask.length, space);
  const [depth, height, width] = asVolume(space);
  // A frame of outside voxels spares asking for the edge.
  const [rowStep, sliceStep] = [width + 2, (width + 2) * (height + 2)];
  const inner = (z: number, y: number) => (z + 1) * sliceStep + (y + 1) * rowStep + 1;
  const state = new Uint8Array((depth + 2) * sliceStep);
  let waiting: number[] = [];
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0, to = inner(z, y); x < width; x++, at++, to++) if (inMask(mask[at])) state[to] = IN_MASK;
    }
  }

  const neighbourhood = createNeighbourhood(rowStep, sliceStep);
  const patternAt = (at: number) => {
    let pattern = 0;
    for (let i = 0; i < 27; i++) if (state[at + neighbourhood[i]] & IN_MASK) pattern |= 1 << i;
    return pattern;
  };
  const sides = [
    ...(depth > 1 ? [-sliceStep, sliceStep] : []),
    ...(height > 1 ? [-rowStep, rowStep] : []),
    ...(width > 1 ? [-1, 1] : []),
  ];
  // Without a neighbour outside a voxel is not simple.
  for (let at = 0; at < state.length; at++) {
    if (state[at] === IN_MASK && sides.some((side) => state[at + side] === 0)) {
      state[at] |= WAITING;
      waiting.push(at);
    }
  }

  const remove = (at: number) => {
    state[at] = 0;
    for (const step of neighbourhood) {
      if (state[at + step] !== IN_MASK) continue;
      state[at + step] |= WAITING;
      waiting.push(at + step);
    }
  };

  while (waiting.length > 0) {
    for (const side of sides) {
      const listed: number[] = [];
      const kept: number[] = [];
      for (const at of waiting) {
        if (!(state[at] & IN_MASK)) continue;
        const pattern = patternAt(at);
        if (isEnd(pattern) || !isSimple(pattern)) state[at] = IN_MASK;
        else if (state[at + side] & IN_MASK) kept.push(at);
        else listed.push(at);
      }
      waiting = kept;
      for (const at of Int32Array.from(listed).sort()) {
        // Ends are not asked for again: where the rows beside a bump go first, it would be left as the end of a spur.
        if (isSimple(patternAt(at))) remove(at);
        else waiting.push(at);
      }
    }
  }

  const result = new Float64Array(mask.length);
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0, from = inner(z, y); x < width; x++, at++, from++) result[at] = state[from] & IN_MASK;
    }
  }
  return result;
}
