// Scores of objects instead of voxels: detection, panoptic quality, lesion-wise sensitivity, false positives and Dice.

import { type InstanceDefinition, type InstanceMatches, type InstanceOptions, matchInstances } from "./instances.js";
import { harmonicMean, ratio, type Score } from "./overlap.js";

/** A reference object and what was predicted of it. */
export interface ObjectScore {
  readonly voxels: number;
  /** Predicted objects matched with it. */
  readonly partners: number;
  /**
   * Dice of the object with its partners taken together; 0 where it was missed. Of partners all voxels count, those in other
   * reference objects too.
   */
  readonly dice: number;
}

export interface InstanceScores {
  readonly definition: InstanceDefinition;
  readonly referenceObjects: number;
  readonly predictedObjects: number;
  /** Reference objects with a partner. */
  readonly found: number;
  /** Reference objects without one. */
  readonly missed: number;
  /** Predicted objects without a partner: false positives of this image. */
  readonly falsePositives: number;
  /** found / reference objects, the lesion-wise sensitivity; null where the reference has none. */
  readonly sensitivity: Score;
  /** Predicted objects with a partner / predicted objects; null where none was predicted. */
  readonly precision: Score;
  /** Harmonic mean of the two, 0 where only one of the maps has objects; null where neither has. */
  readonly f1: Score;
  /** Kirillov et al. 2019, of matches one to one: null under "any-overlap", and where neither map has objects. */
  readonly panopticQuality: Score;
  /** Mean IoU of the matched pairs; null where there is none, or under "any-overlap". */
  readonly segmentationQuality: Score;
  /** F1 of matches one to one; null as `panopticQuality`. */
  readonly recognitionQuality: Score;
  /** One entry for each reference object. */
  readonly objects: readonly ObjectScore[];
  /** Mean Dice of the reference objects, missed ones as 0; null where there is none. */
  readonly meanObjectDice: Score;
  /**
   * The sum of the objects' Dice over reference objects and false positives together, which count 0 (as in BraTS 2023, there with
   * dilated objects); null where there is neither.
   */
  readonly lesionWiseDice: Score;
}

/**
 * Matches the objects of two maps and scores them. All scores are in [0, 1]; which definition they follow stands in the result.
 *
 * @param reference labels of each voxel, or numbers of objects
 * @param prediction the same on the same grid
 * @throws LosskitError as `matchInstances`
 */
export function instanceScores(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: InstanceOptions,
): InstanceScores {
  return scoresOfMatches(matchInstances(reference, prediction, options));
}

/** The scores of objects that have been matched. */
export function scoresOfMatches({
  definition,
  referenceVoxels,
  predictionVoxels,
  pairs,
}: InstanceMatches): InstanceScores {
  const referenceObjects = referenceVoxels.length;
  const predictedObjects = predictionVoxels.length;
  const objects = referenceVoxels.map((voxels) => ({ voxels, partners: 0, shared: 0, predicted: 0 }));
  for (const { reference, prediction, shared } of pairs) {
    objects[reference].partners++;
    objects[reference].shared += shared;
    objects[reference].predicted += predictionVoxels[prediction];
  }
  const scored = objects.map(({ voxels, partners, shared, predicted }) => ({
    voxels,
    partners,
    dice: (2 * shared) / (voxels + predicted),
  }));
  const diceSum = scored.reduce((sum, { dice }) => sum + dice, 0);
  const found = scored.filter(({ partners }) => partners > 0).length;
  const falsePositives = predictedObjects - new Set(pairs.map(({ prediction }) => prediction)).size;
  return {
    definition,
    ...detectionScores({ referenceObjects, predictedObjects, found, falsePositives }),
    ...panopticScores(definition, pairs, referenceObjects + predictedObjects),
    objects: scored,
    meanObjectDice: ratio(diceSum, referenceObjects),
    lesionWiseDice: ratio(diceSum, referenceObjects + falsePositives),
  };
}

interface Detections {
  readonly referenceObjects: number;
  readonly predictedObjects: number;
  readonly found: number;
  readonly falsePositives: number;
}

function detectionScores(detections: Detections) {
  const { referenceObjects, predictedObjects, found, falsePositives } = detections;
  const sensitivity = ratio(found, referenceObjects);
  const precision = ratio(predictedObjects - falsePositives, predictedObjects);
  return {
    ...detections,
    missed: referenceObjects - found,
    sensitivity,
    precision,
    f1: harmonicMean(precision, sensitivity),
  };
}

/** TP + FP / 2 + FN / 2 is half the objects of both maps. */
function panopticScores(
  { matching }: InstanceDefinition,
  pairs: InstanceMatches["pairs"],
  objectsOfBoth: number,
): Pick<InstanceScores, "panopticQuality" | "segmentationQuality" | "recognitionQuality"> {
  if (matching === "any-overlap") return { panopticQuality: null, segmentationQuality: null, recognitionQuality: null };
  const iouSum = pairs.reduce((sum, { iou }) => sum + iou, 0);
  return {
    panopticQuality: ratio(2 * iouSum, objectsOfBoth),
    segmentationQuality: ratio(iouSum, pairs.length),
    recognitionQuality: ratio(2 * pairs.length, objectsOfBoth),
  };
}

export interface PooledInstanceScores extends Detections {
  readonly images: number;
  readonly missed: number;
  /** Found objects of all images over their reference objects; null where there are none. */
  readonly sensitivity: Score;
  readonly precision: Score;
  readonly f1: Score;
  /** Null where there is no image. */
  readonly falsePositivesPerImage: Score;
}

/** Detection over several images: the objects of all together, and false positives per image. */
export function poolInstanceScores(images: readonly Detections[]): PooledInstanceScores {
  const sumOf = (field: keyof Detections) => images.reduce((sum, image) => sum + image[field], 0);
  const falsePositives = sumOf("falsePositives");
  return {
    images: images.length,
    ...detectionScores({
      referenceObjects: sumOf("referenceObjects"),
      predictedObjects: sumOf("predictedObjects"),
      found: sumOf("found"),
      falsePositives,
    }),
    falsePositivesPerImage: ratio(falsePositives, images.length),
  };
}
