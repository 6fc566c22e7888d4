// Counts of right and wrong voxels per class, from two label maps in one pass.

import { type ConfusionMatrix, countCells } from "./confusion-matrix.js";
import { type CountOptions, checkLabelMaps, isLabel, refuseLabel } from "./label-maps.js";

/** Voxels of one class against all others. */
export interface ConfusionCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** With more classes than a byte has values the confusion matrix is large and mostly empty. */
const MAX_MATRIX = 256;

/**
 * Counts of every label, background included: entry k belongs to label k. The four counts of an entry add up to the voxels that count.
 *
 * @param reference label of each voxel
 * @param prediction predicted label of each voxel, in the same order; what it holds where a voxel does not count is not read
 * @throws LosskitError OPTION for a number of classes that is not whole or below 1; ARRAY for lengths that differ; LABEL for a value
 *   that is neither a label nor, in the reference, the ignored value
 */
export function confusionCounts(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: CountOptions,
): ConfusionCounts[] {
  checkLabelMaps(reference, prediction, options);
  return countRange(reference, prediction, options, 0, reference.length);
}

/** `confusionCounts` of the voxels from `start` to before `end`, of label maps that have been checked. */
export function countRange(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: CountOptions,
  start: number,
  end: number,
): ConfusionCounts[] {
  const { classes, mask, ignore } = options;
  if (classes <= MAX_MATRIX) {
    return countsOfMatrix({ classes, cells: countCells(reference, prediction, options, start, end) });
  }
  const inBoth = new Float64Array(classes);
  const inReference = new Float64Array(classes);
  const inPrediction = new Float64Array(classes);
  let voxels = 0;
  for (let i = start; i < end; i++) {
    const expected = reference[i];
    if (expected === ignore || (mask && !mask[i])) continue;
    const predicted = prediction[i];
    if (!isLabel(expected, classes)) refuseLabel("reference", expected, i, classes, ignore);
    if (!isLabel(predicted, classes)) refuseLabel("prediction", predicted, i, classes);
    inReference[expected]++;
    inPrediction[predicted]++;
    if (expected === predicted) inBoth[expected]++;
    voxels++;
  }
  return Array.from(inBoth, (both, label) => ({
    truePositives: both,
    falsePositives: inPrediction[label] - both,
    falseNegatives: inReference[label] - both,
    trueNegatives: voxels - inReference[label] - inPrediction[label] + both,
  }));
}

/** Counts of each label against all others: entry k belongs to label k. */
export function countsOfMatrix({ classes, cells }: ConfusionMatrix): ConfusionCounts[] {
  const inReference = new Float64Array(classes);
  const inPrediction = new Float64Array(classes);
  let voxels = 0;
  for (let expected = 0, at = 0; expected < classes; expected++) {
    for (let predicted = 0; predicted < classes; predicted++, at++) {
      inReference[expected] += cells[at];
      inPrediction[predicted] += cells[at];
      voxels += cells[at];
    }
  }
  return Array.from(inReference, (expected, label) => {
    const both = cells[label * (classes + 1)];
    return {
      truePositives: both,
      falsePositives: inPrediction[label] - both,
      falseNegatives: expected - both,
      trueNegatives: voxels - expected - inPrediction[label] + both,
    };
  });
}

/** The counts of several cases together, count by count; all 0 for none. */
export function mergeCounts(cases: readonly ConfusionCounts[]): ConfusionCounts {
  const total = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  for (const counts of cases) {
    total.truePositives += counts.truePositives;
    total.falsePositives += counts.falsePositives;
    total.falseNegatives += counts.falseNegatives;
    total.trueNegatives += counts.trueNegatives;
  }
  return total;
}
