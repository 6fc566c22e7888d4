// Data sets in the layout of nnU-Net (version 1 and 2): dataset.json, imagesTr/, labelsTr/, optionally a test set and folds.

import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import { parseClasses } from "./classes.js";
import type { CaseFiles, FileDatasetDescription } from "./file-dataset.js";
import { enumerate, fileKind, isFile, isFolder, listImages, READABLE, readJson, readJsonObject } from "./files.js";
import { checkSplits, countSplits, divideCases, type Splits, takeValidation } from "./splits.js";

export const NNUNET_FILE = "dataset.json";
const FOLDS_FILE = "splits_final.json";

/** The channel of an image file: four digits after the name of its case. */
const CHANNEL = /_\d{4}$/u;

/**
 * Test cases are those of imagesTs/ and labelsTs/ where both are there, else the held-out cases of the first fold of
 * splits_final.json, else drawn.
 *
 * @param folder that holds the dataset.json
 * @throws LabError BAD_DATASET, EMPTY_DATASET, UNREADABLE_FILE
 */
export async function describeNnunet(folder: string): Promise<FileDatasetDescription> {
  const path = join(folder, NNUNET_FILE);
  const json = await readJsonObject(path);
  const declared = parseClasses(json.labels, path);
  const channels = countChannels(json, path);
  const ending = typeof json.file_ending === "string" ? json.file_ending : ".nii.gz";
  if (fileKind(`a${ending}`) === undefined) {
    throw new LabError("BAD_DATASET", `${path} says that files end in ${ending}; losskit reads ${READABLE}`);
  }
  const name = typeof json.name === "string" && json.name !== "" ? json.name : basename(folder);
  const training = await findCases(folder, "Tr", channels, ending);
  if (training.length === 0) {
    throw new LabError("EMPTY_DATASET", `${folder} has no images (${ending}) in imagesTr/ and labelsTr/`);
  }
  const hasTest = (await isFolder(join(folder, "imagesTs"))) && (await isFolder(join(folder, "labelsTs")));
  const test = hasTest ? await findCases(folder, "Ts", channels, ending) : [];
  const fold = await readFirstFold(join(folder, FOLDS_FILE), training);
  const ids = (cases: readonly CaseFiles[]) => cases.map(({ id }) => id);
  const divided = divide(ids(training), ids(test), fold, name);
  checkSplits(divided.splits, folder);
  return { name, cases: [...training, ...test], declared, ...divided };
}

function countChannels(json: Readonly<Record<string, unknown>>, path: string): number {
  const names = json.channel_names ?? json.modality;
  const count = typeof names === "object" && names !== null ? Object.keys(names).length : 0;
  if (count > 0) return count;
  throw new LabError(
    "BAD_DATASET",
    `${path} does not name its channels; it needs "channel_names" (version 2) or "modality" (version 1), such as {"0": "MRI"}`,
  );
}

/** Every case that has an image or a mask, so that what lacks the other is found when the files are checked. */
async function findCases(
  folder: string,
  part: "Tr" | "Ts",
  channels: number,
  ending: string,
): Promise<readonly CaseFiles[]> {
  const imageFolder = join(folder, `images${part}`);
  const labelFolder = join(folder, `labels${part}`);
  const stems = async (path: string): Promise<string[]> => {
    const names = (await isFolder(path)) ? await listImages(path) : [];
    return names.flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []));
  };
  const images = await stems(imageFolder);
  const ids = new Set([...images.map((stem) => stem.replace(CHANNEL, "")), ...(await stems(labelFolder))]);
  // Files of the Medical Segmentation Decathlon have one channel and no number.
  const bare = new Set(channels === 1 ? images : []);
  return [...ids].sort().map((id) => ({
    id,
    images: Array.from({ length: channels }, (_, channel) => {
      const number = bare.has(id) ? "" : `_${String(channel).padStart(4, "0")}`;
      return join(imageFolder, `${id}${number}${ending}`);
    }),
    mask: join(labelFolder, `${id}${ending}`),
  }));
}

interface Fold {
  readonly train: readonly string[];
  readonly val: readonly string[];
}

async function readFirstFold(path: string, cases: readonly CaseFiles[]): Promise<Fold | undefined> {
  if (!(await isFile(path))) return undefined;
  const json = await readJson(path);
  const fold = Array.isArray(json) ? json[0] : undefined;
  if (!isFold(fold)) {
    throw new LabError("BAD_DATASET", `${path} should hold a list of folds, each {"train": ["a"], "val": ["b"]}`);
  }
  const known = new Set(cases.map(({ id }) => id));
  const missing = [...fold.train, ...fold.val].filter((id) => !known.has(id));
  if (missing.length === 0) return fold;
  throw new LabError(
    "BAD_DATASET",
    `${path} names cases that are not in imagesTr/ and labelsTr/: ${enumerate(missing)}`,
  );
}

function isFold(value: unknown): value is Fold {
  if (typeof value !== "object" || value === null) return false;
  const { train, val } = value as Partial<Record<keyof Fold, unknown>>;
  return [train, val].every((list) => Array.isArray(list) && list.every((id) => typeof id === "string"));
}

function divide(
  training: readonly string[],
  test: readonly string[],
  fold: Fold | undefined,
  name: string,
): { splits: Splits; splitNote: string } {
  if (test.length > 0) {
    const splits =
      fold === undefined ? { ...takeValidation(training), test } : { train: fold.train, validation: fold.val, test };
    const validation = fold === undefined ? "drawn from the training cases" : `of the first fold of ${FOLDS_FILE}`;
    const splitNote = `Test cases of imagesTs and labelsTs, validation cases ${validation}: ${countSplits(splits)}.`;
    return { splits, splitNote };
  }
  if (fold === undefined) return divideCases(training, name);
  const splits = { ...takeValidation(fold.train), test: fold.val };
  const splitNote =
    `Test cases are the held-out cases of the first fold of ${FOLDS_FILE}; ` +
    `validation cases are drawn from its training cases: ${countSplits(splits)}.`;
  return { splits, splitNote };
}
