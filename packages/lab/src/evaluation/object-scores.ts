// Scores of the objects of a structure, its connected components: which were found, which are false, and how well they fit.

import {
  type InstanceDefinition,
  type InstanceScores,
  instanceScores,
  type Matching,
  matchInstances,
  type PooledInstanceScores,
  poolInstanceScores,
} from "losskit/metrics";
import { metricOf, type ObjectMetric } from "./metric-catalogue.js";
import type { DetectionCounts, MeasuredCase } from "./results.js";
import type { StructureMasks } from "./structure-masks.js";
import type { Structure } from "./structures.js";

export const MATCHINGS = ["iou-above", "greedy-iou", "any-overlap"] as const satisfies readonly Matching[];
export const CONNECTIVITIES = ["full", "faces"] as const satisfies readonly InstanceDefinition["connectivity"][];

/** How objects are found and matched; the same for all cases. */
export interface ObjectDefinition {
  readonly matching: (typeof MATCHINGS)[number];
  /** IoU above which two objects match; undefined for "any-overlap". */
  readonly threshold?: number;
  readonly connectivity: (typeof CONNECTIVITIES)[number];
}

/** The definition with the library's default in the place of what is not given. */
export function objectDefinition(given: Partial<ObjectDefinition> = {}): ObjectDefinition {
  const { matching, threshold, connectivity } = matchInstances([0], [0], { shape: [1], ...given }).definition;
  return { matching, ...(threshold !== undefined && { threshold }), connectivity: connectivity ?? "full" };
}

const MEASURES: Readonly<Record<ObjectMetric, (scores: InstanceScores) => number | null>> = {
  detectionPrecision: ({ precision }) => precision,
  detectionRecall: ({ sensitivity }) => sensitivity,
  detectionF1: ({ f1 }) => f1,
  panopticQuality: ({ panopticQuality }) => panopticQuality,
  segmentationQuality: ({ segmentationQuality }) => segmentationQuality,
  recognitionQuality: ({ recognitionQuality }) => recognitionQuality,
  lesionWiseDice: ({ lesionWiseDice }) => lesionWiseDice,
  falsePositiveObjects: ({ falsePositives }) => falsePositives,
  missedObjects: ({ missed }) => missed,
  referenceObjects: ({ referenceObjects }) => referenceObjects,
  predictedObjects: ({ predictedObjects }) => predictedObjects,
};

/** Null under "any-overlap", where an object may have several partners. */
const ONE_TO_ONE: readonly ObjectMetric[] = ["panopticQuality", "segmentationQuality", "recognitionQuality"];

/** The first of the metrics that the matching gives no value for. */
export const withoutValue = (
  metrics: readonly ObjectMetric[],
  { matching }: ObjectDefinition,
): ObjectMetric | undefined =>
  matching === "any-overlap" ? metrics.find((metric) => ONE_TO_ONE.includes(metric)) : undefined;

export interface ObjectScores {
  readonly values: Partial<Record<ObjectMetric, number | null>>;
  readonly objects: DetectionCounts;
}

/** Metrics of the objects of two masks, null where one has no value, and the counts that add up over cases. */
export function objectScores(
  { reference, prediction, shape }: StructureMasks,
  metrics: readonly ObjectMetric[],
  definition: ObjectDefinition,
): ObjectScores {
  const scores = instanceScores(reference, prediction, { shape, ...definition });
  const { referenceObjects, predictedObjects, found, falsePositives } = scores;
  return {
    values: Object.fromEntries(metrics.map((metric) => [metric, MEASURES[metric](scores)])),
    objects: { referenceObjects, predictedObjects, found, falsePositives },
  };
}

/**
 * Detection over the objects of all cases together, which a case with many objects decides more than one with few; empty masks need no policy.
 * A case without the structure has no objects. Undefined where objects were not asked for.
 */
export function pooledObjects(
  cases: readonly MeasuredCase[],
  { name }: Structure,
  metrics: readonly string[],
): PooledInstanceScores | undefined {
  if (!metrics.some((key) => Object.hasOwn(MEASURES, key))) return undefined;
  const none: DetectionCounts = { referenceObjects: 0, predictedObjects: 0, found: 0, falsePositives: 0 };
  return poolInstanceScores(
    cases.map(({ scores }) => scores.find(({ structure }) => structure === name)?.objects ?? none),
  );
}

const CONNECTIVITY_WORDS: Readonly<Record<ObjectDefinition["connectivity"], string>> = {
  full: "voxels that share a corner are neighbours (full)",
  faces: "only voxels that share a face are neighbours (faces)",
};

const MATCHING_WORDS: Readonly<Record<Matching, (threshold: number | undefined) => string>> = {
  "iou-above": (threshold) => `with an IoU above ${threshold} (iou-above, as in panoptic quality)`,
  "greedy-iou": (threshold) => `with an IoU above ${threshold}, the best pair first and each object once (greedy-iou)`,
  "any-overlap": () => "where they share a voxel, with as many partners as there are (any-overlap, usual for lesions)",
};

/** The numbers of objects say it by their names. */
const WORDS: Readonly<Partial<Record<ObjectMetric, string>>> = {
  detectionPrecision: "the share of predicted objects that match one of the reference",
  detectionRecall: "the share of the reference's objects that are matched, the lesion-wise sensitivity",
  detectionF1: "the harmonic mean of detection precision and recall",
  panopticQuality: "SQ × RQ: the IoU of the matched pairs, summed, over half the objects of both masks",
  segmentationQuality: "the mean IoU of the matched pairs, without a value where none match",
  recognitionQuality: "the matched pairs over half the objects of both masks",
  lesionWiseDice:
    "the Dice of each object of the reference with its partners, missed ones and false positives as 0, on average",
  falsePositiveObjects: "predicted objects of a case without a match; the mean is the false positives per case",
  missedObjects: "objects of the reference of a case without a match",
};

/** What the metrics asked for mean, in words. */
export function describeObjects(
  metrics: readonly ObjectMetric[],
  { matching, threshold, connectivity }: ObjectDefinition,
): string[] {
  if (metrics.length === 0) return [];
  const defined = metrics.flatMap((metric) =>
    WORDS[metric] === undefined ? [] : [`${metricOf(metric).title}: ${WORDS[metric]}.`],
  );
  return [
    ...defined,
    `Objects are the connected components of a structure; ${CONNECTIVITY_WORDS[connectivity]}. They match ${MATCHING_WORDS[matching](threshold)}.`,
  ];
}
