// Weights of classes from how often they occur: counts of a label map, and the usual ways from counts to weights.

import { LosskitError } from "../errors.js";
import { isLabels, type LabelArray, show, typeName } from "../formula/options.js";

export type ClassWeightMethod = "inverse" | "inverse-root" | "median" | "effective";

export interface ClassWeightOptions {
  /** For "effective": from 0 (all classes alike) to below 1 (nearer and nearer to "inverse"); 0.9999 where absent. */
  readonly beta?: number;
  /**
   * For "median", per class: the voxels of all images in which the class occurs, as the paper counts them. Where absent, every class is taken to
   * occur in every image.
   */
  readonly imageVoxels?: ArrayLike<number>;
}

const METHODS: readonly ClassWeightMethod[] = ["inverse", "inverse-root", "median", "effective"];

/**
 * Voxels of each class in a label map of any shape. Counts of several images add up.
 *
 * @param classes number of classes, from 2: the channels, or 2 for one channel, which tells foreground from background
 * @param options.ignore label of voxels that do not count, also where it is a class
 * @returns one count per class
 * @throws LosskitError ARRAY for labels that are no bytes or integers, PARAMETER or OPTION for a number that is not as described, LABEL for a
 * label that is neither a class nor ignored
 */
export function countClasses(
  labels: LabelArray,
  classes: number,
  { ignore }: { readonly ignore?: number } = {},
): Float64Array {
  if (!isLabels(labels)) {
    throw new LosskitError("ARRAY", `labels is a ${typeName(labels)}; give a label map (Uint8Array, Int32Array, …)`);
  }
  if (!Number.isInteger(classes) || classes < 2) {
    throw new LosskitError(
      "PARAMETER",
      `classes is ${show(classes)}; it is a whole number from 2: with one channel there are two, background and foreground`,
    );
  }
  if (ignore !== undefined && !Number.isFinite(ignore)) {
    throw new LosskitError("OPTION", `ignore is ${show(ignore)}; it is the label of voxels that do not count`);
  }
  const counts = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label === ignore) continue;
    if (label < 0 || label >= classes) {
      const declare = ignore === undefined ? `declare it with ignore: ${label}` : `ignored is ${ignore}`;
      throw new LosskitError(
        "LABEL",
        `voxel ${i} has the label ${label}; labels are 0 to ${classes - 1}: if it marks voxels that do not count, ${declare}`,
      );
    }
    counts[label]++;
  }
  return counts;
}

/**
 * One weight per class for the term option `classWeights`, larger for rarer classes. With n_c voxels of class c, N = Σ n_c and C the number
 * of classes that occur:
 *
 * - "inverse": N / (C n_c). Every class has the same sum of weights; the mean weight of a voxel is 1.
 * - "inverse-root": the square root of that, between no weights and "inverse".
 * - "median": median(f) / f_c, f_c = n_c / (voxels of the images in which c occurs), the median over the classes that occur (Eigen and Fergus,
 *   "Predicting Depth, Surface Normals and Semantic Labels", ICCV 2015). The class of median frequency has weight 1.
 * - "effective": (1 - beta) / (1 - beta^n_c), scaled to the sum C (Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR
 *   2019). A class of many more than 1 / (1 - beta) voxels counts as one of that many: the paper's 0.9999 is for images counted one by one, and with
 *   voxels by the million it gives all classes the same weight. Take 1 - beta nearer to one over the voxels of a rare class.
 *
 * A class that does not occur gets weight 0, not the infinity that the formulas give: nothing says what it is worth, and the other weights
 * would vanish beside it. It then counts in no loss; where it may occur later, give it a weight of your own.
 *
 * @param counts voxels of each class, as from `countClasses`; fractions too, except with "effective"
 * @throws LosskitError PARAMETER for counts that are negative, not finite, all 0, or too far apart for numbers to hold their quotient; OPTION for an
 * unknown method, a beta outside [0, 1) or imageVoxels that do not fit the counts
 */
export function classWeights(
  counts: ArrayLike<number>,
  method: ClassWeightMethod,
  options: ClassWeightOptions = {},
): number[] {
  const { beta = 0.9999, imageVoxels } = options;
  if (!METHODS.includes(method)) {
    throw new LosskitError("OPTION", `method is ${show(method)}; it may be ${METHODS.map(show).join(", ")}`);
  }
  if (!(beta >= 0 && beta < 1)) {
    throw new LosskitError("OPTION", `beta is ${show(beta)}; it is a number from 0 to below 1`);
  }
  const voxels = Array.from(counts);
  const wrong = voxels.findIndex((count) => !(count >= 0 && Number.isFinite(count)));
  if (wrong >= 0) {
    throw new LosskitError(
      "PARAMETER",
      `the count of class ${wrong} is ${show(voxels[wrong])}; it is finite, 0 or above`,
    );
  }
  const present = voxels.flatMap((count, c) => (count > 0 ? [c] : []));
  if (present.length === 0) {
    throw new LosskitError("PARAMETER", "no class has a voxel: count the labels of images in which something occurs");
  }
  if (imageVoxels !== undefined) checkImageVoxels(imageVoxels, voxels);

  const weightOf = weightFunction(method, voxels, present, { beta, imageVoxels });
  const weights = voxels.map((count, c) => (count > 0 ? weightOf(c) : 0));
  if (present.every((c) => weights[c] > 0 && weights[c] < Number.POSITIVE_INFINITY)) return weights;
  throw new LosskitError(
    "PARAMETER",
    `the counts are ${show(voxels)}: too far apart for their quotients to be numbers; count voxels`,
  );
}

/** The weight of a class that occurs. */
function weightFunction(
  method: ClassWeightMethod,
  counts: readonly number[],
  present: readonly number[],
  { beta, imageVoxels }: { readonly beta: number; readonly imageVoxels: ArrayLike<number> | undefined },
): (c: number) => number {
  switch (method) {
    case "inverse":
    case "inverse-root": {
      // The mean of the counts as a sum of shares, which stays finite where the sum would not.
      const mean = present.reduce((sum, c) => sum + counts[c] / present.length, 0);
      return method === "inverse" ? (c) => mean / counts[c] : (c) => Math.sqrt(mean / counts[c]);
    }
    case "median": {
      const frequency = (c: number) => (imageVoxels ? counts[c] / imageVoxels[c] : counts[c]);
      const middle = median(present.map(frequency));
      return (c) => middle / frequency(c);
    }
    case "effective": {
      const few = present.find((c) => counts[c] < 1);
      if (few !== undefined) {
        throw new LosskitError(
          "PARAMETER",
          `the count of class ${few} is ${counts[few]}; "effective" needs numbers of voxels, not shares of them`,
        );
      }
      // 1 - beta^n as -(e^(n ln beta) - 1), which keeps its digits where beta^n is near 1; 1 - beta is the same for all and goes with the scale.
      const rate = Math.log(beta);
      const inverses = new Map(present.map((c) => [c, -1 / Math.expm1(counts[c] * rate)]));
      const sum = [...inverses.values()].reduce((total, inverse) => total + inverse, 0);
      return (c) => ((inverses.get(c) as number) * present.length) / sum;
    }
  }
}

/** The middle one of some numbers, the mean of the middle two where their number is even. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : sorted[half - 1] / 2 + sorted[half] / 2;
}

function checkImageVoxels(imageVoxels: ArrayLike<number>, counts: readonly number[]): void {
  const totals = Array.from(imageVoxels);
  if (totals.length !== counts.length) {
    throw new LosskitError("OPTION", `imageVoxels has ${totals.length} numbers; there are ${counts.length} classes`);
  }
  const wrong = totals.findIndex((total, c) => !(total >= counts[c] && Number.isFinite(total)));
  if (wrong < 0) return;
  throw new LosskitError(
    "OPTION",
    `imageVoxels of class ${wrong} is ${show(totals[wrong])}; the images that hold the ${counts[wrong]} voxels of that class have as many or more`,
  );
}
