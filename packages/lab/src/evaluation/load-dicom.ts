// A DICOM segmentation as a file of a pair.

import { readDicomSegmentation } from "../volumes/dicom-seg.js";
import { segmentFractions, segmentNumbers } from "../volumes/dicom-seg-voxels.js";
import {
  canonicalAffine,
  canonicalOrder,
  inCanonicalOrder,
  orientationCode,
  orientationOf,
  voxelSizes,
} from "../volumes/orientation.js";
import { readBytes } from "../volumes/read-bytes.js";
import type { Loaded, LoadOptions } from "./load-labels.js";
import { readProbabilities } from "./probability-map.js";

/** @throws LabError UNREADABLE_FILE, PROBABILITY_RANGE */
export async function loadDicom(
  path: string,
  { affine: others, replaceStated, probabilities, wanted }: LoadOptions,
): Promise<Loaded> {
  const segmentation = await readDicomSegmentation(await readBytes(path), path);
  const { segments, size, affine, pixelSpacing, fractionalType } = segmentation;
  const { channels, data } =
    probabilities === undefined
      ? { channels: 1, data: segmentNumbers(segmentation, wanted) }
      : segmentFractions(segmentation);
  const notes = segmentation.planeSpacingStated ? [] : [`${path} does not say how thick its plane is; 1 mm is taken`];
  if (probabilities !== undefined && fractionalType === "OCCUPANCY") {
    notes.push(`${path} says how much of a voxel is in a segment (OCCUPANCY), which is taken for its probability`);
  }
  const names = new Map(segments.map(({ number, label }) => [number, label]));
  const values = (turned: typeof data) =>
    turned instanceof Float32Array && probabilities !== undefined
      ? readProbabilities(path, turned, channels, probabilities)
      : { values: turned, white: undefined };
  if (affine === undefined) {
    const place = { file: path, shape: [size[1], size[0]], spacing: pixelSpacing ?? [1, 1] };
    return { ...values(data), grid: place, unit: pixelSpacing ? "mm" : "px", names, notes };
  }
  const used = replaceStated ? (others ?? affine) : affine;
  const orientation = orientationOf(used);
  const order = canonicalOrder(size, orientation);
  const sizes = voxelSizes(affine);
  const grid = {
    file: path,
    shape: order.shape,
    spacing: order.storedAxes.map((axis) => sizes[axis]!),
    orientation: orientationCode(orientation),
    affine: canonicalAffine(used, size, orientation),
  };
  const turned = inCanonicalOrder(data, order, channels);
  return { ...values(turned), grid, unit: "mm", affine, names, cropped: !replaceStated, notes };
}
