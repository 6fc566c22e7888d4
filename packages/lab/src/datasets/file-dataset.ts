// A data set of image and mask files, whichever of the known forms its folder has: checks the files, then reads a case when asked.

import { LabError } from "../errors.js";
import { isColourPng } from "../volumes/png.js";
import { type ClassSelection, type DeclaredClasses, selectClasses } from "./classes.js";
import type { Case, Dataset } from "./dataset.js";
import { enumerate, type FileKind, fileKind, isFile, READABLE, readBytes } from "./files.js";
import { mapLabels } from "./labels.js";
import { normaliseIntensities } from "./normalise.js";
import { type ImageFile, readImageFile, readMaskFile } from "./read-files.js";
import type { Splits } from "./splits.js";

/** Paths of the files of one case. */
export interface CaseFiles {
  readonly id: string;
  /** One file per modality, in the same order in every case; a colour PNG is one file with three channels. */
  readonly images: readonly string[];
  readonly mask: string;
  readonly regionOfInterest?: string;
}

export interface FileDatasetDescription {
  readonly name: string;
  readonly cases: readonly CaseFiles[];
  readonly declared: DeclaredClasses;
  readonly splits: Splits;
  readonly splitNote: string;
}

/**
 * Checks that the files are there and of one kind, and what they need of the network's input; reads no case yet.
 *
 * @param wanted names of the classes to select, all without it
 * @throws LabError UNKNOWN_CLASS, MISSING_MASK, BAD_DATASET
 */
export async function fileDataset(
  { name, cases, declared, splits, splitNote }: FileDatasetDescription,
  wanted?: readonly string[],
): Promise<Dataset> {
  const selection = selectClasses(declared, wanted);
  const kind = checkKinds(cases, name);
  await checkPresence(cases);
  const fileChannels = await countChannels(cases, kind);
  const filesOf = new Map(cases.map((files) => [files.id, files]));
  return {
    name,
    dimension: kind === "png" ? 2 : 3,
    channels: fileChannels.reduce((sum, channels) => sum + channels, 0),
    classes: selection.classes,
    splits,
    splitNote,
    async load(id) {
      const files = filesOf.get(id);
      if (files === undefined) throw new LabError("BAD_DATASET", `${name} has no case ${id}`);
      return readCase(files, fileChannels, declared, selection);
    },
  };
}

function checkKinds(cases: readonly CaseFiles[], name: string): FileKind {
  const paths = cases.flatMap(({ images, mask, regionOfInterest }) => [...images, mask, regionOfInterest ?? mask]);
  const unread = paths.filter((path) => fileKind(path) === undefined);
  if (unread.length > 0) {
    throw new LabError("BAD_DATASET", `losskit reads ${READABLE}, and ${name} has ${enumerate([...new Set(unread)])}`);
  }
  const png = paths.find((path) => fileKind(path) === "png");
  const nifti = paths.find((path) => fileKind(path) === "nifti");
  if (png !== undefined && nifti !== undefined) {
    throw new LabError(
      "BAD_DATASET",
      `${name} mixes images and volumes, such as ${png} and ${nifti}; keep one kind in a data set`,
    );
  }
  const odd = cases.find(({ images }) => images.length !== cases[0].images.length);
  if (odd !== undefined) {
    throw new LabError(
      "BAD_DATASET",
      `the case ${odd.id} has ${odd.images.length} image files, and ${cases[0].id} has ${cases[0].images.length}; each case needs the same channels`,
    );
  }
  return png === undefined ? "nifti" : "png";
}

async function checkPresence(cases: readonly CaseFiles[]): Promise<void> {
  const masks: string[] = [];
  const others: string[] = [];
  for (const { images, mask, regionOfInterest } of cases) {
    if (!(await isFile(mask))) masks.push(mask);
    const needed = regionOfInterest === undefined ? images : [...images, regionOfInterest];
    for (const path of needed) if (!(await isFile(path))) others.push(path);
  }
  if (masks.length > 0) {
    const more = others.length === 0 ? "" : `\nand these images:\n  ${enumerate(others, "\n  ")}`;
    const count = masks.length === 1 ? "a mask is" : `${masks.length} masks are`;
    throw new LabError(
      "MISSING_MASK",
      `${count} missing:\n  ${enumerate(masks, "\n  ")}${more}\nadd them, or leave these cases out`,
    );
  }
  if (others.length > 0) {
    const count = others.length === 1 ? "a file is" : `${others.length} files are`;
    throw new LabError(
      "BAD_DATASET",
      `${count} missing:\n  ${enumerate(others, "\n  ")}\nadd them, or leave these cases out`,
    );
  }
}

/**
 * Channels of each image file of a case. A PNG counts as colour where any case has a pixel that is not grey, so that a
 * grey image among colour ones is repeated, and grey images stored as colour have one channel.
 */
async function countChannels(cases: readonly CaseFiles[], kind: FileKind): Promise<number[]> {
  const channels = cases[0].images.map(() => 1);
  if (kind === "nifti") return channels;
  for (const slot of channels.keys()) {
    for (const { images } of cases) {
      const bytes = await readBytes(images[slot]);
      if (!looksColoured(bytes, images[slot])) continue;
      channels[slot] = 3;
      break;
    }
  }
  return channels;
}

/** A damaged file is reported when its case is read, together with all others. */
function looksColoured(bytes: Uint8Array, path: string): boolean {
  try {
    return isColourPng(bytes, path);
  } catch (error) {
    if (error instanceof LabError) return false;
    throw error;
  }
}

async function readCase(
  { id, images, mask: maskPath, regionOfInterest: regionPath }: CaseFiles,
  fileChannels: readonly number[],
  declared: DeclaredClasses,
  selection: ClassSelection,
): Promise<Case> {
  const files = await Promise.all(images.map(readImageFile));
  const [{ shape, spacing, orientation }] = files;
  files.forEach((file, i) => void checkShape(file.shape, images[i], shape, images[0]));

  const mask = await readMaskFile(maskPath, orientation);
  checkShape(mask.shape, maskPath, shape, images[0]);
  const { labels, counted } = mapLabels(mask, declared, selection, maskPath);

  const region = regionPath === undefined ? undefined : await readRegion(regionPath, files[0], images[0]);
  const channels = fileChannels.reduce((sum, count) => sum + count, 0);
  const joined = new Float32Array(channels * labels.length);
  let at = 0;
  files.forEach((file, i) => {
    if (file.channels > fileChannels[i]) {
      throw new LabError("BAD_DATASET", `${images[i]} is in colour, and was grey when the data set was opened`);
    }
    for (let c = 0; c < fileChannels[i]; c++) {
      const from = (c % file.channels) * labels.length;
      joined.set(file.data.subarray(from, from + labels.length), at);
      at += labels.length;
    }
  });
  const image = normaliseIntensities(joined, channels, region);
  const regionOfInterest = intersect(region, counted);
  return { id, shape, spacing, channels, image, labels, ...(regionOfInterest && { regionOfInterest }) };
}

async function readRegion(path: string, image: ImageFile, imagePath: string): Promise<Uint8Array> {
  const { values, shape } = await readMaskFile(path, image.orientation);
  checkShape(shape, path, image.shape, imagePath);
  const region = Uint8Array.from(values, (value) => (value > 0 ? 1 : 0));
  if (region.includes(1)) return region;
  throw new LabError(
    "BAD_DATASET",
    `the region of interest ${path} is empty: all its voxels are 0; voxels above 0 count`,
  );
}

function intersect(region: Uint8Array | undefined, counted: Uint8Array | undefined): Uint8Array | undefined {
  if (region === undefined || counted === undefined) return region ?? counted;
  return region.map((inside, i) => inside & counted[i]);
}

function checkShape(found: readonly number[], path: string, expected: readonly number[], image: string): void {
  if (found.length === expected.length && found.every((extent, axis) => extent === expected[axis])) return;
  // People write sizes with the fastest axis first.
  const inWords = (shape: readonly number[]) => [...shape].reverse().join("x");
  throw new LabError(
    "SIZE_MISMATCH",
    `${path} is ${inWords(found)}, and its image ${image} is ${inWords(expected)}; both must have the same size`,
  );
}
