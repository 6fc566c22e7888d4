// The masks of a structure within its bounding box: with many labels no structure should cost a walk over the whole image.

import type { LabelPair } from "./read-pair.js";
import type { Structure } from "./structures.js";

/** Both masks of a structure on the grid of their common bounding box; 1 inside. */
export interface StructureMasks {
  readonly reference: Uint8Array;
  readonly prediction: Uint8Array;
  /** Slowest axis first; without the axes along which the image itself has one voxel. */
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
}

const LABEL_VALUES = 65_536;
/** Numbers of a box: first and last voxel along z, y, x. */
const BOX = 6;

/** Cuts structures out of a pair of label maps. */
export type MaskCutter = (structure: Structure) => StructureMasks;

/**
 * Finds the bounding boxes of all labels in one pass over both maps.
 *
 * @param ignore voxels with this value in the reference are outside of every structure
 */
export function maskCutter({ reference, prediction, shape, spacing }: LabelPair, ignore?: number): MaskCutter {
  const [depth, height, width] = [1, 1, ...shape].slice(-3) as [number, number, number];
  const boxes = new Int32Array(LABEL_VALUES * BOX);
  for (let at = 0; at < boxes.length; at += BOX) boxes.set([depth, -1, height, -1, width, -1], at);
  for (const map of [reference, prediction]) growBoxes(boxes, map, depth, height, width);
  const axes = imageAxes(shape);
  return ({ labels }) => {
    const inside = new Uint8Array(LABEL_VALUES);
    const box = [depth, -1, height, -1, width, -1];
    for (const label of labels) {
      inside[label] = 1;
      for (let side = 0; side < BOX; side++) {
        const value = boxes[label * BOX + side]!;
        box[side] = side % 2 === 0 ? Math.min(box[side]!, value) : Math.max(box[side]!, value);
      }
    }
    const [z0, z1, y0, y1, x0, x1] = box as [number, number, number, number, number, number];
    // A structure in neither map: one voxel that is outside.
    const extents = z1 < 0 ? [1, 1, 1] : [z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1];
    const [first, second] = [0, 0].map(() => new Uint8Array(extents.reduce((product, extent) => product * extent, 1)));
    for (let z = z0, to = 0; z <= z1; z++) {
      for (let y = y0; y <= y1; y++) {
        let i = (z * height + y) * width + x0;
        for (let x = x0; x <= x1; x++, i++, to++) {
          if (reference[i] === ignore) continue;
          first![to] = inside[reference[i]!]!;
          second![to] = inside[prediction[i]!]!;
        }
      }
    }
    const ofImage = extents.slice(3 - shape.length);
    return {
      reference: first!,
      prediction: second!,
      shape: axes.map((axis) => ofImage[axis]!),
      spacing: axes.map((axis) => spacing[axis]!),
    };
  };
}

/** The axes that masks keep: a single slice is an image, which has no surface above and below. */
export function imageAxes(shape: readonly number[]): number[] {
  const long = shape.flatMap((extent, axis) => (extent > 1 ? [axis] : []));
  return long.length > 0 ? long : [shape.length - 1];
}

/** Neighbours along x are mostly alike: a run of one label is one box. */
function growBoxes(boxes: Int32Array, map: LabelPair["reference"], depth: number, height: number, width: number): void {
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; ) {
        const label = map[i]!;
        const from = x;
        do {
          x++;
          i++;
        } while (x < width && map[i] === label);
        if (label === 0) continue;
        const at = label * BOX;
        if (z < boxes[at]!) boxes[at] = z;
        if (z > boxes[at + 1]!) boxes[at + 1] = z;
        if (y < boxes[at + 2]!) boxes[at + 2] = y;
        if (y > boxes[at + 3]!) boxes[at + 3] = y;
        if (from < boxes[at + 4]!) boxes[at + 4] = from;
        if (x - 1 > boxes[at + 5]!) boxes[at + 5] = x - 1;
      }
    }
  }
}
