// What a file's name tells: the format it is read as, and the name of the case it belongs to.

import { basename } from "node:path";

export type ImageFormat = "png" | "nifti";
/** What is scored may come in two more: a DICOM segmentation, and probabilities as nnU-Net saves them. */
export type ScoredFormat = ImageFormat | "dicom" | "npz";

/** The endings that are read, for messages. */
export const READABLE_ENDINGS = ".png, .nii or .nii.gz";
export const SCORED_ENDINGS = ".png, .nii, .nii.gz, .dcm (segmentations) or .npz (with --probabilities)";

const IMAGE_ENDINGS: readonly (readonly [ending: RegExp, format: ImageFormat])[] = [
  [/\.png$/iu, "png"],
  [/\.nii(\.gz)?$/iu, "nifti"],
];
const SCORED: readonly (readonly [ending: RegExp, format: ScoredFormat])[] = [
  ...IMAGE_ENDINGS,
  [/\.dcm$/iu, "dicom"],
  [/\.npz$/iu, "npz"],
];

/** Endings of images that losskit does not read: seen in a data set they are named, not passed over in silence. */
const UNREADABLE_IMAGE = /\.(jpe?g|tiff?|bmp|gif|webp|ppm|pgm|dcm|mha|mhd|nrrd|nhdr|hdr|img|npy|npz|mgz)$/iu;

/** The format of an image or mask of a data set by its ending, or undefined where losskit does not read it. */
export function formatOf(file: string): ImageFormat | undefined {
  return IMAGE_ENDINGS.find(([ending]) => ending.test(file))?.[1];
}

/** The format of a reference or prediction to score by its ending, or undefined where losskit does not read it. */
export function scoredFormatOf(file: string): ScoredFormat | undefined {
  return SCORED.find(([ending]) => ending.test(file))?.[1];
}

/** Whether the ending is that of an image, in a format losskit does not read in a data set. */
export function isUnreadableImage(file: string): boolean {
  return UNREADABLE_IMAGE.test(file);
}

/** The name without folder and without the ending of a readable file: `a/b.nii.gz` gives `b`. */
export function stemOf(file: string): string {
  const name = basename(file);
  for (const [ending] of SCORED) if (ending.test(name)) return name.replace(ending, "");
  return name;
}
