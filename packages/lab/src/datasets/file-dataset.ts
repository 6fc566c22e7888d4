// A data set of files, whichever form its folder has: checks that they are there and fit together, and reads a case when asked.

import { LabError } from "../errors.js";
import { formatOf, type ImageFormat, READABLE_ENDINGS } from "../volumes/file-name.js";
import { type CaseFiles, type DatasetFiles, listed } from "./case-files.js";
import { selectClasses } from "./class-names.js";
import type { Dataset } from "./dataset.js";
import { isFile } from "./image-listing.js";
import { readCase } from "./read-case.js";
import { isColourPng } from "./read-image.js";

/** Most files an error lists, one a line. */
const LINES = 10;

/**
 * Checks what can be told without reading the cases, and finds how many channels they have. Damaged files are reported
 * when their case is read.
 *
 * @param wanted names of the classes to select; all without it
 * @throws LabError UNKNOWN_CLASS, MISSING_MASK, BAD_DATASET
 */
export async function fileDataset(files: DatasetFiles, wanted?: readonly string[]): Promise<Dataset> {
  const { name, cases, declaration, splits, splitNote } = files;
  const selection = selectClasses(declaration, wanted);
  const format = checkFormats(cases, name);
  await checkPresence(cases);
  const fileChannels = await countChannels(cases, format);
  const filesOf = new Map(cases.map((one) => [one.id, one]));
  return {
    name,
    dimension: format === "png" ? 2 : 3,
    channels: fileChannels.reduce((sum, channels) => sum + channels, 0),
    classes: selection.classes,
    splits,
    splitNote,
    async load(id) {
      const one = filesOf.get(id);
      if (one === undefined) throw new LabError("BAD_DATASET", `${name} has no case ${id}`);
      return readCase(one, fileChannels, selection);
    },
  };
}

function checkFormats(cases: readonly CaseFiles[], name: string): ImageFormat {
  const paths = cases.flatMap(({ images, mask, regionOfInterest }) => [...images, mask, regionOfInterest ?? mask]);
  const unread = [...new Set(paths.filter((path) => formatOf(path) === undefined))];
  if (unread.length > 0) {
    throw new LabError("BAD_DATASET", `losskit reads ${READABLE_ENDINGS}; ${name} has ${listed(unread)}`);
  }
  const png = paths.find((path) => formatOf(path) === "png");
  const nifti = paths.find((path) => formatOf(path) === "nifti");
  if (png !== undefined && nifti !== undefined) {
    throw new LabError("BAD_DATASET", `${name} mixes PNG and NIfTI, such as ${png} and ${nifti}; use one of the two`);
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
  if (masks.length === 0 && others.length === 0) return;
  const parts = [
    ...(masks.length > 0 ? [`${masks.length} of ${cases.length} masks missing:${lines(masks)}`] : []),
    ...(others.length > 0 ? [`${others.length} images or regions of interest missing:${lines(others)}`] : []),
  ];
  throw new LabError(
    masks.length > 0 ? "MISSING_MASK" : "BAD_DATASET",
    `${parts.join("\n")}\nadd the files, or leave these cases out`,
  );
}

/** The first paths, one a line. */
function lines(paths: readonly string[]): string {
  const shown = paths.slice(0, LINES).map((path) => `\n  ${path}`);
  return paths.length > LINES ? `${shown.join("")}\n  and ${paths.length - LINES} more` : shown.join("");
}

/**
 * Channels of each image file of a case. A PNG counts as colour where any case has a pixel that is not grey: a grey image
 * among colour ones is then repeated in the three channels, and grey images stored as colour have one channel.
 */
async function countChannels(cases: readonly CaseFiles[], format: ImageFormat): Promise<number[]> {
  const channels = cases[0].images.map(() => 1);
  if (format === "nifti") return channels;
  for (const index of channels.keys()) {
    for (const { images } of cases) {
      if (!(await hasColour(images[index]))) continue;
      channels[index] = 3;
      break;
    }
  }
  return channels;
}

async function hasColour(path: string): Promise<boolean> {
  try {
    return await isColourPng(path);
  } catch (error) {
    if (error instanceof LabError) return false;
    throw error;
  }
}
