// Hausdorff distance and its percentiles, in the three definitions that are in use.

import { LosskitError } from "../errors.js";
import type { EmptyMasks } from "./empty-masks.js";
import { oneOf } from "./one-of.js";
import { areaPercentile, interpolatedPercentile, largest } from "./percentiles.js";
import {
  type BorderKind,
  type DirectedDistances,
  type DistanceMetric,
  type SurfaceDistances,
  type SurfaceOptions,
  surfaceDistances,
} from "./surface-distances.js";

/**
 * Which percentile of which distances. At 100 per cent all are the same.
 * - "max-of-directed": the larger of the two directions' percentiles, each interpolated between the two nearest ranks (MONAI, Metrics
 *   Reloaded).
 * - "pooled": the percentile of the distances of both directions together, interpolated (medpy).
 * - "surface-area": the larger of the two directions' smallest distances within which the percentage of the surface's area lies; no
 *   interpolation (surface-distance).
 */
export type HausdorffDefinition = "max-of-directed" | "pooled" | "surface-area";

export type Direction = "both" | "reference-to-prediction" | "prediction-to-reference";

export interface PercentileOptions {
  /** From 0 to 100; 100, the Hausdorff distance itself, where absent. */
  readonly percentile?: number;
  /** "max-of-directed" where absent. */
  readonly definition?: HausdorffDefinition;
  /** "both" where absent. */
  readonly direction?: Direction;
}

export interface HausdorffDistance {
  /** In the units of the spacing (steps, for metrics that count them); null where a mask is empty. */
  readonly value: number | null;
  readonly percentile: number;
  readonly definition: HausdorffDefinition;
  readonly direction: Direction;
  readonly border: BorderKind;
  readonly metric: DistanceMetric;
  readonly empty: EmptyMasks;
}

/**
 * Hausdorff distance of two masks, or a percentile of it: HD95 with `{ percentile: 95 }`. Definitions and kinds of border differ by
 * several voxels on the same masks; the result names those it was computed with.
 *
 * @param reference labels of each voxel
 * @param prediction the same on the same grid
 * @param options `border`: "surfels" where absent for the definition "surface-area", else "voxels"
 * @throws LosskitError SHAPE, ARRAY, LABEL; OPTION for an option that is not allowed
 */
export function hausdorff(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: SurfaceOptions & PercentileOptions,
): HausdorffDistance {
  checkPercentileOptions(options);
  const border = options.border ?? (options.definition === "surface-area" ? "surfels" : "voxels");
  return hausdorffOf(surfaceDistances(reference, prediction, { ...options, border }), options);
}

/** `hausdorff` of distances that are there already. */
export function hausdorffOf(distances: SurfaceDistances, options: PercentileOptions = {}): HausdorffDistance {
  checkPercentileOptions(options);
  const { percentile = 100, definition = "max-of-directed", direction = "both" } = options;
  const { border, metric, empty } = distances;
  const directed = directionsOf(distances, direction);
  const value = empty === "neither" ? distanceOf(directed, percentile, definition) : null;
  return { value, percentile, definition, direction, border, metric, empty };
}

/** One direction, or both. */
function directionsOf(distances: SurfaceDistances, direction: Direction): readonly DirectedDistances[] {
  const { referenceToPrediction, predictionToReference } = distances;
  if (direction === "both") return [referenceToPrediction, predictionToReference];
  return [direction === "reference-to-prediction" ? referenceToPrediction : predictionToReference];
}

function checkPercentileOptions({
  percentile = 100,
  definition = "max-of-directed",
  direction = "both",
}: PercentileOptions): void {
  oneOf("definition", definition, ["max-of-directed", "pooled", "surface-area"]);
  oneOf("direction", direction, ["both", "reference-to-prediction", "prediction-to-reference"]);
  if (percentile >= 0 && percentile <= 100) return;
  throw new LosskitError("OPTION", `percentile is ${percentile}; it is a number from 0 to 100, such as 95`);
}

function distanceOf(
  directed: readonly DirectedDistances[],
  percentile: number,
  definition: HausdorffDefinition,
): number {
  if (percentile === 100) return Math.max(...directed.map(({ distances }) => largest(distances)));
  if (definition === "surface-area") return Math.max(...directed.map((from) => areaPercentile(from, percentile)));
  if (definition === "max-of-directed" || directed.length === 1) {
    return Math.max(...directed.map(({ distances }) => interpolatedPercentile(distances, percentile)));
  }
  const [first, second] = directed.map(({ distances }) => distances);
  const pooled = new Float64Array(first.length + second.length);
  pooled.set(first);
  pooled.set(second, first.length);
  return interpolatedPercentile(pooled, percentile);
}
