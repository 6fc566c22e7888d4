// Reads the files of one case into arrays that fit together, or says which file does not.

import { LabError } from "../errors.js";
import type { Affine } from "../volumes/orientation.js";
import type { CaseFiles } from "./case-files.js";
import type { ClassSelection } from "./class-names.js";
import type { Case } from "./dataset.js";
import { mapLabels } from "./label-map.js";
import { normaliseIntensities } from "./normalise.js";
import { type ImageData, readImage, readMask } from "./read-image.js";

/**
 * Reads and normalises a case; intensities are normalised over its region of interest where it has one.
 *
 * @param fileChannels channels to take from each image file; a grey file fills three with its one
 * @throws LabError UNREADABLE_FILE, SIZE_MISMATCH, UNDECLARED_LABEL or BAD_DATASET, naming the file
 */
export async function readCase(
  { id, images: paths, mask: maskPath, regionOfInterest: regionPath }: CaseFiles,
  fileChannels: readonly number[],
  selection: ClassSelection,
): Promise<Case> {
  let images = await readImages(paths);
  const mask = await readMask(maskPath, statedAffine(images));
  const affine = statedAffine([...images, mask]);
  // A file that does not say how it lies is on the grid of those that do: taken as RAS it would be turned against them.
  if (affine !== undefined && images.some((one) => one.affine === undefined)) images = await readImages(paths, affine);
  const [{ shape, spacing }] = images;
  for (const [index, one] of images.entries()) checkSize(one.shape, paths[index], shape, paths[0]);
  checkSize(mask.shape, maskPath, shape, paths[0]);
  const { labels, counts } = mapLabels(mask.values, selection, maskPath, mask.white);

  let region: Uint8Array | undefined;
  if (regionPath !== undefined) {
    const { values, shape: regionShape } = await readMask(regionPath, affine);
    checkSize(regionShape, regionPath, shape, paths[0]);
    region = readRegion(values, regionPath);
  }
  const channels = fileChannels.reduce((sum, count) => sum + count, 0);
  const image = normaliseIntensities(joinChannels(images, paths, fileChannels), channels, region);
  const regionOfInterest = both(region, counts);
  return { id, shape, spacing, channels, image, labels, ...(regionOfInterest && { regionOfInterest }) };
}

async function readImages(paths: readonly string[], affine?: Affine): Promise<ImageData[]> {
  const images: ImageData[] = [];
  for (const path of paths) images.push(await readImage(path, affine));
  return images;
}

function statedAffine(files: readonly { readonly affine?: Affine }[]): Affine | undefined {
  return files.find(({ affine }) => affine !== undefined)?.affine;
}

function joinChannels(
  images: readonly ImageData[],
  paths: readonly string[],
  fileChannels: readonly number[],
): Float32Array | Float64Array {
  if (images.length === 1 && images[0].channels === fileChannels[0]) return images[0].data;
  const voxels = images[0].data.length / images[0].channels;
  const joined = new Float64Array(voxels * fileChannels.reduce((sum, count) => sum + count, 0));
  let to = 0;
  for (const [index, { data, channels }] of images.entries()) {
    if (channels > fileChannels[index]) {
      throw new LabError("BAD_DATASET", `${paths[index]} is in colour; it was grey when the data set was opened`);
    }
    for (let c = 0; c < fileChannels[index]; c++) {
      const from = (c % channels) * voxels;
      joined.set(data.subarray(from, from + voxels), to);
      to += voxels;
    }
  }
  return joined;
}

function readRegion(values: ArrayLike<number>, path: string): Uint8Array {
  const region = Uint8Array.from(values, (value) => (value > 0 ? 1 : 0));
  if (region.includes(1)) return region;
  throw new LabError("BAD_DATASET", `the region of interest ${path} is empty; it must be above 0 where voxels count`);
}

function both(region: Uint8Array | undefined, counts: Uint8Array | undefined): Uint8Array | undefined {
  if (region === undefined || counts === undefined) return region ?? counts;
  return region.map((inside, i) => inside & counts[i]);
}

function checkSize(found: readonly number[], path: string, expected: readonly number[], imagePath: string): void {
  if (found.length === expected.length && found.every((extent, axis) => extent === expected[axis])) return;
  // Sizes are usually written with the fastest axis first.
  const inWords = (shape: readonly number[]) => [...shape].reverse().join(" x ");
  throw new LabError(
    "SIZE_MISMATCH",
    `${path} has ${inWords(found)} voxels and the image ${imagePath} has ${inWords(expected)}; they must have the same size`,
  );
}
