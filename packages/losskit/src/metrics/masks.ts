// The masks of a reference and a prediction on one grid: the foreground, or one label of two label maps.

import { LosskitError } from "../errors.js";
import { createGrid } from "../routines/grid.js";

export interface MaskOptions {
  /** Extents of the 1 to 3 axes of space, slowest first. */
  readonly shape: readonly number[];
  /** The mask is where the map holds this label; where it is not 0 if absent. */
  readonly label?: number;
}

/** Two masks on one grid: 1 inside, 0 outside. */
export interface MaskPair {
  readonly reference: Uint8Array;
  readonly prediction: Uint8Array;
}

/**
 * The masks of two label maps.
 *
 * @throws LosskitError SHAPE or ARRAY for a shape that is none or does not fit; OPTION for a label that is not a whole number; LABEL for
 *   NaN in a map
 */
export function masksOf(reference: ArrayLike<number>, prediction: ArrayLike<number>, options: MaskOptions): MaskPair {
  checkMaskOptions(reference, prediction, options);
  const { label } = options;
  return { reference: maskOf("reference", reference, label), prediction: maskOf("prediction", prediction, label) };
}

/** The checks of `masksOf` that look at no voxel. */
export function checkMaskOptions(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  { shape, label }: MaskOptions,
): void {
  if (label !== undefined && !Number.isInteger(label)) {
    throw new LosskitError("OPTION", `label is ${label}; it is a whole number, the label that is scored`);
  }
  if (reference.length !== prediction.length) {
    throw new LosskitError(
      "ARRAY",
      `the prediction holds ${prediction.length} voxels and the reference ${reference.length}; give both on the same grid`,
    );
  }
  createGrid(reference.length, shape);
}

function maskOf(which: string, values: ArrayLike<number>, label: number | undefined): Uint8Array {
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) {
      throw new LosskitError("LABEL", `the ${which} holds NaN at voxel ${i}; labels are numbers, 0 for background`);
    }
    if (label === undefined ? value !== 0 : value === label) mask[i] = 1;
  }
  return mask;
}
