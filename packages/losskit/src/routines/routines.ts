// The routines that formulas name, as the reference backend calls them: plain float64 functions on flat arrays.

import { border } from "./border.js";
import { components } from "./components.js";
import { dilation } from "./dilation.js";
import { distancesTo, signedDistance } from "./distance-transform.js";
import { hardMeanWeights } from "./hard-mean.js";
import { lovaszWeights } from "./lovasz.js";
import { nearestComponent } from "./nearest-component.js";
import { gaussianMean, neighbourMean } from "./neighbour-mean.js";
import { skeleton } from "./skeleton.js";
import { softErosions, softErosionsProduct } from "./soft-erosions.js";
import { softSkeleton, softSkeletonProduct } from "./soft-skeleton.js";
import {
  absoluteGradient,
  absoluteGradientProduct,
  squaredGradient,
  squaredGradientProduct,
} from "./spatial-gradient.js";
import { topMeanWeights } from "./top-mean.js";

/** Works on the voxels of one image and class. */
export interface GridRoutine {
  readonly kind: "grid";
  /**
   * One value per voxel.
   *
   * @param values one per voxel, row-major; never written to
   * @param scalars the scalar arguments, as many as the routine's signature names
   * @param space extents of 1 to 3 axes, slowest first
   * @param spacing distance between neighbours along each axis
   */
  value(
    values: Float64Array,
    scalars: readonly number[],
    space: readonly number[],
    spacing: readonly number[],
  ): Float64Array;
  /** Vector-Jacobian product: the gradient of Σ cotangent × value with respect to `values`. Absent where there is none. */
  readonly gradient?: (
    values: Float64Array,
    scalars: readonly number[],
    space: readonly number[],
    spacing: readonly number[],
    cotangent: Float64Array,
  ) => Float64Array;
}

/** Works on the list of the voxels of one group that count, wherever they lie. */
export interface GroupRoutine {
  readonly kind: "group";
  /**
   * One weight per voxel: the routine's value is Σ weight × first, and the weights are its gradient.
   *
   * @param first the first voxel argument
   * @param second the second one; undefined for a routine with one
   * @param scalars the scalar arguments, as many as the routine's signature names
   */
  weights(first: Float64Array, second: Float64Array | undefined, scalars: readonly number[]): Float64Array;
}

/** By the names in formula/operations.ts. */
export const ROUTINE_FUNCTIONS: Readonly<Record<string, GridRoutine | GroupRoutine>> = {
  lovasz: { kind: "group", weights: (errors, targets) => lovaszWeights(errors, targets ?? []) },
  top_mean: { kind: "group", weights: (values, _, [fraction]) => topMeanWeights(values, fraction) },
  hard_mean: {
    kind: "group",
    weights: (values, _, [threshold, fraction]) => hardMeanWeights(values, threshold, fraction),
  },
  distance: { kind: "grid", value: (mask, _, space, spacing) => distancesTo(mask, space, spacing) },
  signed_distance: { kind: "grid", value: (mask, _, space, spacing) => signedDistance(mask, space, spacing) },
  border: { kind: "grid", value: (mask, _, space) => border(mask, space) },
  components: { kind: "grid", value: (mask, _, space) => new Float64Array(components(mask, space)) },
  dilation: { kind: "grid", value: (mask, [iterations], space) => dilation(mask, space, iterations) },
  nearest_component: {
    kind: "grid",
    value: (mask, _, space, spacing) => new Float64Array(nearestComponent(mask, space, spacing)),
  },
  skeleton: { kind: "grid", value: (mask, _, space) => skeleton(mask, space) },
  soft_skeleton: {
    kind: "grid",
    value: (values, [iterations], space) => softSkeleton(values, space, iterations),
    gradient: (values, [iterations], space, _, cotangent) => softSkeletonProduct(values, space, iterations, cotangent),
  },
  soft_erosions: {
    kind: "grid",
    value: (values, [iterations, exponent], space) => softErosions(values, space, iterations, exponent),
    gradient: (values, [iterations, exponent], space, _, cotangent) =>
      softErosionsProduct(values, space, iterations, exponent, cotangent),
  },
  squared_gradient: {
    kind: "grid",
    value: (values, _, space, spacing) => squaredGradient(values, space, spacing),
    gradient: (values, _, space, spacing, cotangent) => squaredGradientProduct(values, space, spacing, cotangent),
  },
  absolute_gradient: {
    kind: "grid",
    value: (values, _, space, spacing) => absoluteGradient(values, space, spacing),
    gradient: (values, _, space, spacing, cotangent) => absoluteGradientProduct(values, space, spacing, cotangent),
  },
  neighbour_mean: {
    kind: "grid",
    value: (values, _, space) => neighbourMean(values, space),
    gradient: (_, __, space, ___, cotangent) => neighbourMean(cotangent, space),
  },
  gaussian_mean: {
    kind: "grid",
    value: (values, [sigma], space) => gaussianMean(values, space, sigma),
    gradient: (_, [sigma], space, __, cotangent) => gaussianMean(cotangent, space, sigma),
  },
};
