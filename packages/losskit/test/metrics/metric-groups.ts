// All metrics of two masks in groups, with what each may depend on: what the tests of invariances go by.

import { expect } from "vitest";
import {
  type AverageDefinition,
  averageDistanceOf,
  type BorderKind,
  boundaryIou,
  centrelineDice,
  confusionCounts,
  type HausdorffDefinition,
  hausdorffOf,
  type InstanceScores,
  instanceScores,
  type Matching,
  type OverlapScores,
  overlapScores,
  surfaceDiceOf,
  surfaceDistances,
  surfaceOverlapOf,
} from "../../src/metrics/index.js";
import type { RandomPair } from "./mask-arbitraries.js";

/** Values of several metrics by their names. */
type Values = Readonly<Record<string, number | null>>;

export interface Group {
  readonly of: (pair: RandomPair) => Values;
  /** Least and greatest value; what is not named goes from 0 to 1. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>>;
  /** Value of a mask with itself; 1 for what is not named. */
  readonly same?: Readonly<Record<string, number>>;
  /** The metric that each becomes where the masks change places; itself where it is not named, none where null. */
  readonly swapped?: Readonly<Record<string, string | null>>;
  /** Those that look at the voxels outside of both masks, and so change in a larger image. */
  readonly withBackground?: readonly string[];
  /** Power of the unit of length; 0 for what is not named. */
  readonly lengths?: Readonly<Record<string, (axes: number) => number>>;
  /** Whether mirrors and the order of axes change nothing. */
  readonly direction?: "matters";
  /** Whether a volume of one slice is taken for an image, which it is no longer with an empty slice beside it. */
  readonly slices?: "are images";
}

const anyNumber = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const fromZero = [0, Number.POSITIVE_INFINITY] as const;
const correlation = [-1, 1] as const;

const namesTo = <T>(names: readonly string[], value: T): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, value]));

export const overlap: Group = {
  of: ({ reference, prediction, spacing }) => {
    const counts = confusionCounts(reference, prediction, { classes: 2 })[1];
    return { ...overlapScores(counts, { voxelVolume: spacing.reduce((product, step) => product * step, 1) }) };
  },
  ranges: {
    ...namesTo(["informedness", "markedness", "matthewsCorrelation", "cohensKappa"], correlation),
    ...namesTo(["volumeDifference", "relativeVolumeDifference"], anyNumber),
  },
  same: namesTo(
    [
      "missRate",
      "fallOut",
      "falseDiscoveryRate",
      "falseOmissionRate",
      "prevalenceThreshold",
      "volumeDifference",
      "relativeVolumeDifference",
    ],
    0,
  ),
  swapped: {
    sensitivity: "precision",
    precision: "sensitivity",
    specificity: "negativePredictiveValue",
    negativePredictiveValue: "specificity",
    missRate: "falseDiscoveryRate",
    falseDiscoveryRate: "missRate",
    fallOut: "falseOmissionRate",
    falseOmissionRate: "fallOut",
    informedness: "markedness",
    markedness: "informedness",
    ...namesTo(
      // Beta weighs the one against the other; the rest are of one map, or have a sign, which a test below looks at.
      ["f2", "f05", "balancedAccuracy", "prevalenceThreshold", "volumeDifference", "relativeVolumeDifference"],
      null,
    ),
  } satisfies Partial<Record<keyof OverlapScores, keyof OverlapScores | null>>,
  withBackground: [
    "specificity",
    "negativePredictiveValue",
    "fallOut",
    "falseOmissionRate",
    "accuracy",
    "balancedAccuracy",
    "informedness",
    "markedness",
    "prevalenceThreshold",
    "matthewsCorrelation",
    "cohensKappa",
  ] satisfies (keyof OverlapScores)[],
  lengths: { volumeDifference: (axes) => axes },
};

export const DISTANCES = [
  "hd",
  "max-of-directed",
  "pooled",
  "surface-area",
  "assd",
  "masd",
  "reference-to-prediction",
  "prediction-to-reference",
];
/** Steps of the spacing: the tolerance must grow with the unit as everything else does. */
const TOLERANCE = 1.35;

export const surfaces = (border: BorderKind): Group => ({
  of: ({ reference, prediction, shape, spacing }) => {
    const distances = surfaceDistances(reference, prediction, { shape, spacing, border });
    const hd95 = (definition: HausdorffDefinition) => hausdorffOf(distances, { definition, percentile: 95 }).value;
    const average = (definition: AverageDefinition) => averageDistanceOf(distances, { definition }).value;
    const tolerance = TOLERANCE * spacing[0];
    const shares = surfaceOverlapOf(distances, { tolerance });
    return {
      hd: hausdorffOf(distances).value,
      "max-of-directed": hd95("max-of-directed"),
      pooled: hd95("pooled"),
      "surface-area": hd95("surface-area"),
      assd: average("assd"),
      masd: average("masd"),
      "reference-to-prediction": average("reference-to-prediction"),
      "prediction-to-reference": average("prediction-to-reference"),
      nsd: surfaceDiceOf(distances, { tolerance }).value,
      overlapOfReference: shares.reference,
      overlapOfPrediction: shares.prediction,
    };
  },
  ranges: namesTo(DISTANCES, fromZero),
  same: namesTo(DISTANCES, 0),
  swapped: {
    "reference-to-prediction": "prediction-to-reference",
    "prediction-to-reference": "reference-to-prediction",
    overlapOfReference: "overlapOfPrediction",
    overlapOfPrediction: "overlapOfReference",
  },
  lengths: namesTo(DISTANCES, () => 1),
});

export const COUNTED = ["referenceObjects", "predictedObjects", "found", "missed", "falsePositives"];

const objects = (matching: Matching): Group => ({
  of: ({ reference, prediction, shape }) => {
    const { definition, objects: each, ...scores } = instanceScores(reference, prediction, { shape, matching });
    return scores;
  },
  ranges: namesTo(COUNTED, fromZero),
  same: { missed: 0, falsePositives: 0 },
  swapped: {
    referenceObjects: "predictedObjects",
    predictedObjects: "referenceObjects",
    sensitivity: "precision",
    precision: "sensitivity",
    missed: "falsePositives",
    falsePositives: "missed",
    // Matches are one to one, or else an object may be found by several.
    ...(matching === "any-overlap" && { found: null }),
    meanObjectDice: null,
    ...(matching === "any-overlap" && { lesionWiseDice: null }),
  } satisfies Partial<Record<keyof InstanceScores, keyof InstanceScores | null>>,
});

export const GROUPS: readonly (Group & { readonly name: string })[] = [
  { name: "overlap", ...overlap },
  ...(["voxels", "surfels", "points"] as const).map((border) => ({
    name: `surfaces with a border of ${border}`,
    ...surfaces(border),
  })),
  {
    name: "boundary IoU",
    of: ({ reference, prediction, shape }) =>
      Object.fromEntries(
        [1, 2].map((distance) => [`width ${distance}`, boundaryIou(reference, prediction, { shape, distance }).value]),
      ),
  },
  {
    name: "clDice",
    of: ({ reference, prediction, shape }) => {
      const { skeleton, ...scores } = centrelineDice(reference, prediction, { shape });
      return scores;
    },
    swapped: { topologyPrecision: "topologySensitivity", topologySensitivity: "topologyPrecision" },
    // Of two voxels that could go, thinning takes the one that comes first.
    direction: "matters",
    slices: "are images",
  },
  ...(["iou-above", "any-overlap"] as const).map((matching) => ({
    name: `objects matched by ${matching}`,
    ...objects(matching),
  })),
];

/** Equal but for rounding, or both without a value. */
export function expectClose(ours: number | null, expected: number | null, what: string): void {
  if (ours === null || expected === null) expect(ours, what).toBe(expected);
  else
    expect(Math.abs(ours - expected), `${what}: ${ours} and ${expected}`).toBeLessThan(
      1e-11 * Math.max(1, Math.abs(expected)),
    );
}
