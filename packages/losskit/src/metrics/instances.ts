// Objects of two maps matched with each other: which reference objects were found, and which predicted ones are false.

import { LosskitError } from "../errors.js";
import { type Connectivity, components } from "../routines/components.js";
import { createGrid } from "../routines/grid.js";
import { type MaskOptions, masksOf } from "./masks.js";
import { oneOf } from "./one-of.js";

/**
 * When a predicted object is a reference object found:
 *
 * - "iou-above": IoU above the threshold, which is at least 1/2, so that no object can have two partners (Kirillov et al., "Panoptic
 *   segmentation", CVPR 2019).
 * - "greedy-iou": pairs with an IoU above the threshold, the largest IoU first, each object once.
 * - "any-overlap": every pair that shares a voxel; an object may have several partners. The usual rule for lesions.
 */
export type Matching = "iou-above" | "greedy-iou" | "any-overlap";

/** Threshold of the IoU where none is given; "any-overlap" has none. */
const DEFAULT_THRESHOLD: Readonly<Record<Matching, number | undefined>> = {
  "iou-above": 0.5,
  "greedy-iou": 0,
  "any-overlap": undefined,
};

export interface InstanceOptions extends MaskOptions {
  /**
   * "components" (where absent): objects are the connected components of the masks. "labels": the maps number their objects already, 0 is
   * background, and equal numbers are one object whether connected or not.
   */
  readonly objects?: "components" | "labels";
  /** Of components: voxels that share a corner are neighbours ("full", where absent), or only those that share a face. */
  readonly connectivity?: Connectivity;
  /** "iou-above" where absent. */
  readonly matching?: Matching;
  /** IoU above which objects match, from 0 to below 1; 0.5 for "iou-above" and 0 for "greedy-iou" where absent. */
  readonly threshold?: number;
}

/** How the objects and their matches are defined: stands in every result. */
export interface InstanceDefinition {
  readonly objects: "components" | "labels";
  /** Undefined where the maps number their objects. */
  readonly connectivity: Connectivity | undefined;
  readonly matching: Matching;
  /** Undefined for "any-overlap". */
  readonly threshold: number | undefined;
}

/** Objects are named by their place in `referenceVoxels` and `predictionVoxels`. */
export interface InstancePair {
  readonly reference: number;
  readonly prediction: number;
  /** Voxels they share. */
  readonly shared: number;
  readonly iou: number;
}

export interface InstanceMatches {
  readonly definition: InstanceDefinition;
  /** Voxels of each reference object, in the order of their first voxels in the array. */
  readonly referenceVoxels: readonly number[];
  readonly predictionVoxels: readonly number[];
  readonly pairs: readonly InstancePair[];
}

/**
 * Finds the objects of both maps and matches them.
 *
 * @param reference labels of each voxel, or numbers of objects
 * @param prediction the same on the same grid
 * @throws LosskitError SHAPE, ARRAY, OPTION; LABEL for a value that is no number of an object, or NaN
 */
export function matchInstances(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: InstanceOptions,
): InstanceMatches {
  const definition = definitionOf(options);
  const numbered = objectsOf(reference, prediction, options, definition);
  const overlaps = countOverlaps(numbered.reference, numbered.prediction);
  const { referenceVoxels, predictionVoxels } = overlaps;
  const pairs = matched(overlaps.pairs, definition);
  return { definition, referenceVoxels, predictionVoxels, pairs };
}

function definitionOf({
  objects = "components",
  connectivity = "full",
  matching = "iou-above",
  threshold = DEFAULT_THRESHOLD[matching],
  label,
}: InstanceOptions): InstanceDefinition {
  oneOf("objects", objects, ["components", "labels"]);
  oneOf("connectivity", connectivity, ["full", "faces"]);
  oneOf("matching", matching, Object.keys(DEFAULT_THRESHOLD));
  if (objects === "labels" && label !== undefined) {
    throw new LosskitError("OPTION", `label is ${label}, but with objects "labels" each label is an object; omit one`);
  }
  if (matching === "any-overlap" && threshold !== undefined) {
    throw new LosskitError("OPTION", `threshold is ${threshold}, but "any-overlap" has none; use "greedy-iou"`);
  }
  const lowest = matching === "iou-above" ? 0.5 : 0;
  if (threshold !== undefined && !(threshold >= lowest && threshold < 1)) {
    throw new LosskitError(
      "OPTION",
      `threshold is ${threshold}; for "${matching}" it is an IoU from ${lowest} to below 1` +
        (matching === "iou-above" ? '; "greedy-iou" takes lower ones' : ""),
    );
  }
  return { objects, connectivity: objects === "components" ? connectivity : undefined, matching, threshold };
}

/** The number of each voxel's object, from 1 in the order of first voxels; 0 for background. */
function objectsOf(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: InstanceOptions,
  { objects, connectivity }: InstanceDefinition,
): { readonly reference: Int32Array; readonly prediction: Int32Array } {
  if (objects === "components") {
    const masks = masksOf(reference, prediction, options);
    return {
      reference: components(masks.reference, options.shape, connectivity),
      prediction: components(masks.prediction, options.shape, connectivity),
    };
  }
  createGrid(reference.length, options.shape);
  createGrid(prediction.length, options.shape);
  return { reference: numbersOf("reference", reference), prediction: numbersOf("prediction", prediction) };
}

function numbersOf(which: string, map: ArrayLike<number>): Int32Array {
  const numbers = new Int32Array(map.length);
  const numberOf = new Map<number, number>([[0, 0]]);
  let [lastValue, lastNumber] = [0, 0];
  for (let i = 0; i < map.length; i++) {
    const value = map[i];
    if (value !== lastValue) {
      if (!Number.isInteger(value) || value < 0) {
        throw new LosskitError(
          "LABEL",
          `the ${which} holds ${value} at voxel ${i}; numbers of objects are whole and from 1, 0 is background`,
        );
      }
      lastValue = value;
      lastNumber = numberOf.get(value) ?? numberOf.size;
      numberOf.set(value, lastNumber);
    }
    numbers[i] = lastNumber;
  }
  return numbers;
}

interface Overlaps {
  readonly referenceVoxels: number[];
  readonly predictionVoxels: number[];
  /** All pairs that share a voxel. */
  readonly pairs: InstancePair[];
}

function countOverlaps(reference: Int32Array, prediction: Int32Array): Overlaps {
  const referenceVoxels = voxelsOf(reference);
  const predictionVoxels = voxelsOf(prediction);
  const predicted = predictionVoxels.length;
  /** Voxels of each pair, under (reference - 1) × predicted + prediction - 1. */
  const shared = new Map<number, number>();
  for (let i = 0; i < reference.length; ) {
    // Neighbours in the array mostly belong to the same pair.
    const [r, p, start] = [reference[i], prediction[i], i];
    do i++;
    while (i < reference.length && reference[i] === r && prediction[i] === p);
    if (r === 0 || p === 0) continue;
    const key = (r - 1) * predicted + p - 1;
    shared.set(key, (shared.get(key) ?? 0) + i - start);
  }
  const pairs = Array.from(shared, ([key, count]) => {
    const [r, p] = [Math.floor(key / predicted), key % predicted];
    return {
      reference: r,
      prediction: p,
      shared: count,
      iou: count / (referenceVoxels[r] + predictionVoxels[p] - count),
    };
  });
  pairs.sort((a, b) => a.reference - b.reference || a.prediction - b.prediction);
  return { referenceVoxels, predictionVoxels, pairs };
}

function voxelsOf(numbers: Int32Array): number[] {
  const voxels: number[] = [];
  for (let i = 0; i < numbers.length; i++) if (numbers[i]) voxels[numbers[i] - 1] = (voxels[numbers[i] - 1] ?? 0) + 1;
  return voxels;
}

function matched(pairs: readonly InstancePair[], { matching, threshold = 0 }: InstanceDefinition): InstancePair[] {
  if (matching === "any-overlap") return [...pairs];
  // Above 1/2 no object has two partners, so the order changes nothing; of equal IoUs the first objects go first.
  const candidates = pairs.filter(({ iou }) => iou > threshold).sort((a, b) => b.iou - a.iou);
  const taken = { reference: new Set<number>(), prediction: new Set<number>() };
  const chosen = candidates.filter((pair) => {
    if (taken.reference.has(pair.reference) || taken.prediction.has(pair.prediction)) return false;
    taken.reference.add(pair.reference);
    taken.prediction.add(pair.prediction);
    return true;
  });
  return chosen.sort((a, b) => a.reference - b.reference);
}
