// The distances between the surfaces of two masks, in both directions: what all surface metrics are made of.

import { LosskitError } from "../errors.js";
import { createGrid } from "../routines/grid.js";
import { type CroppedMasks, croppedMasks } from "./cropped-masks.js";
import type { EmptyMasks } from "./empty-masks.js";
import type { MaskOptions } from "./masks.js";
import { nearestDistances } from "./nearest-distances.js";
import { nearestSteps } from "./nearest-steps.js";
import { oneOf } from "./one-of.js";
import { allVoxels, borderVoxels, type Surface } from "./surface-voxels.js";
import { surfels } from "./surfels.js";

/**
 * What counts as the surface of a mask:
 * - "voxels": the voxels that share a face with the outside, each counting 1 (MONAI, medpy).
 * - "surfels": the pieces of surface half a voxel beside the centres, each counting its area or length (surface-distance, MONAI's
 *   use_subvoxels).
 * - "points": all voxels of the mask, each counting 1 (scikit-image's Hausdorff distance).
 */
export type BorderKind = "voxels" | "surfels" | "points";

/**
 * How far two points are from each other: by their straight line in the units of the spacing, or in steps on the grid, whatever
 * the spacing: the largest ("chessboard") or the sum ("taxicab") of the steps along the axes.
 */
export type DistanceMetric = "euclidean" | "chessboard" | "taxicab";

export interface SurfaceOptions extends MaskOptions {
  /** Distance between neighbours along each axis, 1e-50 to 1e50; 1 where absent. */
  readonly spacing?: readonly number[];
  /** "voxels" where absent. */
  readonly border?: BorderKind;
  /** "euclidean" where absent. The other two count steps and ignore the spacing. */
  readonly metric?: DistanceMetric;
}

/** Distances from each point of one surface to the nearest of the other. */
export interface DirectedDistances {
  /** In the units of the spacing, in the order of the points in the image; Infinity where the other mask is empty. */
  readonly distances: Float64Array;
  /** Area, or length, of each piece of surface, in the units of the spacing; absent where each point counts 1. */
  readonly sizes?: Float64Array;
}

export interface SurfaceDistances {
  readonly referenceToPrediction: DirectedDistances;
  readonly predictionToReference: DirectedDistances;
  readonly border: BorderKind;
  readonly metric: DistanceMetric;
  readonly empty: EmptyMasks;
}

/** Beyond these the squares of areas leave the range of numbers. */
const [LEAST_SPACING, LARGEST_SPACING] = [1e-50, 1e50];

/**
 * All distances between the surfaces of two masks, in both directions. Compute them once where more than one metric is
 * wanted: `hausdorffOf`, `averageDistanceOf`, `surfaceDiceOf` and `surfaceOverlapOf` take them.
 *
 * @param reference labels of each voxel
 * @param prediction the same on the same grid
 * @throws LosskitError SHAPE, ARRAY, LABEL; OPTION for a label, spacing, border or metric that is not allowed
 */
export function surfaceDistances(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: SurfaceOptions,
): SurfaceDistances {
  const { shape, border = "voxels", metric = "euclidean" } = options;
  const spacing = options.spacing ?? shape.map(() => 1);
  oneOf("border", border, ["voxels", "surfels", "points"]);
  oneOf("metric", metric, ["euclidean", "chessboard", "taxicab"]);
  const masks = croppedMasks(reference, prediction, options);
  createGrid(reference.length, shape, spacing);
  if (spacing.some((step) => step < LEAST_SPACING || step > LARGEST_SPACING)) {
    throw new LosskitError(
      "OPTION",
      `spacing is [${spacing}]; each is from ${LEAST_SPACING} to ${LARGEST_SPACING}; take another unit of length`,
    );
  }
  const ofVolume = [...new Array(3 - masks.axes).fill(1), ...spacing];
  const [ofReference, ofPrediction] = [masks.reference, masks.prediction].map((mask) =>
    surfaceOf(mask, masks, border, ofVolume),
  );
  const search =
    metric === "euclidean"
      ? nearestDistances(masks.extents, ofVolume)
      : (from: Surface, to: Surface) => nearestSteps(from, to, metric === "chessboard");
  const directed = (from: Surface, to: Surface): DirectedDistances => ({
    distances: search(from, to),
    sizes: from.sizes,
  });
  return {
    referenceToPrediction: directed(ofReference, ofPrediction),
    predictionToReference: directed(ofPrediction, ofReference),
    border,
    metric,
    empty: masks.empty,
  };
}

function surfaceOf(mask: Uint8Array, { extents, axes }: CroppedMasks, border: BorderKind, spacing: number[]): Surface {
  if (border === "points" || mask.length === 0) return allVoxels(mask, extents);
  return border === "surfels" ? surfels(mask, extents, axes, spacing) : borderVoxels(mask, extents, axes);
}

/** Area, length or number of the pieces of surface that lie no farther than a distance. */
export function areaWithin({ distances, sizes }: DirectedDistances, distance: number): number {
  let area = 0;
  for (let i = 0; i < distances.length; i++) if (distances[i] <= distance) area += sizes ? sizes[i] : 1;
  return area;
}
