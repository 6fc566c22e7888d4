// Runs the golden surface metrics of masks through losskit/metrics, under each peer's convention, and says what differs.

import { readFileSync } from "node:fs";
import {
  averageDistanceOf,
  type DirectedDistances,
  type EmptyMasks,
  hausdorff,
  hausdorffOf,
  type PercentileOptions,
  type SurfaceDistances,
  type SurfaceOptions,
  surfaceDiceOf,
  surfaceDistances,
  surfaceOverlapOf,
} from "losskit/metrics";
import { SCHEMA } from "./cases.js";
import type { MetricComparison } from "./metrics-overlap.js";

const BOUND = 1e-9;

type Json = Readonly<Record<string, unknown>>;
type Value = number | null;

/** What a peer answers where a mask is empty and ours is null. */
type EmptyAnswers = Readonly<Record<Exclude<EmptyMasks, "neither">, number>>;

const { NaN: NOT_A_NUMBER, POSITIVE_INFINITY: INFINITE } = Number;
const answers = (both: number, reference: number, prediction: number): EmptyAnswers => ({
  both,
  reference,
  prediction,
});

/** The table of golden/README.md. */
const EMPTY = {
  surfaceDistanceReferenceToPrediction: answers(NOT_A_NUMBER, NOT_A_NUMBER, INFINITE),
  surfaceDistancePredictionToReference: answers(NOT_A_NUMBER, INFINITE, NOT_A_NUMBER),
  surfaceDistanceHausdorff: answers(INFINITE, INFINITE, INFINITE),
  // The same of its directed distances, also from an empty prediction, although there are none.
  monaiDistance: answers(NOT_A_NUMBER, INFINITE, INFINITE),
  // It interpolates between infinities.
  monaiPercentile: answers(NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER),
  points: answers(0, INFINITE, INFINITE),
  // Ours is null exactly where theirs is NaN, as nothing is divided by nothing.
  share: answers(NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER),
} as const;

/** Compares one value of a case. */
type Check = (name: string, ours: Value, theirs: unknown, empty: EmptyMasks, whereEmpty: EmptyAnswers) => void;

/**
 * Compares every surface metric of a file of golden metrics within 1e-9, relative to 1 or the value; percentiles that the cumulated
 * area meets to within rounding are left out.
 *
 * @throws Error for a file that is not of the schema
 */
export function compareSurfaceMetrics(path: string): MetricComparison {
  const file = JSON.parse(readFileSync(path, "utf8")) as Json;
  if (file.schema !== SCHEMA || !Array.isArray(file.cases)) throw new Error(`${path} is not a file of ${SCHEMA}`);
  const failures: string[] = [];
  let compared = 0;
  for (const golden of file.cases as Json[]) {
    const check: Check = (name, ours, theirs, empty, whereEmpty) => {
      compared++;
      const value = ours ?? (empty === "neither" ? undefined : whereEmpty[empty]);
      if (!agrees(value, theirs)) failures.push(`${golden.case} ${name}: theirs is ${theirs}, ours ${value}`);
    };
    compareSurfaceDistance(golden, check);
    compareMonai(golden, check);
    compareScikitImage(golden, check);
  }
  return { compared, failures };
}

function agrees(ours: number | undefined, theirs: unknown): boolean {
  const expected = typeof theirs === "string" ? Number(theirs) : theirs;
  if (ours === undefined || typeof expected !== "number") return false;
  if (!Number.isFinite(expected)) return Object.is(ours, expected);
  return Math.abs(ours - expected) <= BOUND * Math.max(1, Math.abs(expected));
}

const optionsOf = ({ shape, spacing }: Json): SurfaceOptions => ({
  shape: shape as number[],
  spacing: spacing as number[],
});

const distancesOf = (golden: Json, options: Partial<SurfaceOptions>): SurfaceDistances =>
  surfaceDistances(golden.gt as number[], golden.pred as number[], { ...optionsOf(golden), ...options });

function compareSurfaceDistance(golden: Json, check: Check): void {
  const theirs = golden.surface_distance as Json;
  const distances = distancesOf(golden, { border: "surfels" });
  const { empty } = distances;
  const { referenceToPrediction, predictionToReference } = distances;
  const average = theirs.average as Json;
  const mean = (definition: "reference-to-prediction" | "prediction-to-reference") =>
    averageDistanceOf(distances, { definition }).value;
  const at = (name: string) => `surface_distance.${name}`;
  check(
    at("average.gt_to_pred"),
    mean("reference-to-prediction"),
    average.gt_to_pred,
    empty,
    EMPTY.surfaceDistanceReferenceToPrediction,
  );
  check(
    at("average.pred_to_gt"),
    mean("prediction-to-reference"),
    average.pred_to_gt,
    empty,
    EMPTY.surfaceDistancePredictionToReference,
  );
  const ambiguous = ((theirs.robust_hausdorff_ambiguous as unknown[] | undefined) ?? []).map(Number);
  for (const [percent, value] of Object.entries(theirs.robust_hausdorff as Json)) {
    const percentile = Number(percent);
    if (ambiguous.includes(percentile)) continue;
    const ours = hausdorffOf(distances, { percentile, definition: "surface-area" }).value;
    check(at(`robust_hausdorff.${percent}`), ours, value, empty, EMPTY.surfaceDistanceHausdorff);
  }
  for (const [tolerance, value] of Object.entries(theirs.surface_dice as Json)) {
    const ours = surfaceDiceOf(distances, { tolerance: Number(tolerance) }).value;
    check(at(`surface_dice.${tolerance}`), ours, value, empty, EMPTY.share);
  }
  for (const [tolerance, value] of Object.entries(theirs.surface_overlap as Json)) {
    const ours = surfaceOverlapOf(distances, { tolerance: Number(tolerance) });
    const [reference, prediction] = value as unknown[];
    check(at(`surface_overlap.${tolerance}[0]`), ours.reference, reference, empty, EMPTY.share);
    check(at(`surface_overlap.${tolerance}[1]`), ours.prediction, prediction, empty, EMPTY.share);
  }
  comparePieces(at("gt"), referenceToPrediction, theirs.distances_gt_to_pred, theirs.surfel_areas_gt, check);
  comparePieces(at("pred"), predictionToReference, theirs.distances_pred_to_gt, theirs.surfel_areas_pred, check);
}

/** Pieces of surface as the peer lists them: sorted by distance, then by size. */
function comparePieces(name: string, ours: DirectedDistances, distances: unknown, areas: unknown, check: Check): void {
  const [theirDistances, theirAreas] = [distances as unknown[], areas as unknown[]];
  const pieces = Array.from(ours.distances, (distance, i) => [distance, ours.sizes?.[i] ?? Number.NaN]);
  // Infinities are equal, and their difference is not 0.
  pieces.sort((a, b) => (a[0] === b[0] ? 0 : a[0] - b[0]) || a[1] - b[1]);
  check(`${name}, number of pieces`, pieces.length, theirDistances.length, "neither", EMPTY.share);
  for (const [i, [distance, area]] of pieces.entries()) {
    check(`${name} distance ${i}`, distance, theirDistances[i], "neither", EMPTY.share);
    check(`${name} area ${i}`, area, theirAreas[i], "neither", EMPTY.share);
  }
}

/** MONAI's Hausdorff distances: our options, and what it answers where a mask is empty. */
const MONAI_HAUSDORFF: Readonly<
  Record<string, [options: PercentileOptions & Partial<SurfaceOptions>, whereEmpty: EmptyAnswers]>
> = {
  hausdorff: [{}, EMPTY.monaiDistance],
  hausdorff95: [{ percentile: 95 }, EMPTY.monaiPercentile],
  hausdorff50: [{ percentile: 50 }, EMPTY.monaiPercentile],
  hausdorff_directed: [{ direction: "prediction-to-reference" }, EMPTY.monaiDistance],
  hausdorff95_directed: [{ percentile: 95, direction: "prediction-to-reference" }, EMPTY.monaiPercentile],
  hausdorff_chessboard: [{ metric: "chessboard" }, EMPTY.monaiDistance],
  hausdorff_taxicab: [{ metric: "taxicab" }, EMPTY.monaiDistance],
  hausdorff_unit_spacing: [{ spacing: undefined }, EMPTY.monaiDistance],
};

function compareMonai(golden: Json, check: Check): void {
  const theirs = golden.monai as Json;
  for (const [name, [options, whereEmpty]] of Object.entries(MONAI_HAUSDORFF)) {
    const settings = { ...optionsOf(golden), ...options };
    const { value, empty } = hausdorff(golden.gt as number[], golden.pred as number[], settings);
    check(`monai.${name}`, value, theirs[name], empty, whereEmpty);
  }
  const voxels = distancesOf(golden, { border: "voxels" });
  const surfels = distancesOf(golden, { border: "surfels" });
  const { empty } = voxels;
  const directed = averageDistanceOf(voxels, { definition: "prediction-to-reference" }).value;
  check("monai.surface_distance_pred_to_gt", directed, theirs.surface_distance_pred_to_gt, empty, EMPTY.monaiDistance);
  const symmetric = averageDistanceOf(voxels).value;
  check("monai.surface_distance_symmetric", symmetric, theirs.surface_distance_symmetric, empty, EMPTY.monaiDistance);
  for (const [name, distances] of Object.entries({ surface_dice: voxels, surface_dice_subvoxel: surfels })) {
    for (const [tolerance, value] of Object.entries(theirs[name] as Json)) {
      const ours = surfaceDiceOf(distances, { tolerance: Number(tolerance) }).value;
      check(`monai.${name}.${tolerance}`, ours, value, empty, EMPTY.share);
    }
  }
}

function compareScikitImage(golden: Json, check: Check): void {
  const { shape } = optionsOf(golden);
  const { value, empty } = hausdorff(golden.gt as number[], golden.pred as number[], { shape, border: "points" });
  const theirs = (golden.skimage as Json).hausdorff_points_unit_spacing;
  check("skimage.hausdorff_points_unit_spacing", value, theirs, empty, EMPTY.points);
}
