// Soft skeleton of a probability map by iterated erosion and opening, and its vector-Jacobian product.

import { LosskitError } from "../errors.js";
import { asVolume, createGrid, forEachLine, type Grid } from "./grid.js";

/**
 * Soft skeleton of clDice (Shit et al., CVPR 2021): what each opening of the ever more eroded image removes, gathered by
 * skeleton += relu(removed - skeleton × removed), over the image itself and `iterations` erosions of it.
 *
 * Erosion is the minimum over a voxel and its face neighbours, dilation the maximum over the 3 × 3 (× 3) box; beyond the
 * edge there is nothing. Choose as many iterations as the widest structure has voxels in half its width.
 *
 * @param values one per voxel, usually in [0, 1], row-major over `space` (1 to 3 axes, slowest first)
 * @param iterations whole number from 0
 * @throws LosskitError PARAMETER for other iterations
 */
export function softSkeleton(values: Float64Array, space: readonly number[], iterations: number): Float64Array {
  const grid = createGrid(values.length, space);
  const steps = erosionsNeeded(space, iterations);
  const skeleton = new Float64Array(values.length);
  let image = values;
  for (let step = 0; step <= steps; step++) {
    const eroded = erode(image, grid);
    addRemoved(skeleton, image, dilate(eroded, grid));
    image = eroded;
  }
  return skeleton;
}

/**
 * The gradient of Σ cotangent × softSkeleton(values, space, iterations) with respect to the values.
 *
 * Conventions where there is no derivative: voxels that tie for a minimum or maximum get equal shares, so the gradient turns with
 * the image; relu has slope 0 at 0. It holds two arrays per iteration.
 */
export function softSkeletonProduct(
  values: Float64Array,
  space: readonly number[],
  iterations: number,
  cotangent: Float64Array,
): Float64Array {
  const grid = createGrid(values.length, space);
  const steps = erosionsNeeded(space, iterations);
  /** images[j] is the image after j erosions; skeletons[j] the skeleton before the opening of images[j]. */
  const images: Float64Array[] = [values];
  const openings: Float64Array[] = [];
  const skeletons: Float64Array[] = [new Float64Array(values.length)];
  for (let step = 0; step <= steps; step++) {
    images.push(erode(images[step], grid));
    openings.push(dilate(images[step + 1], grid));
    if (step === steps) break;
    skeletons.push(skeletons[step].slice());
    addRemoved(skeletons[step + 1], images[step], openings[step]);
  }

  const toSkeleton = cotangent.slice();
  /** Cotangent of images[step + 1], all of it but what comes through the opening of images[step]. */
  let toEroded = new Float64Array(values.length);
  const toRemoved = new Float64Array(values.length);
  for (let step = steps; step >= 0; step--) {
    const [image, opening, skeleton] = [images[step], openings[step], skeletons[step]];
    for (let i = 0; i < image.length; i++) {
      const removed = Math.max(image[i] - opening[i], 0);
      const added = removed - skeleton[i] * removed;
      toRemoved[i] = removed > 0 && added > 0 ? toSkeleton[i] * (1 - skeleton[i]) : 0;
      if (added > 0) toSkeleton[i] -= toSkeleton[i] * removed;
    }
    shareAmongExtremes(images[step + 1], opening, toRemoved, -1, "box", space, toEroded);
    const toImage = toRemoved.slice();
    shareAmongExtremes(image, images[step + 1], toEroded, 1, "cross", space, toImage);
    toEroded = toImage;
  }
  return toEroded;
}

/**
 * An erosion carries a minimum one step further, so after as many erosions as there are steps from corner to corner the image
 * is constant, and nothing is removed any more: the result does not change, and a careless number cannot hang.
 */
function erosionsNeeded(space: readonly number[], iterations: number): number {
  if (!Number.isInteger(iterations) || iterations < 0) {
    throw new LosskitError(
      "PARAMETER",
      `the soft skeleton got ${iterations} iterations; it takes a whole number from 0`,
    );
  }
  return Math.min(
    iterations,
    space.reduce((sum, extent) => sum + extent - 1, 0),
  );
}

function addRemoved(skeleton: Float64Array, image: Float64Array, opening: Float64Array): void {
  for (let i = 0; i < skeleton.length; i++) {
    const removed = Math.max(image[i] - opening[i], 0);
    skeleton[i] += Math.max(removed - skeleton[i] * removed, 0);
  }
}

/** Minimum over each voxel and its face neighbours. */
function erode(values: Float64Array, grid: Grid): Float64Array {
  const result = values.slice();
  for (let axis = 0; axis < grid.space.length; axis++) {
    forEachLine(grid, axis, (start, stride, extent) => {
      const last = start + (extent - 1) * stride;
      for (let at = start; at < last; at += stride) {
        const next = at + stride;
        if (values[next] < result[at]) result[at] = values[next];
        if (values[at] < result[next]) result[next] = values[at];
      }
    });
  }
  return result;
}

/** Maximum over the box of 3 voxels along each axis, axis after axis. */
function dilate(values: Float64Array, grid: Grid): Float64Array {
  const result = values.slice();
  for (let axis = 0; axis < grid.space.length; axis++) {
    forEachLine(grid, axis, (start, stride, extent) => {
      let previous = result[start];
      for (let q = 0, at = start; q < extent; q++, at += stride) {
        const own = result[at];
        if (previous > own) result[at] = previous;
        if (q + 1 < extent && result[at + stride] > result[at]) result[at] = result[at + stride];
        previous = own;
      }
    });
  }
  return result;
}

/** Adds factor × cotangent of each extreme to the voxels of its neighbourhood that attain it, in equal shares. */
function shareAmongExtremes(
  values: Float64Array,
  extremes: Float64Array,
  cotangent: Float64Array,
  factor: number,
  neighbourhood: "box" | "cross",
  space: readonly number[],
  result: Float64Array,
): void {
  const [depth, height, width] = asVolume(space);
  const farthest = neighbourhood === "box" ? 3 : 1;
  const attaining = new Int32Array(27);
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (cotangent[at] === 0) continue;
        let count = 0;
        for (let dz = z > 0 ? -1 : 0; dz <= 1 && z + dz < depth; dz++) {
          for (let dy = y > 0 ? -1 : 0; dy <= 1 && y + dy < height; dy++) {
            for (let dx = x > 0 ? -1 : 0; dx <= 1 && x + dx < width; dx++) {
              if (Math.abs(dz) + Math.abs(dy) + Math.abs(dx) > farthest) continue;
              const neighbour = at + (dz * height + dy) * width + dx;
              if (values[neighbour] === extremes[at]) attaining[count++] = neighbour;
            }
          }
        }
        const share = (factor * cotangent[at]) / count;
        for (let i = 0; i < count; i++) result[attaining[i]] += share;
      }
    }
  }
}
