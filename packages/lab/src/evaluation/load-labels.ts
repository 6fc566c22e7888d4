// One file of a pair, on its own: the numbers it holds, the grid they lie on, and what they stand for.

import { readMask } from "../datasets/read-image.js";
import { SCORED_ENDINGS, scoredFormatOf } from "../volumes/file-name.js";
import { readNifti } from "../volumes/nifti.js";
import { readNnunetProbabilities } from "../volumes/nnunet-probabilities.js";
import type { Affine } from "../volumes/orientation.js";
import { readBytes, unreadable } from "../volumes/read-bytes.js";
import type { Grid } from "./geometry.js";
import { loadDicom } from "./load-dicom.js";
import { type ProbabilityMap, type ProbabilitySettings, readProbabilities } from "./probability-map.js";

/** How a file is read. */
export interface LoadOptions {
  /** Millimetres per pixel along [y, x] of PNG files, which do not say it. */
  readonly pixelSpacing?: readonly number[];
  /** The other file's, for one that does not say how it lies; with `replaceStated` for any. */
  readonly affine?: Affine;
  readonly replaceStated?: boolean;
  /** The reference's grid, for a prediction that says nothing of its own. */
  readonly like?: Grid;
  /** The file is a probability map. */
  readonly probabilities?: ProbabilitySettings;
  /** Labels that are scored; undefined where all are. Segments of DICOM may overlap, and those that are not scored give way. */
  readonly wanted?: ReadonlySet<number>;
}

export interface Loaded {
  readonly grid: Grid;
  /** One number per voxel. */
  readonly values: ArrayLike<number>;
  /** What they were made of, where that are probabilities. */
  readonly probabilities?: ProbabilityMap;
  /** The number that a viewer shows as white. */
  readonly white: number | undefined;
  readonly unit: "mm" | "px";
  /** As stored, for a file read with another's header. */
  readonly affine?: Affine;
  /** What the file itself calls its labels. */
  readonly names?: ReadonlyMap<number, string>;
  /** The grid may be a part of that of the image: outside of it all is background. */
  readonly cropped?: boolean;
  readonly notes: readonly string[];
}

/** @throws LabError UNREADABLE_FILE, PROBABILITY_RANGE */
export async function loadLabels(path: string, options: LoadOptions): Promise<Loaded> {
  switch (scoredFormatOf(path)) {
    case "png":
      return loadPng(path, options);
    case "nifti":
      return loadNifti(path, options);
    case "dicom":
      return loadDicom(path, options);
    case "npz":
      return loadNpz(path, options);
    default:
      throw unreadable(path, `losskit reads ${SCORED_ENDINGS}`);
  }
}

async function loadPng(path: string, { pixelSpacing, probabilities }: LoadOptions): Promise<Loaded> {
  const { shape, values, white } = await readMask(path);
  const place = {
    grid: { file: path, shape, spacing: pixelSpacing ?? [1, 1] },
    unit: pixelSpacing === undefined ? ("px" as const) : ("mm" as const),
    notes: [],
  };
  if (probabilities === undefined) return { ...place, values, white };
  if (white === undefined) throw unreadable(path, "its pixels are palette indices; a probability map is grey");
  // Black is 0 and white is 1.
  const grey = Float32Array.from(values, (value) => value / white);
  return { ...place, ...readProbabilities(path, grey, 1, probabilities) };
}

async function loadNifti(path: string, { affine, replaceStated, probabilities }: LoadOptions): Promise<Loaded> {
  const channels = probabilities !== undefined;
  const volume = readNifti(await readBytes(path), path, affine, { replaceStated, channels });
  const { shape, statedSpacing: spacing, orientation, orientationStated, grid } = volume;
  const place = {
    // Of an affine that is the other file's there is nothing to compare.
    grid: { file: path, shape, spacing, ...(orientationStated && { orientation, affine: grid }) },
    unit: "mm" as const,
    affine: volume.affine,
    notes: volume.spacingStated ? [] : [`${path} does not say how large its voxels are; 1 mm is taken`],
  };
  if (probabilities === undefined) return { ...place, values: volume.data, white: 255 };
  return { ...place, ...readProbabilities(path, volume.data, volume.channels, probabilities) };
}

async function loadNpz(path: string, { affine, like, probabilities }: LoadOptions): Promise<Loaded> {
  if (probabilities === undefined) {
    throw unreadable(path, "it holds probabilities; give it as PREDICTION, with --probabilities");
  }
  const { shape, channels, data } = readNnunetProbabilities(await readBytes(path), path, affine);
  const isImage = like?.shape.length === 2 && shape[0] === 1;
  return {
    grid: { file: path, shape: isImage ? shape.slice(1) : shape, spacing: like?.spacing ?? [1, 1, 1] },
    unit: "mm",
    notes: ["a .npz does not say how it lies; taken to be stored as its reference is"],
    ...readProbabilities(path, data, channels, probabilities),
  };
}
