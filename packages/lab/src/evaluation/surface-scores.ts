// Distances between the surfaces of a structure in the two masks, by named definitions.

import {
  averageDistanceOf,
  type BorderKind,
  type HausdorffDefinition,
  hausdorffOf,
  type SurfaceDistances,
  surfaceDiceOf,
  surfaceDistances,
} from "losskit/metrics";
import { metricOf, type SurfaceMetric } from "./metric-catalogue.js";
import type { StructureMasks } from "./structure-masks.js";

export const HD_DEFINITIONS = [
  "max-of-directed",
  "pooled",
  "surface-area",
] as const satisfies readonly HausdorffDefinition[];
export const BORDERS = ["voxels", "surfels"] as const satisfies readonly BorderKind[];

/** How surface metrics are defined; the same for all cases. */
export interface SurfaceDefinitions {
  /** Of NSD, in the unit of the spacing. */
  readonly tolerance: number;
  /** Of HD95. */
  readonly hausdorff: (typeof HD_DEFINITIONS)[number];
  readonly border: (typeof BORDERS)[number];
}

export const DEFAULT_SURFACE: SurfaceDefinitions = { tolerance: 1, hausdorff: "max-of-directed", border: "voxels" };

/** The definition by areas needs pieces of surface that have one. */
export const borderFor = (hausdorff: SurfaceDefinitions["hausdorff"]): SurfaceDefinitions["border"] =>
  hausdorff === "surface-area" ? "surfels" : DEFAULT_SURFACE.border;

type Measure = (distances: SurfaceDistances, definitions: SurfaceDefinitions) => number | null;

const MEASURES: Readonly<Record<SurfaceMetric, Measure>> = {
  hd: (distances) => hausdorffOf(distances).value,
  hd95: (distances, { hausdorff }) => hausdorffOf(distances, { percentile: 95, definition: hausdorff }).value,
  asd: (distances) => averageDistanceOf(distances, { definition: "prediction-to-reference" }).value,
  assd: (distances) => averageDistanceOf(distances, { definition: "assd" }).value,
  masd: (distances) => averageDistanceOf(distances, { definition: "masd" }).value,
  nsd: (distances, { tolerance }) => surfaceDiceOf(distances, { tolerance }).value,
};

/** Surface metrics of two masks; null where a metric has no value. */
export function surfaceScores(
  { reference, prediction, shape, spacing }: StructureMasks,
  metrics: readonly SurfaceMetric[],
  definitions: SurfaceDefinitions,
): Partial<Record<SurfaceMetric, number | null>> {
  const distances = surfaceDistances(reference, prediction, { shape, spacing, border: definitions.border });
  return Object.fromEntries(metrics.map((metric) => [metric, MEASURES[metric](distances, definitions)]));
}

const HD_WORDS: Readonly<Record<HausdorffDefinition, string>> = {
  "max-of-directed": "the larger of the two directed 95th percentiles, interpolated (max-of-directed, as in MONAI)",
  pooled: "the 95th percentile of the distances of both directions together, interpolated (pooled, as in medpy)",
  "surface-area":
    "the larger of the two directed distances within which 95 % of the surface's area lies (surface-area, as in surface-distance)",
};

const BORDER_WORDS: Readonly<Record<SurfaceDefinitions["border"], string>> = {
  voxels: "the voxels of a mask that share a face with the outside (voxels)",
  surfels: "the pieces of surface half a voxel beside the centres, weighed by their area (surfels)",
};

/** What the metrics asked for mean, in words. */
export function describeSurface(
  metrics: readonly SurfaceMetric[],
  { tolerance, hausdorff, border }: SurfaceDefinitions,
  unit: string,
): string[] {
  if (metrics.length === 0) return [];
  const words: Readonly<Record<SurfaceMetric, string>> = {
    hd: "the largest distance in either direction",
    hd95: HD_WORDS[hausdorff],
    asd: "the mean distance from the prediction's surface to the reference's",
    assd: "the mean of the distances of both directions together",
    masd: "the mean of the two directions' mean distances",
    nsd: `the share of both surfaces within ${tolerance} ${unit} of the other`,
  };
  const defined = metrics.map((metric) => `${metricOf(metric).title}: ${words[metric]}.`);
  return [...defined, `Surfaces are ${BORDER_WORDS[border]}.`];
}
