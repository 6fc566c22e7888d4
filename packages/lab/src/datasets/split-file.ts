// Data sets described by a split.json: patterns of file names, classes, and the cases of each split.

import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import type { DatasetFiles } from "./case-files.js";
import { parseClassNames } from "./class-names.js";
import { asObject, asString, asStrings, type JsonObject, readJsonObject } from "./json-file.js";
import { checkSplits, counted, type Splits } from "./splits.js";

export const SPLIT_FILE = "split.json";

/** What stands for the name of a case in a pattern. */
const ID = "{id}";

/**
 * Reads `{ "image": "images/{id}.png", "mask": "masks/{id}.png", "classes": { "0": "background", "1": "vessel" },
 * "splits": { "train": ["a"], "val": ["b"], "test": ["c"] } }`; "name", "roi" (a pattern) and "grouping" (a sentence for the
 * report) are optional, and other fields are passed over.
 *
 * @param folder that holds the split.json
 * @throws LabError BAD_DATASET, EMPTY_DATASET, UNREADABLE_FILE
 */
export async function describeSplitFile(folder: string): Promise<DatasetFiles> {
  const path = join(folder, SPLIT_FILE);
  const json = await readJsonObject(path);
  const image = pattern(json, "image", path);
  const mask = pattern(json, "mask", path);
  const roi = json.roi === undefined ? undefined : pattern(json, "roi", path);
  const declaration = parseClassNames(json.classes, `"classes" of ${path}`);
  const splits = readSplits(asObject(json.splits, `"splits" of ${path}`), path);
  checkSplits(splits, path);

  const file = (of: string, id: string) =>
    join(
      folder,
      of.replaceAll(ID, () => id),
    );
  const cases = [...splits.train, ...splits.validation, ...splits.test].map((id) => ({
    id,
    images: [file(image, id)],
    mask: file(mask, id),
    ...(roi !== undefined && { regionOfInterest: file(roi, id) }),
  }));
  const name = json.name === undefined ? basename(folder) : asString(json.name, `"name" of ${path}`);
  const grouping = typeof json.grouping === "string" ? `; ${json.grouping.replace(/\.$/u, "")}` : "";
  const splitNote = `${counted(splits)}, as given in ${SPLIT_FILE}${grouping}.`;
  return { name, cases, declaration, splits, splitNote };
}

function pattern(json: JsonObject, field: string, path: string): string {
  const value = asString(json[field], `"${field}" of ${path}`);
  if (value.includes(ID)) return value;
  throw new LabError(
    "BAD_DATASET",
    `"${field}" of ${path} is "${value}"; it must hold ${ID} in place of the name of a case`,
  );
}

function readSplits(json: JsonObject, path: string): Splits {
  const unknown = Object.keys(json).find((key) => !["train", "val", "validation", "test"].includes(key));
  if (unknown !== undefined) {
    throw new LabError("BAD_DATASET", `"splits" of ${path} has "${unknown}"; allowed are train, val and test`);
  }
  const ids = (field: string) => asStrings(json[field] ?? [], `"splits"."${field}" of ${path}`);
  return { train: ids("train"), validation: ids(json.val === undefined ? "validation" : "val"), test: ids("test") };
}
