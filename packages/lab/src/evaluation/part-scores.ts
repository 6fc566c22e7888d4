// Overlap of parts of a structure: of what lies near its contour, and of its centreline.

import { boundaryIou, boundaryWidth, centrelineDice } from "losskit/metrics";
import { metricOf, type PartMetric } from "./metric-catalogue.js";
import { imageAxes, type StructureMasks } from "./structure-masks.js";

/** Width of the part that boundary IoU looks at: voxels, or a share of the image's diagonal. */
export type BoundaryWidth = { readonly distance: number } | { readonly share: number };

/** The authors'. */
export const DEFAULT_BOUNDARY: BoundaryWidth = { share: 0.02 };

/**
 * Boundary IoU and clDice of two masks; null where a metric has no value.
 *
 * @param image shape of the whole image, whose diagonal the width may be a share of
 */
export function partScores(
  { reference, prediction, shape }: StructureMasks,
  metrics: readonly PartMetric[],
  width: BoundaryWidth,
  image: readonly number[],
): Partial<Record<PartMetric, number | null>> {
  const distance = boundaryWidth(
    imageAxes(image).map((axis) => image[axis]!),
    width,
  );
  const measures: Readonly<Record<PartMetric, () => number | null>> = {
    boundaryIou: () => boundaryIou(reference, prediction, { shape, distance }).value,
    clDice: () => {
      const thick = shape.map((extent) => Math.max(2, extent));
      return centrelineDice(thickened(reference, shape), thickened(prediction, shape), { shape: thick }).value;
    },
  };
  return Object.fromEntries(metrics.map((metric) => [metric, measures[metric]()]));
}

/**
 * With an empty slice beside the one of each axis that has one: thinning takes a volume of one slice for an image, and a box around a structure in one
 * slice of a volume is none.
 */
function thickened(mask: Uint8Array, shape: readonly number[]): Uint8Array {
  let values = mask;
  let block = 1;
  for (const extent of [...shape].reverse()) {
    if (extent === 1) {
      const wide = new Uint8Array(2 * values.length);
      for (let at = 0; at < values.length; at += block) wide.set(values.subarray(at, at + block), 2 * at);
      values = wide;
    }
    block *= Math.max(2, extent);
  }
  return values;
}

/** What the metrics asked for mean, in words. */
export function describeParts(metrics: readonly PartMetric[], width: BoundaryWidth): string[] {
  const words: Readonly<Record<PartMetric, string>> = {
    boundaryIou: `the IoU of the voxels at most ${widthWords(width)} from the outside of each mask, diagonal steps included`,
    clDice: "the harmonic mean of the shares of both skeletons inside the other mask; skeletons by thinning (Lee 1994)",
  };
  return metrics.map((metric) => `${metricOf(metric).title}: ${words[metric]}.`);
}

function widthWords(width: BoundaryWidth): string {
  if ("distance" in width) return `${width.distance} ${width.distance === 1 ? "voxel" : "voxels"}`;
  // 100 x 0.07 is not quite 7.
  const percent = Number((100 * width.share).toPrecision(12));
  return `${percent} % of the image's diagonal (in voxels, rounded, at least 1)`;
}
