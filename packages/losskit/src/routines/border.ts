// The voxels of a mask that touch its outside.

import { asVolume, createGrid, inMask } from "./grid.js";

/**
 * 1 on the voxels of the mask that share a face with a voxel outside it, 0 elsewhere.
 *
 * Beyond the edge of the grid everything is outside, along every axis: a mask that runs out of the image has a border there, as
 * in the authors' code of the boundary DoU loss (Sun et al., MICCAI 2023), whose convolution pads with zeros. In a volume of
 * one slice every voxel therefore is border; give such a slice as two axes.
 *
 * @param mask one value per voxel; above 0.5 belongs to the mask
 * @param space extents of 1 to 3 axes, slowest first
 */
export function border(mask: ArrayLike<number>, space: readonly number[]): Float64Array {
  const { voxels, strides } = createGrid(mask.length, space);
  const [depth, height, width] = asVolume(space);
  const [rowStep, sliceStep] = [width, width * height];
  const axes = strides.length;
  const result = new Float64Array(voxels);
  const outside = (at: number) => !inMask(mask[at]);
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (outside(at)) continue;
        const touches =
          x === 0 ||
          x === width - 1 ||
          outside(at - 1) ||
          outside(at + 1) ||
          (axes > 1 && (y === 0 || y === height - 1 || outside(at - rowStep) || outside(at + rowStep))) ||
          (axes > 2 && (z === 0 || z === depth - 1 || outside(at - sliceStep) || outside(at + sliceStep)));
        if (touches) result[at] = 1;
      }
    }
  }
  return result;
}
