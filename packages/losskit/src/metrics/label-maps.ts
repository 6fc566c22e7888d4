// What two label maps on one grid must be, and the errors that say where they are not.

import { LosskitError } from "../errors.js";

export interface CountOptions {
  /** Number of labels, the background included: labels are 0 to classes - 1. */
  readonly classes: number;
  /** Not 0 where a voxel counts; all count where absent. */
  readonly mask?: ArrayLike<number>;
  /** Voxels with this value in the reference do not count. */
  readonly ignore?: number;
}

/** The checks of label maps that look at no voxel: options and lengths. */
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

export const isLabel = (value: number, classes: number): boolean =>
  value >= 0 && value < classes && Number.isInteger(value);

/** @throws LosskitError LABEL that names the value, its voxel and what to do */
export function refuseLabel(which: string, value: number, at: number, classes: number, ignore?: number): never {
  const allowed = `labels are whole numbers from 0 to ${classes - 1}`;
  const next =
    which === "prediction"
      ? "is the number of classes right?"
      : ignore === undefined
        ? `declare it with { ignore: ${value} } if such voxels do not count`
        : `${ignore} is ignored`;
  throw new LosskitError("LABEL", `the ${which} holds ${value} at voxel ${at}; ${allowed}; ${next}`);
}
