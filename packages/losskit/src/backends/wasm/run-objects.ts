// Sums stored maps over the voxels of each object, and writes the numbers of objects to their voxels: between two passes of kernels.

import { summandName } from "../../compiler/schedule.js";
import { LosskitError } from "../../errors.js";
import { CLASS } from "../../formula/axes.js";
import type { Node } from "../../formula/node.js";
import type { Call } from "../../formula/options.js";
import { createGroup, type GroupValue, groupIndex } from "../group-values.js";
import { views } from "./memory.js";
import type { StoredAddresses } from "./run-routine.js";

/** Numbers up to this are exact in float32, in which numberings are stored. */
const MOST_OBJECTS = 2 ** 24;

/**
 * Largest number that a numbering gives in one class of one image.
 *
 * @throws LosskitError UNSUPPORTED where float32 cannot tell the objects apart
 */
export function countObjects(numbering: Node, stored: StoredAddresses, call: Call): number {
  const start = mapOf(`stored ${numbering.id}`, stored);
  const length = call.images * (numbering.axes & CLASS ? call.classes : 1) * call.voxels;
  const { f32 } = views();
  let count = 0;
  for (let at = start; at < start + length; at++) if (f32[at] > count) count = f32[at];
  if (count >= MOST_OBJECTS) {
    throw new LosskitError(
      "UNSUPPORTED",
      `the target has ${count} objects or more, and kernels can number ${MOST_OBJECTS}; use backend "reference"`,
    );
  }
  return count;
}

/** Sums in float64, voxel after voxel: the same bits however many threads have made what is summed. */
export function sumByObject(node: Node, stored: StoredAddresses, call: Call, instances: number): GroupValue {
  const [numbering, summand] = node.args;
  const sums = createGroup(node.axes, { images: call.images, classes: call.classes, instances });
  const ids = mapOf(`stored ${numbering.id}`, stored);
  const values = mapOf(summandName(node), stored);
  const { f32 } = views();
  forEachRow(node, call, (image, c) => {
    const id = ids + rowOf(numbering, call, image, c);
    const value = values + rowOf(summand, call, image, c);
    const base = groupIndex(sums, image, c) - 1;
    for (let i = 0; i < call.voxels; i++) {
      const own = f32[id + i];
      if (own > 0) sums.data[base + own] += f32[value + i];
    }
  });
  return sums;
}

/** Writes the value of its object to each voxel, and 0 to those of none. */
export function gatherFromObjects(node: Node, values: GroupValue, stored: StoredAddresses, call: Call): void {
  const [, numbering] = node.args;
  const ids = mapOf(`stored ${numbering.id}`, stored);
  const result = mapOf(`stored ${node.id}`, stored);
  const { f32 } = views();
  forEachRow(node, call, (image, c) => {
    const id = ids + rowOf(numbering, call, image, c);
    const to = result + rowOf(node, call, image, c);
    const base = groupIndex(values, image, c) - 1;
    for (let i = 0; i < call.voxels; i++) {
      const own = f32[id + i];
      f32[to + i] = own > 0 ? values.data[base + own] : 0;
    }
  });
}

/** Index of the first float of a map. */
const mapOf = (name: string, stored: StoredAddresses): number => (stored.get(name) as number) / 4;

/** Where the voxels of a class of an image start in a map. */
const rowOf = ({ axes }: Node, { classes, voxels }: Call, image: number, c: number): number =>
  (axes & CLASS ? image * classes + c : image) * voxels;

function forEachRow({ axes }: Node, { images, classes }: Call, run: (image: number, c: number) => void): void {
  for (let image = 0; image < images; image++) for (let c = 0; c < (axes & CLASS ? classes : 1); c++) run(image, c);
}
