// What a folder of references is: label maps alone, a plain data set with masks/, or one of nnU-Net; and which file names its labels.

import { basename, dirname, join } from "node:path";
import { findFolder, isFile, isFolder } from "../datasets/image-listing.js";

export interface ReferenceFolders {
  readonly labelFolders: readonly string[];
  readonly labelFile?: string;
  readonly imageFolders: readonly string[];
}

const NNUNET_FILE = "dataset.json";
const CLASSES_FILES = ["classes.json", "split.json"];
/** Of nnU-Net: the label folders of training and test cases. */
const NNUNET_LABELS = ["labelsTr", "labelsTs"];
const PLAIN_LABELS = ["masks", "labels"];

/**
 * The folders with label maps and with images, and the file that names the labels: dataset.json, classes.json or split.json in the data set, or the
 * dataset.json that nnU-Net's predict leaves beside its predictions.
 *
 * @param folder given as the reference
 * @param prediction folder of the predictions
 * @param asIs whether `folder` itself holds the label maps, whatever else lies in it
 */
export async function referenceFolders(folder: string, prediction: string, asIs = false): Promise<ReferenceFolders> {
  const nested = asIs ? [] : await nestedLabels(folder);
  const labelFolders = nested.length > 0 ? nested : [folder];
  const datasetFolders = nested.length > 0 ? [folder] : [folder, dirname(folder)];
  const candidates = datasetFolders.flatMap((one) => [NNUNET_FILE, ...CLASSES_FILES].map((name) => join(one, name)));
  return {
    labelFolders,
    labelFile: await firstFile([...candidates, join(prediction, NNUNET_FILE)]),
    imageFolders: await imageFoldersOf(labelFolders),
  };
}

async function nestedLabels(folder: string): Promise<string[]> {
  const nnunet: string[] = [];
  for (const name of NNUNET_LABELS) if (await isFolder(join(folder, name))) nnunet.push(join(folder, name));
  if (nnunet.length > 0) return nnunet;
  const plain = await findFolder(folder, PLAIN_LABELS);
  return plain === undefined ? [] : [plain];
}

/** Beside labelsTr/ lies imagesTr/, beside masks/ images/. */
async function imageFoldersOf(labelFolders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of labelFolders) {
    const part = /^labels(Tr|Ts)$/u.exec(basename(folder))?.[1] ?? "";
    const images = await findFolder(dirname(folder), [`images${part}`.toLowerCase()]);
    if (images !== undefined && images !== folder) found.push(images);
  }
  return found;
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path)) return path;
  return undefined;
}
