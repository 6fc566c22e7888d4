// Probabilities of the foreground beside what is true: checked, and only of the voxels that count.

import { LosskitError } from "../errors.js";

export interface ForegroundOptions {
  /** The foreground is where the reference holds this label; where it is not 0 if absent. */
  readonly label?: number;
  /** Not 0 where a voxel counts; all count where absent. */
  readonly mask?: ArrayLike<number>;
  /** Voxels with this value in the reference do not count. */
  readonly ignore?: number;
}

export interface ForegroundProbabilities {
  /** Probability of each voxel that counts. */
  readonly probabilities: Float64Array;
  /** 1 where the voxel is foreground, 0 elsewhere. */
  readonly foreground: Uint8Array;
}

/**
 * @throws LosskitError OPTION for a label or ignored value that is not whole, or that are one; ARRAY for lengths that differ; LABEL for
 *   NaN in the reference; PROBABILITY_RANGE for a probability outside [0, 1] where a voxel counts
 */
export function foregroundProbabilities(
  reference: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { label, mask, ignore }: ForegroundOptions,
): ForegroundProbabilities {
  checkWhole("label", label);
  checkWhole("ignore", ignore);
  if (label !== undefined && label === ignore) {
    throw new LosskitError("OPTION", `label and ignore are both ${label}, which leaves no foreground; change one`);
  }
  checkLength("probabilities", probabilities.length, reference.length);
  if (mask) checkLength("mask", mask.length, reference.length);
  const counted = new Float64Array(reference.length);
  const foreground = new Uint8Array(reference.length);
  let count = 0;
  for (let i = 0; i < reference.length; i++) {
    const expected = reference[i];
    if (expected === ignore || (mask && !mask[i])) continue;
    if (Number.isNaN(expected)) {
      throw new LosskitError("LABEL", `the reference holds NaN at voxel ${i}; labels are numbers, 0 for background`);
    }
    const probability = probabilities[i];
    if (!(probability >= 0 && probability <= 1)) refuseProbability(probability, `voxel ${i}`);
    if (label === undefined ? expected !== 0 : expected === label) foreground[count] = 1;
    counted[count++] = probability;
  }
  return { probabilities: counted.subarray(0, count), foreground: foreground.subarray(0, count) };
}

export function refuseProbability(probability: number, place: string): never {
  throw new LosskitError(
    "PROBABILITY_RANGE",
    `the probability is ${probability} at ${place}; it is from 0 to 1; apply sigmoid or softmax to logits first`,
  );
}

export function checkWhole(option: string, value: number | undefined): void {
  if (value === undefined || Number.isInteger(value)) return;
  throw new LosskitError("OPTION", `${option} is ${value}; it is a whole number, a label of the reference`);
}

export function checkLength(what: string, length: number, expected: number): void {
  if (length === expected) return;
  throw new LosskitError(
    "ARRAY",
    `there are ${length} values of ${what}, not ${expected}; give as many as the reference has voxels`,
  );
}
