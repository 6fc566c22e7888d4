// Data sets in the layout of nnU-Net, versions 1 and 2: dataset.json, imagesTr/, labelsTr/, optionally a test set and folds.

import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import { formatOf, READABLE_ENDINGS } from "../volumes/file-name.js";
import { type CaseFiles, type DatasetFiles, listed } from "./case-files.js";
import { parseClassNames } from "./class-names.js";
import { isFile, isFolder, listImages } from "./image-listing.js";
import { asObject, asString, asStrings, type JsonObject, readJson, readJsonObject } from "./json-file.js";
import { checkSplits, counted, drawSplits, drawValidation, type Splits } from "./splits.js";

export const NNUNET_FILE = "dataset.json";
const FOLDS_FILE = "splits_final.json";

/** The channel of an image file: four digits behind the name of its case. */
const CHANNEL = /_\d{4}$/u;

/**
 * The test cases are those of imagesTs/ and labelsTs/ where both are there, else those held out by the first fold of
 * splits_final.json, else drawn.
 *
 * @param folder that holds the dataset.json
 * @throws LabError BAD_DATASET, EMPTY_DATASET, UNREADABLE_FILE
 */
export async function describeNnunet(folder: string): Promise<DatasetFiles> {
  const path = join(folder, NNUNET_FILE);
  const json = await readJsonObject(path);
  const declaration = parseClassNames(json.labels, `"labels" of ${path}`);
  const channels = countChannels(json, path);
  const ending = json.file_ending === undefined ? ".nii.gz" : asString(json.file_ending, `"file_ending" of ${path}`);
  if (formatOf(`case${ending}`) === undefined) {
    throw new LabError("BAD_DATASET", `${path} says that files end in ${ending}; losskit reads ${READABLE_ENDINGS}`);
  }
  const training = await findCases(folder, "Tr", channels, ending);
  if (training.length === 0) {
    throw new LabError("EMPTY_DATASET", `${folder} has no files *${ending} in imagesTr/ and labelsTr/`);
  }
  const hasTest = (await isFolder(join(folder, "imagesTs"))) && (await isFolder(join(folder, "labelsTs")));
  const test = hasTest ? await findCases(folder, "Ts", channels, ending) : [];
  const fold = await readFirstFold(join(folder, FOLDS_FILE), training);
  const divided = divide(idsOf(training), idsOf(test), fold, folder);
  checkSplits(divided.splits, folder);
  const used = new Set(Object.values(divided.splits).flat());
  const cases = [...training, ...test].filter(({ id }) => used.has(id));
  const name = json.name === undefined ? basename(folder) : asString(json.name, `"name" of ${path}`);
  return { name, cases, declaration, ...divided };
}

const idsOf = (cases: readonly CaseFiles[]): string[] => cases.map(({ id }) => id);

function countChannels(json: JsonObject, path: string): number {
  const field = json.channel_names === undefined ? "modality" : "channel_names";
  const names = Object.keys(asObject(json[field] ?? {}, `"${field}" of ${path}`));
  if (names.length > 0) return names.length;
  throw new LabError(
    "BAD_DATASET",
    `${path} names no channels; it needs "channel_names" (version 2) or "modality" (version 1), such as { "0": "MRI" }`,
  );
}

/** Every case that has an image or a mask, so that a missing partner is found when the files are checked. */
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
  const labels = await stems(labelFolder);
  // The Medical Segmentation Decathlon has the same layout with one image file per case and no channel in its name.
  const unnumbered = new Set(channels === 1 ? images.filter((stem) => labels.includes(stem)) : []);
  // nnU-Net keeps the three channels of a colour PNG in one file, numbered as the first.
  const inOneFile = channels === 3 && formatOf(ending) === "png" && images.every((stem) => stem.endsWith("_0000"));
  const ids = new Set([...images.map((stem) => (unnumbered.has(stem) ? stem : stem.replace(CHANNEL, ""))), ...labels]);
  return [...ids].sort().map((id) => ({
    id,
    images: Array.from({ length: inOneFile ? 1 : channels }, (_, channel) => {
      const number = unnumbered.has(id) ? "" : `_${String(channel).padStart(4, "0")}`;
      return join(imageFolder, `${id}${number}${ending}`);
    }),
    mask: join(labelFolder, `${id}${ending}`),
  }));
}

interface Fold {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

async function readFirstFold(path: string, cases: readonly CaseFiles[]): Promise<Fold | undefined> {
  if (!(await isFile(path))) return undefined;
  const folds = await readJson(path);
  if (!Array.isArray(folds) || folds.length === 0) {
    throw new LabError("BAD_DATASET", `${path} must be a list of folds, each { "train": ["a"], "val": ["b"] }`);
  }
  const first = asObject(folds[0], `the first fold of ${path}`);
  const ids = (field: string) => asStrings(first[field], `"${field}" of the first fold of ${path}`);
  const fold = { train: ids("train"), validation: ids("val") };
  const known = new Set(idsOf(cases));
  const absent = [...fold.train, ...fold.validation].filter((id) => !known.has(id));
  if (absent.length === 0) return fold;
  throw new LabError("BAD_DATASET", `${path} names cases that imagesTr/ and labelsTr/ do not have: ${listed(absent)}`);
}

function divide(
  training: readonly string[],
  test: readonly string[],
  fold: Fold | undefined,
  folder: string,
): { splits: Splits; splitNote: string } {
  if (test.length > 0) {
    const splits = { ...(fold ?? drawValidation(training)), test };
    const validation = fold === undefined ? "drawn from imagesTr" : `of the first fold of ${FOLDS_FILE}`;
    return { splits, splitNote: `${counted(splits)}; test cases of imagesTs, validation cases ${validation}.` };
  }
  if (fold === undefined) return drawSplits(training, folder);
  const splits = { ...drawValidation(fold.train), test: fold.validation };
  const splitNote =
    `${counted(splits)}; the test cases are those held out by the first fold of ${FOLDS_FILE}, ` +
    "the validation cases are drawn from its training cases.";
  return { splits, splitNote };
}
