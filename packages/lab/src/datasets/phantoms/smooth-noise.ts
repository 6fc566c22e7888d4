// Smooth random fields of unit variance (texture, illumination, tissue), made on a coarse grid and drawn finer.

import type { Random } from "../../random-stream.js";

/** Mean over the phase of the sum of squared cubic B-spline weights: the variance one axis of interpolation leaves. */
const SPLINE_VARIANCE = 151 / 315;

/** Number of coarse nodes that cover `size` samples at `scale` samples per node, for any phase below 1. */
export function coarseSize(size: number, scale: number): number {
  return Math.floor((size - 1) / scale + 1) + 4;
}

/** Cubic B-spline interpolation along one axis of an array seen as [outer, nodes, inner]. */
function refineAxis(
  coarse: Float32Array,
  [outer, nodes, inner]: readonly [number, number, number],
  size: number,
  scale: number,
  phase: number,
): Float32Array {
  const fine = new Float32Array(outer * size * inner);
  for (let i = 0; i < size; i++) {
    const position = i / scale + phase;
    const node = Math.floor(position);
    const t = position - node;
    const w0 = (1 - t) ** 3 / 6;
    const w3 = t ** 3 / 6;
    const w1 = 2 / 3 - t * t + t ** 3 / 2;
    const w2 = 1 - w0 - w1 - w3;
    for (let o = 0; o < outer; o++) {
      const from = (o * nodes + node) * inner;
      const to = (o * size + i) * inner;
      for (let k = 0; k < inner; k++) {
        const at = from + k;
        fine[to + k] =
          w0 * coarse[at] + w1 * coarse[at + inner] + w2 * coarse[at + 2 * inner] + w3 * coarse[at + 3 * inner];
      }
    }
  }
  return fine;
}

/** Draws a coarse grid (`coarseSize` nodes per axis) at full size; `phases` shifts each axis by a part of one node. */
export function refine(
  coarse: Float32Array,
  shape: readonly number[],
  scale: number,
  phases: readonly number[],
): Float32Array {
  const sizes = shape.map((size) => coarseSize(size, scale));
  let field = coarse;
  for (let axis = 0; axis < shape.length; axis++) {
    const outer = sizes.slice(0, axis).reduce((product, size) => product * size, 1);
    const inner = sizes.slice(axis + 1).reduce((product, size) => product * size, 1);
    field = refineAxis(field, [outer, sizes[axis], inner], shape[axis], scale, phases[axis]);
    sizes[axis] = shape[axis];
  }
  return field;
}

/** A random field with mean 0 and sd 1 (over many fields) whose features are about `scale` voxels wide. */
export function smoothNoise(random: Random, shape: readonly number[], scale: number): Float32Array {
  const nodes = shape.reduce((product, size) => product * coarseSize(size, scale), 1);
  const gain = SPLINE_VARIANCE ** (-shape.length / 2);
  const coarse = Float32Array.from({ length: nodes }, () => random.normal(0, gain));
  return refine(
    coarse,
    shape,
    scale,
    shape.map(() => random.uniform()),
  );
}

/** Logistic approximation of the normal distribution function (within 0.01): the profile of a blurred edge. */
export function softStep(z: number): number {
  return 1 / (1 + Math.exp(-1.702 * z));
}

/** Rounds to the 8-bit range; Uint8ClampedArray does the same, yet files and labels want a Uint8Array. */
export function toGrey(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
}
