// MONAI's generalised Wasserstein Dice loss in plain loops, as its code is and as it is meant, for the test that says how the two differ.

import type { GoldenCase } from "../src/cases.js";

/**
 * @param weights "each image": those of an image weigh its own distances. "broadcast": they weigh the distances of every image of the batch
 *   and all is added up, which is what a product of [B, 1, N] and [B, N] does.
 */
export function monaiWasserstein(golden: GoldenCase, weights: "each image" | "broadcast"): number {
  const { params, shape, input, targets } = golden;
  const [images, classes, ...space] = shape;
  const voxels = space.reduce((product, extent) => product * extent, 1);
  const matrix = params.dist_matrix as number[][];
  const largest = Math.max(...matrix.flat());
  const byVolume = params.weighting_mode === "GDL";
  const label = (b: number, n: number) => targets[b * voxels + n];
  const volume = (b: number, c: number) => range(voxels).filter((n) => label(b, n) === c).length;

  /** Expected distance of the prediction to the label of a voxel. */
  function distance(b: number, n: number): number {
    const powers = range(classes).map((c) => Math.exp(input[(b * classes + c) * voxels + n]));
    const total = sum(powers);
    return sum(powers.map((power, c) => (power / total) * (matrix[label(b, n)][c] / largest)));
  }
  const weight = (b: number, n: number) => {
    const c = label(b, n);
    return byVolume ? 1 / (volume(b, c) + 1) : Number(c > 0);
  };

  const losses = range(images).map((b) => {
    const weighed = weights === "broadcast" ? range(images) : [b];
    const over = (term: (other: number, n: number) => number) =>
      sum(weighed.flatMap((other) => range(voxels).map((n) => term(other, n))));
    const right = over((other, n) => weight(b, n) * (1 - distance(other, n)));
    const all = byVolume
      ? over((other, n) => weight(b, n) * (2 - distance(other, n)))
      : 2 * right + sum(range(voxels).map((n) => distance(b, n)));
    return 1 - (2 * right + (params.smooth_nr as number)) / (all + (params.smooth_dr as number));
  });
  return params.reduction === "sum" ? sum(losses) : sum(losses) / images;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
