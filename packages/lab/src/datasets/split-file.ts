// Data sets described by a split.json: file-name patterns, classes, and the cases of each split.

import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import { parseClasses } from "./classes.js";
import type { CaseFiles, FileDatasetDescription } from "./file-dataset.js";
import { readJsonObject } from "./files.js";
import { checkSplits, countSplits, type Splits } from "./splits.js";

export const SPLIT_FILE = "split.json";

const FORM =
  'it needs "image" and "mask" (patterns such as "images/{id}.png"), "classes" ({"0": "background", "1": "lesion"}) and ' +
  '"splits" ({"train": ["a"], "val": ["b"], "test": ["c"]}); "roi" (a pattern) is optional';

/**
 * @param folder that holds the split.json
 * @throws LabError BAD_DATASET, EMPTY_DATASET, UNREADABLE_FILE
 */
export async function describeSplitFile(folder: string): Promise<FileDatasetDescription> {
  const path = join(folder, SPLIT_FILE);
  const json = await readJsonObject(path);
  const broken = (problem: string) => new LabError("BAD_DATASET", `${path} cannot be used: ${problem}; ${FORM}`);
  const pattern = (key: string): string => {
    const value = json[key];
    if (typeof value === "string" && value.includes("{id}")) return value;
    throw broken(`"${key}" is ${value === undefined ? "missing" : JSON.stringify(value)}, not a pattern with {id}`);
  };
  const image = pattern("image");
  const mask = pattern("mask");
  const roi = json.roi === undefined ? undefined : pattern("roi");
  if (json.classes === undefined) throw broken('"classes" is missing');
  const declared = parseClasses(json.classes, path);

  const splits = readSplits(json.splits, broken);
  checkSplits(splits, path);
  const file = (of: string, id: string) =>
    join(
      folder,
      of.replaceAll("{id}", () => id),
    );
  const cases: CaseFiles[] = [...splits.train, ...splits.validation, ...splits.test].map((id) => ({
    id,
    images: [file(image, id)],
    mask: file(mask, id),
    ...(roi !== undefined && { regionOfInterest: file(roi, id) }),
  }));
  const name = typeof json.name === "string" && json.name !== "" ? json.name : basename(folder);
  const grouping = typeof json.grouping === "string" ? ` ${sentence(json.grouping)}` : "";
  const splitNote = `Splits as given in ${SPLIT_FILE}: ${countSplits(splits)}.${grouping}`;
  return { name, cases, declared, splits, splitNote };
}

function readSplits(json: unknown, broken: (problem: string) => LabError): Splits {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw broken('"splits" is missing');
  const lists = new Map<string, unknown>(Object.entries(json));
  const unknown = [...lists.keys()].find((key) => !["train", "val", "validation", "test"].includes(key));
  if (unknown !== undefined) throw broken(`"splits" has "${unknown}"; allowed are train, val and test`);
  const ids = (key: string): string[] => {
    const list = lists.get(key) ?? [];
    if (Array.isArray(list) && list.every((id) => typeof id === "string" && id !== "")) return list;
    throw broken(`"splits"."${key}" is not a list of case names`);
  };
  return { train: ids("train"), validation: ids(lists.has("val") ? "val" : "validation"), test: ids("test") };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/u, ".")}`;
