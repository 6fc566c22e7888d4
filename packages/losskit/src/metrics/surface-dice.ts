// Surface Dice (normalised surface distance, NSD) and surface overlap: how much of the surfaces lies within a tolerance of each other.

import { LosskitError } from "../errors.js";
import type { EmptyMasks } from "./empty-masks.js";
import { ratio, type Score } from "./overlap.js";
import {
  areaWithin,
  type BorderKind,
  type DirectedDistances,
  type DistanceMetric,
  type SurfaceDistances,
  type SurfaceOptions,
  surfaceDistances,
} from "./surface-distances.js";

export interface ToleranceOptions {
  /** The largest distance that counts as agreement, in the units of the spacing; finite, from 0. */
  readonly tolerance: number;
}

export interface SurfaceDice {
  /** Share of both surfaces that is within the tolerance of the other, in [0, 1]; 0 where one mask is empty, null where both are. */
  readonly value: Score;
  readonly tolerance: number;
  readonly border: BorderKind;
  readonly metric: DistanceMetric;
  readonly empty: EmptyMasks;
}

export interface SurfaceOverlap {
  /** Share of the reference's surface within the tolerance of the prediction's; null where the reference is empty. */
  readonly reference: Score;
  /** Share of the prediction's surface within the tolerance of the reference's; null where the prediction is empty. */
  readonly prediction: Score;
  readonly tolerance: number;
  readonly border: BorderKind;
  readonly metric: DistanceMetric;
  readonly empty: EmptyMasks;
}

/**
 * Surface Dice at a tolerance (Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for radiotherapy", JMIR
 * 2021). With `border` "surfels" each piece of surface counts by its area, as in the paper; with "voxels", where absent, each border
 * voxel counts 1, as in MONAI.
 *
 * Distances are compared with the tolerance as they are: three steps of 0.1 are 0.30000000000000004, which is beyond 0.3. Give a
 * tolerance a little above the multiple of the spacing that you mean.
 *
 * @param reference labels of each voxel
 * @param prediction the same on the same grid
 * @throws LosskitError SHAPE, ARRAY, LABEL; OPTION for an option that is not allowed
 */
export function surfaceDice(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: SurfaceOptions & ToleranceOptions,
): SurfaceDice {
  checkTolerance(options);
  return surfaceDiceOf(surfaceDistances(reference, prediction, options), options);
}

/** `surfaceDice` of distances that are there already. */
export function surfaceDiceOf(distances: SurfaceDistances, options: ToleranceOptions): SurfaceDice {
  const { reference, prediction, ...definition } = areasOf(distances, options);
  return { value: ratio(reference.within + prediction.within, reference.all + prediction.all), ...definition };
}

/**
 * Surface overlap at a tolerance: the two shares of which surface Dice is the mean, weighed by the surfaces. The reference's is a recall of
 * the surface, the prediction's a precision.
 *
 * @throws LosskitError as `surfaceDice` does
 */
export function surfaceOverlap(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: SurfaceOptions & ToleranceOptions,
): SurfaceOverlap {
  checkTolerance(options);
  return surfaceOverlapOf(surfaceDistances(reference, prediction, options), options);
}

/** `surfaceOverlap` of distances that are there already. */
export function surfaceOverlapOf(distances: SurfaceDistances, options: ToleranceOptions): SurfaceOverlap {
  const { reference, prediction, ...definition } = areasOf(distances, options);
  return {
    reference: ratio(reference.within, reference.all),
    prediction: ratio(prediction.within, prediction.all),
    ...definition,
  };
}

function checkTolerance({ tolerance }: ToleranceOptions): void {
  if (Number.isFinite(tolerance) && tolerance >= 0) return;
  throw new LosskitError(
    "OPTION",
    `tolerance is ${tolerance}; it is a finite number from 0, in the units of the spacing`,
  );
}

function areasOf(distances: SurfaceDistances, options: ToleranceOptions) {
  checkTolerance(options);
  const { tolerance } = options;
  const { border, metric, empty } = distances;
  const areas = (from: DirectedDistances) => ({
    within: areaWithin(from, tolerance),
    all: areaWithin(from, Number.POSITIVE_INFINITY),
  });
  return {
    reference: areas(distances.referenceToPrediction),
    prediction: areas(distances.predictionToReference),
    tolerance,
    border,
    metric,
    empty,
  };
}
