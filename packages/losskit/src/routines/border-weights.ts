// Weights of the gaps between touching objects: the border weight map of the U-Net.

import { LosskitError } from "../errors.js";
import type { LabelArray } from "../formula/options.js";
import { components } from "./components.js";
import { distancesTo } from "./distance-transform.js";
import { createGrid, type Grid } from "./grid.js";

export interface BorderWeightOptions {
  /** Extents of 1 to 3 axes of space, slowest first. */
  readonly shape: readonly number[];
  /** Distance between neighbours along each axis; 1 where absent. */
  readonly spacing?: readonly number[];
  /** Weight added at most, in a gap of no width; not negative; 10 where absent. */
  readonly w0?: number;
  /** How wide a gap may be to count, above 0, in the units of the spacing; 5 where absent. */
  readonly sigma?: number;
  /** Weight of every voxel before the border's is added, w_c, not negative; 1 where absent. */
  readonly classBalance?: number;
  /**
   * What an object is: "labels", all voxels of one positive label (where absent), or "components", each connected component of the voxels
   * with a positive label (joined by corners too).
   */
  readonly objects?: "labels" | "components";
}

/**
 * Voxel weights that make a network learn the narrow gaps between objects (Ronneberger, Fischer and Brox, "U-Net", MICCAI 2015):
 *
 *     w(x) = w_c + w_0 exp(-(d1(x) + d2(x))² / (2 sigma²))   outside the objects, w_c on them,
 *
 * d1 and d2 being the distances from x to the nearest and the second nearest object, centre of voxel to centre of voxel. With fewer than two
 * objects there is no gap: w_c everywhere. The paper's w_c balances the classes; give it as `classBalance` where it is one number,
 * and otherwise add it to a map with classBalance 0.
 *
 * Each object's distances are computed in a box around it only, as large as its weight can be seen in float32, and two
 * distances per voxel are kept: time grows with the objects and the size of their boxes, memory with the voxels.
 *
 * @param labels one per voxel, row-major; 0 is outside
 * @returns one weight per voxel, for the call option `weights`
 * @throws LosskitError SHAPE, ARRAY, OPTION for a shape, an array or options that are not as described; LABEL for a negative label
 */
export function borderWeights(labels: LabelArray, options: BorderWeightOptions): Float32Array {
  const { shape, spacing = shape.map(() => 1), w0 = 10, sigma = 5, classBalance = 1, objects = "labels" } = options;
  const grid = createGrid(labels.length, shape, spacing);
  checkNumber("w0", w0, w0 >= 0, "0 or above");
  checkNumber("sigma", sigma, sigma > 0, "above 0");
  checkNumber("classBalance", classBalance, classBalance >= 0, "0 or above");
  if (objects !== "labels" && objects !== "components") {
    throw new LosskitError("OPTION", `objects is ${String(objects)}; it is "labels" or "components"`);
  }
  for (let i = 0; i < labels.length; i++) {
    if (!(labels[i] >= 0)) {
      throw new LosskitError(
        "LABEL",
        `voxel ${i} has the label ${labels[i]}; a label is 0 (outside) or a positive number`,
      );
    }
  }
  const numbers = objects === "labels" ? labels : components(labels, shape);
  const weights = new Float32Array(labels.length).fill(classBalance);
  const reach = visibleDistance(w0, sigma, classBalance);
  const step = Math.min(...spacing);
  // Both distances of a voxel outside are one step at the least.
  if (reach < 2 * step) return weights;
  const nearest = new Float64Array(labels.length).fill(Number.POSITIVE_INFINITY);
  const second = nearest.slice();
  const margins = spacing.map((own) => Math.floor((reach - step) / own));
  for (const [number, box] of boundingBoxes(numbers, grid)) {
    measureObject(number, numbers, grid, enlarged(box, margins, grid), nearest, second);
  }
  for (let i = 0; i < weights.length; i++) {
    const gap = nearest[i] + second[i];
    if (numbers[i] === 0 && gap <= reach) weights[i] = classBalance + w0 * Math.exp(-(gap * gap) / (2 * sigma * sigma));
  }
  return weights;
}

function checkNumber(name: string, value: number, fine: boolean, allowed: string): void {
  if (fine && Number.isFinite(value)) return;
  throw new LosskitError("OPTION", `${name} is ${value}; it is a finite number, ${allowed}`);
}

/**
 * The gap d1 + d2 from which on w_0 exp(-gap² / (2 sigma²)) is too small to be seen in float32: below half of the last place of w_c, which is
 * at least 2^-25 of it, or with w_c = 0 below half of the smallest number, 2^-150. Solved for the gap: sigma sqrt(2 ln(w_0 / that)).
 */
function visibleDistance(w0: number, sigma: number, classBalance: number): number {
  const smallest = Math.max(classBalance * 2 ** -25, 2 ** -150);
  return w0 > smallest ? sigma * Math.sqrt(2 * Math.log(w0 / smallest)) : 0;
}

/** First and last coordinate along each axis. */
interface Box {
  readonly first: number[];
  readonly last: number[];
}

/** Smallest box around each object. */
function boundingBoxes(numbers: ArrayLike<number>, { space, strides }: Grid): Map<number, Box> {
  const boxes = new Map<number, Box>();
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i];
    if (number === 0) continue;
    let box = boxes.get(number);
    if (box === undefined) {
      box = { first: [...space], last: space.map(() => 0) };
      boxes.set(number, box);
    }
    for (let axis = 0; axis < space.length; axis++) {
      const at = Math.floor(i / strides[axis]) % space[axis];
      if (at < box.first[axis]) box.first[axis] = at;
      if (at > box.last[axis]) box.last[axis] = at;
    }
  }
  return boxes;
}

const enlarged = ({ first, last }: Box, margins: readonly number[], { space }: Grid): Box => ({
  first: first.map((at, axis) => Math.max(0, at - margins[axis])),
  last: last.map((at, axis) => Math.min(space[axis] - 1, at + margins[axis])),
});

/** Puts the distances to one object, within a box, among the two smallest of each voxel. */
function measureObject(
  number: number,
  numbers: ArrayLike<number>,
  { strides, spacing }: Grid,
  { first, last }: Box,
  nearest: Float64Array,
  second: Float64Array,
): void {
  const extents = first.map((at, axis) => last[axis] - at + 1);
  const width = extents[extents.length - 1];
  /** Where the box's rows, its voxels along the last axis, start in the image. */
  const rows = extents
    .slice(0, -1)
    .reduce<number[]>(
      (starts, extent, axis) =>
        starts.flatMap((start) => Array.from({ length: extent }, (_, i) => start + (first[axis] + i) * strides[axis])),
      [first[first.length - 1]],
    );
  const mask = new Uint8Array(rows.length * width);
  rows.forEach((start, row) => {
    for (let x = 0; x < width; x++) if (numbers[start + x] === number) mask[row * width + x] = 1;
  });
  const distances = distancesTo(mask, extents, spacing);
  rows.forEach((start, row) => {
    for (let x = 0; x < width; x++) {
      const distance = distances[row * width + x];
      const at = start + x;
      if (distance < nearest[at]) {
        second[at] = nearest[at];
        nearest[at] = distance;
      } else if (distance < second[at]) second[at] = distance;
    }
  });
}
