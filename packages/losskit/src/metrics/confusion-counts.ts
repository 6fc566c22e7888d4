// Counts of right and wrong voxels per class, from two label maps in one pass.

import { LosskitError } from "../errors.js";

/** Voxels of one class against all others. */
export interface ConfusionCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

export interface CountOptions {
  /** Number of labels, the background included: labels are 0 to classes - 1. */
  readonly classes: number;
  /** Not 0 where a voxel counts; all count where absent. */
  readonly mask?: ArrayLike<number>;
  /** Voxels with this value in the reference do not count. */
  readonly ignore?: number;
}

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

/** The checks of `confusionCounts` that look at no voxel. */
export function checkLabelMaps(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  { classes, mask, ignore }: CountOptions,
): void {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new LosskitError("OPTION", `classes is ${classes}; it is the number of labels, a whole number from 1`);
  }
  if (ignore !== undefined && !Number.isInteger(ignore)) {
    throw new LosskitError(
      "OPTION",
      `ignore is ${ignore}; it is a whole number, the label of voxels that do not count`,
    );
  }
  if (prediction.length !== reference.length) {
    throw new LosskitError(
      "ARRAY",
      `the prediction holds ${prediction.length} voxels and the reference ${reference.length}; give both on the same grid`,
    );
  }
  if (mask && mask.length !== reference.length) {
    throw new LosskitError(
      "ARRAY",
      `the mask holds ${mask.length} voxels and the label maps ${reference.length}; give all on the same grid`,
    );
  }
}

/** `confusionCounts` of the voxels from `start` to before `end`, of label maps that have been checked. */
export function countRange(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  { classes, mask, ignore }: CountOptions,
  start: number,
  end: number,
): ConfusionCounts[] {
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

const isLabel = (value: number, classes: number) => value >= 0 && value < classes && Number.isInteger(value);

function refuseLabel(which: string, value: number, at: number, classes: number, ignore?: number): never {
  const allowed = `labels are whole numbers from 0 to ${classes - 1}`;
  const next =
    which === "prediction"
      ? "is the number of classes right?"
      : ignore === undefined
        ? `declare it with { ignore: ${value} } if such voxels do not count`
        : `${ignore} is ignored`;
  throw new LosskitError("LABEL", `the ${which} holds ${value} at voxel ${at}; ${allowed}; ${next}`);
}
