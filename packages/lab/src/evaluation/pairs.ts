// Which prediction belongs to which reference: two files, two folders matched by name, an nnU-Net data set, or a CSV of pairs.

import { dirname, join, resolve } from "node:path";
import { listed } from "../datasets/case-files.js";
import { isFile, isFolder, listScored } from "../datasets/image-listing.js";
import { LabError } from "../errors.js";
import { SCORED_ENDINGS, scoredFormatOf, stemOf } from "../volumes/file-name.js";
import { readPairList } from "./pair-list.js";
import { type ReferenceFolders, referenceFolders } from "./reference-folder.js";

/** A reference and a prediction of the same case, as absolute paths. */
export interface Pair {
  /** Unique among the pairs. */
  readonly case: string;
  readonly reference: string;
  readonly prediction: string;
}

export interface Pairs {
  /** By case, sorted. */
  readonly pairs: readonly Pair[];
  /** Names of references without a prediction and of predictions without a reference; both empty unless these may be missing. */
  readonly withoutPrediction: readonly string[];
  readonly withoutReference: readonly string[];
  /** The dataset.json, classes.json or split.json that names the labels; undefined where none is there. */
  readonly labelFile?: string;
  /** Folders that may hold the images of the cases. */
  readonly imageFolders: readonly string[];
}

/** What tells a mask from its image in a file's name; predictions may lack it. */
const SUFFIX = /_(?:masks?|seg|segmentation|labels?|gt|pred|prediction)$/iu;
/** The channel that nnU-Net writes behind the name of an image's first file; its label maps have none. */
const FIRST_CHANNEL = /_0000$/u;

/**
 * Finds the pairs.
 *
 * Folders: files match when their names without the ending are the same. Of those left over, names match without a `_0000` (nnU-Net's first
 * channel) or a suffix such as `_mask` or `_seg` behind them, as long as only one file has that name then.
 *
 * @param reference file, folder, data set folder, or a .csv of pairs (then there is no prediction)
 * @param options `allowMissing`: leave out what has no partner, in place of an error; `probabilities`: predictions are probability maps
 * @throws LabError USAGE where the two do not go together; MISSING_MASK naming what has no partner; EMPTY_DATASET, BAD_DATASET,
 *   UNREADABLE_FILE
 */
export async function findPairs(
  reference: string,
  prediction: string | undefined,
  { allowMissing = false, probabilities }: { readonly allowMissing?: boolean; readonly probabilities?: object } = {},
): Promise<Pairs> {
  if (/\.csv$/iu.test(reference)) {
    if (prediction !== undefined) {
      throw new LabError("USAGE", `${reference} names both files of every pair; leave ${prediction} away`);
    }
    return { pairs: await readPairList(reference), withoutPrediction: [], withoutReference: [], imageFolders: [] };
  }
  if (prediction === undefined) {
    throw new LabError(
      "USAGE",
      `PREDICTION is missing; give REFERENCE and PREDICTION, or one .csv with the columns reference and prediction`,
    );
  }
  const [referenceKind, predictionKind] = [await kindOf(reference), await kindOf(prediction)];
  if (referenceKind !== predictionKind) {
    throw new LabError(
      "USAGE",
      `${reference} is a ${referenceKind} and ${prediction} a ${predictionKind}; give two of a kind`,
    );
  }
  return referenceKind === "file"
    ? pairOfFiles(resolve(reference), resolve(prediction))
    : pairsOfFolders(resolve(reference), resolve(prediction), allowMissing, probabilities !== undefined);
}

async function kindOf(path: string): Promise<"file" | "folder"> {
  if (await isFolder(path)) return "folder";
  if (await isFile(path)) return "file";
  throw new LabError("UNREADABLE_FILE", `cannot read ${path}: there is no such file or folder`);
}

async function pairOfFiles(reference: string, prediction: string): Promise<Pairs> {
  for (const path of [reference, prediction]) {
    if (scoredFormatOf(path) === undefined) {
      throw new LabError("UNREADABLE_FILE", `cannot read ${path}: losskit reads ${SCORED_ENDINGS}`);
    }
  }
  const { labelFile, imageFolders } = await referenceFolders(dirname(reference), dirname(prediction), true);
  return {
    pairs: [{ case: stemOf(reference), reference, prediction }],
    withoutPrediction: [],
    withoutReference: [],
    labelFile,
    imageFolders,
  };
}

async function pairsOfFolders(
  reference: string,
  prediction: string,
  allowMissing: boolean,
  probabilities: boolean,
): Promise<Pairs> {
  const found = await referenceFolders(reference, prediction);
  const predictions = await filesByStem(prediction, probabilities);
  if (predictions.size === 0) throw nothingIn(prediction, "predictions");
  const references = await referencesFor(found, predictions);
  if (references.size === 0) throw nothingIn(found.labelFolders.join(" and "), "references");
  const partners = matchNames([...references.keys()], [...predictions.keys()]);
  const taken = new Set(partners.values());
  const withoutPrediction = [...references.keys()].filter((stem) => !partners.has(stem));
  const withoutReference = [...predictions.keys()].filter((stem) => !taken.has(stem));
  if (!allowMissing) refuseMissing(found, prediction, references, predictions, withoutPrediction, withoutReference);
  const pairs = [...partners].map(([stem, partner]) => ({
    case: stem,
    reference: references.get(stem)!,
    prediction: predictions.get(partner)!,
  }));
  if (pairs.length === 0) {
    throw new LabError(
      "MISSING_MASK",
      `no file of ${prediction} has the name of a file of ${found.labelFolders.join(" or ")} (such as ${listed(withoutReference, 2)}, ` +
        `and ${listed(withoutPrediction, 2)}); give the pairs in a .csv with the columns reference and prediction`,
    );
  }
  pairs.sort((a, b) => (a.case < b.case ? -1 : 1));
  return { pairs, withoutPrediction, withoutReference, labelFile: found.labelFile, imageFolders: found.imageFolders };
}

const nothingIn = (folder: string, what: string) =>
  new LabError("EMPTY_DATASET", `${folder} has no ${what} (${SCORED_ENDINGS})`);

/**
 * Of a data set with labelsTr/ and labelsTs/ the folders that have a file of the predictions: predictions are of one of the two, and
 * the other is not missing.
 */
async function referencesFor(
  { labelFolders }: ReferenceFolders,
  predictions: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const folders = await Promise.all(labelFolders.map((folder) => filesByStem(folder, false)));
  const matching = folders.filter((files) => matchNames([...files.keys()], [...predictions.keys()]).size > 0);
  const references = new Map<string, string>();
  for (const files of matching.length > 0 ? matching : folders) {
    for (const [stem, path] of files) {
      const other = references.get(stem);
      if (other !== undefined) {
        throw new LabError(
          "BAD_DATASET",
          `${other} and ${path} are of one name; give one of their folders as REFERENCE`,
        );
      }
      references.set(stem, path);
    }
  }
  return references;
}

/** Path of each file of a folder by its name without the ending. nnU-Net writes probabilities beside the label map, under its name. */
async function filesByStem(folder: string, probabilities: boolean): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const isPreferred = (file: string) => (scoredFormatOf(file) === "npz") === probabilities;
  for (const name of (await listScored(folder)).sort((a, b) => Number(isPreferred(b)) - Number(isPreferred(a)))) {
    const stem = stemOf(name);
    const other = files.get(stem);
    if (other !== undefined && isPreferred(other) !== isPreferred(name)) continue;
    if (other !== undefined) {
      throw new LabError("BAD_DATASET", `${folder} has two files for ${stem}: ${other} and ${name}; keep one`);
    }
    files.set(stem, join(folder, name));
  }
  return files;
}

/** The prediction of each reference that has one, by name. */
export function matchNames(references: readonly string[], predictions: readonly string[]): Map<string, string> {
  const partners = new Map<string, string>();
  const exact = new Set(predictions);
  for (const name of references) if (exact.has(name)) partners.set(name, name);
  const shorten = (name: string) => name.replace(FIRST_CHANNEL, "").replace(SUFFIX, "");
  const byShortName = new Map<string, { references: string[]; predictions: string[] }>();
  const entry = (name: string) => {
    const short = shorten(name);
    const found = byShortName.get(short) ?? { references: [], predictions: [] };
    byShortName.set(short, found);
    return found;
  };
  for (const name of references) if (!partners.has(name)) entry(name).references.push(name);
  for (const name of predictions) if (!partners.has(name)) entry(name).predictions.push(name);
  for (const left of byShortName.values()) {
    const [[only, other], [partner, another]] = [left.references, left.predictions];
    if (only !== undefined && partner !== undefined && other === undefined && another === undefined) {
      partners.set(only, partner);
    }
  }
  return partners;
}

function refuseMissing(
  { labelFolders }: ReferenceFolders,
  predictionFolder: string,
  references: ReadonlyMap<string, string>,
  predictions: ReadonlyMap<string, string>,
  withoutPrediction: readonly string[],
  withoutReference: readonly string[],
): void {
  const problems = [
    ...(withoutPrediction.length > 0
      ? [
          `${withoutPrediction.length} of ${references.size} references have no prediction: ${listed(withoutPrediction)}`,
        ]
      : []),
    ...(withoutReference.length > 0
      ? [`${withoutReference.length} of ${predictions.size} predictions have no reference: ${listed(withoutReference)}`]
      : []),
  ];
  if (problems.length === 0) return;
  throw new LabError(
    "MISSING_MASK",
    `${labelFolders.join(", ")} and ${predictionFolder}: ${problems.join("; ")}. A prediction has the name of its reference, the ending ` +
      "may differ; with --allow-missing those without a partner are left out",
  );
}
