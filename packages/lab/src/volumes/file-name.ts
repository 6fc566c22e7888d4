// What a file's name tells: the format it is read as, and the name of the case it belongs to.

import { basename } from "node:path";

export type ImageFormat = "png" | "nifti";

/** The endings that are read, for messages. */
export const READABLE_ENDINGS = ".png, .nii or .nii.gz";

const ENDINGS: readonly (readonly [ending: RegExp, format: ImageFormat])[] = [
  [/\.png$/iu, "png"],
  [/\.nii(\.gz)?$/iu, "nifti"],
];

/** Endings of images that losskit does not read: seen in a data set they are named, not passed over in silence. */
const UNREADABLE_IMAGE = /\.(jpe?g|tiff?|bmp|gif|webp|ppm|pgm|dcm|mha|mhd|nrrd|nhdr|hdr|img|npy|npz|mgz)$/iu;

/** The format of a file by its ending, or undefined where losskit does not read it. */
export function formatOf(file: string): ImageFormat | undefined {
  return ENDINGS.find(([ending]) => ending.test(file))?.[1];
}

/** Whether the ending is that of an image, in a format losskit does not read. */
export function isUnreadableImage(file: string): boolean {
  return UNREADABLE_IMAGE.test(file);
}

/** The name without folder and without the ending of a readable image: `a/b.nii.gz` gives `b`. */
export function stemOf(file: string): string {
  const name = basename(file);
  for (const [ending] of ENDINGS) if (ending.test(name)) return name.replace(ending, "");
  return name;
}
