// Every label against every other: the confusion matrix of two label maps, in one pass.

import { LosskitError } from "../errors.js";
import { type BytePairs, bytePairs } from "./byte-pairs.js";
import { type CountOptions, checkLabelMaps, isLabel, refuseLabel } from "./label-maps.js";

/** Most labels of a matrix: it holds their square, here 128 MiB. */
export const MAX_CLASSES = 4096;

/** Voxels by their label in the reference and in the prediction. */
export interface ConfusionMatrix {
  readonly classes: number;
  /** Voxels of label r in the reference and p in the prediction, at r × classes + p. */
  readonly cells: Float64Array;
}

/**
 * The confusion matrix of two label maps. Rows are labels of the reference, columns those of the prediction; the cells add up to
 * the voxels that count. Matrices of the parts of a data set add up: `mergeConfusionMatrices`.
 *
 * Byte arrays (Uint8Array) are the fastest; other arrays give the same.
 *
 * @param reference label of each voxel
 * @param prediction predicted label of each voxel, in the same order; what it holds where a voxel does not count is not read
 * @throws LosskitError OPTION for a number of classes that is not whole, below 1 or above 4096; ARRAY for lengths that differ; LABEL
 *   for a value that is neither a label nor, in the reference, the ignored value
 */
export function confusionMatrix(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: CountOptions,
): ConfusionMatrix {
  checkLabelMaps(reference, prediction, options);
  const { classes } = options;
  if (classes > MAX_CLASSES) {
    throw new LosskitError(
      "OPTION",
      `classes is ${classes}; a confusion matrix has at most ${MAX_CLASSES}; confusionCounts takes more`,
    );
  }
  return { classes, cells: countCells(reference, prediction, options) };
}

/** The cells of the confusion matrix of the voxels from `start` to before `end`, of label maps that have been checked. */
export function countCells(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: CountOptions,
  start = 0,
  end = reference.length,
): Float64Array {
  const pairs = options.mask ? undefined : bytePairs(reference, prediction, start, end);
  const cells = pairs && cellsOfPairs(pairs, options);
  // Where a byte is no label, the plain loop finds the voxel and says so.
  return cells ?? countCellsPlainly(reference, prediction, options, start, end);
}

/** Cells of pairs of bytes; undefined where one of them is no label. */
function cellsOfPairs({ values, counts }: BytePairs, { classes, ignore }: CountOptions): Float64Array | undefined {
  const cells = new Float64Array(classes * classes);
  for (let expected = 0, at = 0; expected < values; expected++) {
    for (let predicted = 0; predicted < values; predicted++, at++) {
      if (counts[at] === 0 || expected === ignore) continue;
      if (expected >= classes || predicted >= classes) return undefined;
      cells[expected * classes + predicted] = counts[at];
    }
  }
  return cells;
}

function countCellsPlainly(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  { classes, mask, ignore }: CountOptions,
  start: number,
  end: number,
): Float64Array {
  const cells = new Float64Array(classes * classes);
  /** NaN is equal to no label, and compares faster than undefined. */
  const ignored = ignore ?? Number.NaN;
  // Neighbours are mostly alike, and a count in a register is faster than one in memory.
  let [lastExpected, lastPredicted] = [0, 0];
  let cell = 0;
  let repeats = 0;
  for (let i = start; i < end; i++) {
    const expected = reference[i];
    if (expected === ignored || (mask && !mask[i])) continue;
    const predicted = prediction[i];
    if (expected === lastExpected && predicted === lastPredicted) {
      repeats++;
      continue;
    }
    if (!isLabel(expected, classes)) refuseLabel("reference", expected, i, classes, ignore);
    if (!isLabel(predicted, classes)) refuseLabel("prediction", predicted, i, classes);
    cells[cell] += repeats;
    cell = expected * classes + predicted;
    repeats = 1;
    lastExpected = expected;
    lastPredicted = predicted;
  }
  cells[cell] += repeats;
  return cells;
}

/**
 * The matrix of all voxels of several pairs of label maps.
 *
 * @throws LosskitError ARRAY for no matrix, or for matrices with different numbers of classes
 */
export function mergeConfusionMatrices(matrices: readonly ConfusionMatrix[]): ConfusionMatrix {
  if (matrices.length === 0) {
    throw new LosskitError("ARRAY", "there is no confusion matrix to merge; give at least one");
  }
  const { classes } = matrices[0];
  const cells = new Float64Array(classes * classes);
  for (const matrix of matrices) {
    if (matrix.classes !== classes) {
      throw new LosskitError(
        "ARRAY",
        `a confusion matrix of ${matrix.classes} classes cannot be added to one of ${classes}; count all with the same classes`,
      );
    }
    for (let at = 0; at < cells.length; at++) cells[at] += matrix.cells[at];
  }
  return { classes, cells };
}
