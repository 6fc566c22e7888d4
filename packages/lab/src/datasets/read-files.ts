// One image or mask from a file of any kind that is read, in the same form for all kinds.

import { LabError } from "../errors.js";
import { readNifti } from "../volumes/nifti.js";
import type { Orientation } from "../volumes/orientation.js";
import { readPngImage, readPngLabels } from "../volumes/png.js";
import { fileKind, READABLE, readBytes } from "./files.js";
import type { MaskValues } from "./labels.js";

export interface ImageFile {
  /** Spatial size, slowest axis first. */
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  readonly channels: number;
  /** `[channels, ...shape]`, all finite. */
  readonly data: Float32Array;
  /** How a volume lay in its file. */
  readonly orientation?: Orientation;
}

/** White in masks of 8 bits, by which volumes too mark a single class. */
const WHITE = 255;

/** @throws LabError UNREADABLE_FILE, or BAD_DATASET where an intensity is not a finite number */
export async function readImageFile(path: string): Promise<ImageFile> {
  const bytes = await readBytes(path);
  if (kindOf(path) === "png") return { ...readPngImage(bytes, path), spacing: [1, 1] };
  const volume = readNifti(bytes, path);
  checkFinite(volume.data, path);
  return { ...volume, channels: 1 };
}

/**
 * @param orientation of the image, for a volume that does not say its own
 * @throws LabError UNREADABLE_FILE
 */
export async function readMaskFile(
  path: string,
  orientation?: Orientation,
): Promise<MaskValues & { readonly shape: readonly number[] }> {
  const bytes = await readBytes(path);
  if (kindOf(path) === "png") return readPngLabels(bytes, path);
  const { shape, data } = readNifti(bytes, path, { fallback: orientation });
  return { shape, values: data, white: WHITE };
}

function kindOf(path: string): "png" | "nifti" {
  const kind = fileKind(path);
  if (kind !== undefined) return kind;
  throw new LabError("UNREADABLE_FILE", `cannot read ${path}: losskit reads ${READABLE}`);
}

function checkFinite(data: Float32Array, path: string): void {
  const first = data.findIndex((value) => !Number.isFinite(value));
  if (first < 0) return;
  let count = 0;
  for (const value of data) if (!Number.isFinite(value)) count++;
  throw new LabError(
    "BAD_DATASET",
    `the image ${path} has ${count} of ${data.length} voxels that are not finite (the first is ${data[first]}); replace them, for example by 0`,
  );
}
