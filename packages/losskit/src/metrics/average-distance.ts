// Average surface distances: of one direction, of both together (ASSD), and the mean of the two (MASD).

import type { EmptyMasks } from "./empty-masks.js";
import { oneOf } from "./one-of.js";
import {
  type BorderKind,
  type DirectedDistances,
  type DistanceMetric,
  type SurfaceDistances,
  type SurfaceOptions,
  surfaceDistances,
} from "./surface-distances.js";

/**
 * Which average.
 * - "assd": of the distances of both directions together, so that the larger surface counts more (MONAI with symmetric, Metrics
 *   Reloaded's ASSD).
 * - "masd": the mean of the two directions' averages (Metrics Reloaded's MASD; medpy calls it assd).
 * - "reference-to-prediction", "prediction-to-reference": one direction (ASD; MONAI's default and medpy's asd are from the prediction
 *   to the reference; surface-distance gives both).
 */
export type AverageDefinition = "assd" | "masd" | "reference-to-prediction" | "prediction-to-reference";

export interface AverageOptions {
  /** "assd" where absent. */
  readonly definition?: AverageDefinition;
}

export interface AverageDistance {
  /** In the units of the spacing (steps, for metrics that count them); null where a mask is empty. */
  readonly value: number | null;
  readonly definition: AverageDefinition;
  readonly border: BorderKind;
  readonly metric: DistanceMetric;
  readonly empty: EmptyMasks;
}

/**
 * Average distance between the surfaces of two masks. Each piece of surface counts by its area where `border` is "surfels", else each
 * voxel counts 1.
 *
 * @param reference labels of each voxel
 * @param prediction the same on the same grid
 * @throws LosskitError SHAPE, ARRAY, LABEL; OPTION for an option that is not allowed
 */
export function averageDistance(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: SurfaceOptions & AverageOptions,
): AverageDistance {
  checkAverageOptions(options);
  return averageDistanceOf(surfaceDistances(reference, prediction, options), options);
}

/** `averageDistance` of distances that are there already. */
export function averageDistanceOf(distances: SurfaceDistances, options: AverageOptions = {}): AverageDistance {
  checkAverageOptions(options);
  const { definition = "assd" } = options;
  const { border, metric, empty } = distances;
  const value = empty === "neither" ? meanDistance(distances, definition) : null;
  return { value, definition, border, metric, empty };
}

function checkAverageOptions({ definition = "assd" }: AverageOptions): void {
  oneOf("definition", definition, ["assd", "masd", "reference-to-prediction", "prediction-to-reference"]);
}

function meanDistance(distances: SurfaceDistances, definition: AverageDefinition): number {
  const ofReference = sumOf(distances.referenceToPrediction);
  const ofPrediction = sumOf(distances.predictionToReference);
  switch (definition) {
    case "assd":
      return (ofReference.moment + ofPrediction.moment) / (ofReference.area + ofPrediction.area);
    case "masd":
      return (ofReference.moment / ofReference.area + ofPrediction.moment / ofPrediction.area) / 2;
    case "reference-to-prediction":
      return ofReference.moment / ofReference.area;
    case "prediction-to-reference":
      return ofPrediction.moment / ofPrediction.area;
  }
}

function sumOf({ distances, sizes }: DirectedDistances): { readonly moment: number; readonly area: number } {
  let moment = 0;
  let area = 0;
  for (let i = 0; i < distances.length; i++) {
    const size = sizes ? sizes[i] : 1;
    moment += distances[i] * size;
    area += size;
  }
  return { moment, area };
}
