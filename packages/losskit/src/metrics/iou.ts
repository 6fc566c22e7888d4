// Mean IoU of label maps as segmentation benchmarks report it: void voxels, an empty rule, and means over images.

import { LosskitError } from "../errors.js";
import { countRange } from "./confusion-counts.js";
import { checkLabelMaps } from "./label-maps.js";
import { iouScore } from "./overlap.js";

export interface IouOptions {
  /** Label of void voxels of the reference: they leave the union. A void value that is not declared is refused. */
  readonly ignore?: number;
  /** True for the mean of the IoU of each image; false (the default of `iou`) for one IoU of all voxels together. */
  readonly perImage?: boolean;
  /** How many images the arrays hold, one after the other and equally large; `perImage` needs it. */
  readonly images?: number;
  /** What a class counts that is in neither map, of an image or of all; default 1. */
  readonly empty?: number;
}

/**
 * IoU of each class, as fractions: entry k belongs to class k. Where `ignore` is itself a class, that class has no entry and
 * those after it move up by one.
 *
 * @param reference true class of each voxel, `[images, ...space]`
 * @param prediction predicted class of each voxel, in the same order; not read at void voxels
 * @param options `classes`: number of classes, background included
 * @returns one fraction in [0, 1] per class that is not ignored (or `empty`)
 * @throws LosskitError OPTION, ARRAY or LABEL, as `confusionCounts` does
 */
export function iou(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: IouOptions & { readonly classes: number },
): number[] {
  const { classes, ignore, perImage = false, images, empty = 1 } = options;
  checkLabelMaps(reference, prediction, { classes, ignore });
  if (!Number.isFinite(empty)) {
    throw new LosskitError("OPTION", `empty is ${empty}; it is the score of a class in neither map, a finite number`);
  }
  const parts = perImage ? checkedImages(images, reference.length) : 1;
  const size = reference.length / parts;
  const sums = new Float64Array(classes);
  for (let part = 0; part < parts; part++) {
    const counts = countRange(reference, prediction, { classes, ignore }, part * size, (part + 1) * size);
    counts.forEach((count, label) => {
      sums[label] += iouScore(count) ?? empty;
    });
  }
  return Array.from(sums, (sum) => sum / parts).filter((_, label) => label !== ignore);
}

/**
 * IoU of the foreground of binary masks, as a fraction.
 *
 * @param reference 0, 1 or `ignore` per voxel, `[images, ...space]`
 * @param prediction 0 or 1 per voxel, in the same order; not read at void voxels
 * @param options `perImage` is true by default where there are `images`
 * @throws LosskitError OPTION, ARRAY or LABEL, as `confusionCounts` does
 */
export function iouBinary(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: IouOptions = {},
): number {
  if (options.ignore === 1) {
    throw new LosskitError(
      "OPTION",
      "ignore is 1, the foreground itself, and leaves nothing to score; use another value",
    );
  }
  const perImage = options.perImage ?? options.images !== undefined;
  const scores = iou(reference, prediction, { ...options, perImage, classes: 2 });
  return scores[scores.length - 1];
}

function checkedImages(images: number | undefined, voxels: number): number {
  if (images === undefined) {
    throw new LosskitError("OPTION", "perImage needs images: how many images the arrays hold");
  }
  if (!Number.isInteger(images) || images < 1) {
    throw new LosskitError("OPTION", `images is ${images}; it is a whole number from 1`);
  }
  if (voxels % images !== 0) {
    throw new LosskitError(
      "ARRAY",
      `${voxels} voxels cannot be ${images} images of one size; check images or the arrays`,
    );
  }
  return images;
}
