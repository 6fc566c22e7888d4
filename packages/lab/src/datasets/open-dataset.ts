// Opens the images and masks of a folder, in whichever of the known forms it is laid out.

import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { LabError } from "../errors.js";
import type { DatasetFiles } from "./case-files.js";
import type { Dataset } from "./dataset.js";
import { fileDataset } from "./file-dataset.js";
import { describeImageFolder, IMAGE_FOLDERS } from "./image-folder.js";
import { findFolder, isFile, isFolder } from "./image-listing.js";
import { describeNnunet, NNUNET_FILE } from "./nnunet.js";
import { describeSplitFile, SPLIT_FILE } from "./split-file.js";

export interface OpenOptions {
  /** Names of the classes to select; the others become background. All classes without it. */
  readonly classes?: readonly string[];
}

const FORMS = `losskit understands
  a folder with images/ and masks/ (or labels/), matched by file name, .png or .nii.gz, and optionally fov/ or roi/ and classes.json
  a folder with split.json (patterns of file names, classes, cases of each split)
  an nnU-Net folder (dataset.json, imagesTr/, labelsTr/)`;

/**
 * Opens a data set. No image is kept in memory: `load` reads a case each time.
 *
 * @param path a folder of one of the three forms, or its split.json or dataset.json
 * @throws LabError EMPTY_DATASET, BAD_DATASET, MISSING_MASK, UNKNOWN_CLASS, UNDECLARED_LABEL, UNREADABLE_FILE
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<Dataset> {
  const folder = await findDatasetFolder(path);
  return fileDataset(await describeFolder(folder), options.classes);
}

async function findDatasetFolder(path: string): Promise<string> {
  if (await isFolder(path)) return resolve(path);
  if (!(await isFile(path))) throw new LabError("BAD_DATASET", `there is no folder ${path}; ${FORMS}`);
  if ([SPLIT_FILE, NNUNET_FILE].includes(basename(path))) return dirname(resolve(path));
  throw new LabError("BAD_DATASET", `${path} is a file; give the folder of a data set: ${FORMS}`);
}

async function describeFolder(folder: string): Promise<DatasetFiles> {
  if (await isFile(join(folder, SPLIT_FILE))) return describeSplitFile(folder);
  if (await isFile(join(folder, NNUNET_FILE))) return describeNnunet(folder);
  if ((await findFolder(folder, IMAGE_FOLDERS)) !== undefined) return describeImageFolder(folder);
  const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
  if (names.length === 0) throw new LabError("EMPTY_DATASET", `the folder ${folder} is empty; ${FORMS}`);
  throw new LabError("BAD_DATASET", `the folder ${folder} is not a data set; ${FORMS}`);
}
