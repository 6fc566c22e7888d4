// What is scored: the labels and regions of a data set by name, from its dataset.json, the command line, or the label maps themselves.

import { basename } from "node:path";
import { nearest } from "losskit";
import { listed } from "../datasets/case-files.js";
import { MAX_LABEL_VALUE } from "../datasets/class-names.js";
import { asObject, asStrings, readJson } from "../datasets/json-file.js";
import { LabError } from "../errors.js";

/** A label, or a region of several labels that are one structure. */
export interface Structure {
  readonly name: string;
  /** Values in the label maps, ascending. */
  readonly labels: readonly number[];
}

export interface Structures {
  /** Undefined: every label that is found is a structure of its own. */
  readonly structures?: readonly Structure[];
  /** Voxels with this value in the reference do not count. */
  readonly ignore?: number;
}

/** Where a file of a data set names its labels; a classes.json does nothing else. */
const FIELDS: Readonly<Record<string, string>> = { "dataset.json": "labels", "split.json": "classes" };

/**
 * Structures of the "labels" of a dataset.json (either version of nnU-Net, with regions), of a classes.json, or of the "classes" of a split.json. Label 0, the background, is not
 * one; "ignore" is the label of voxels that do not count.
 *
 * @throws LabError BAD_DATASET, UNREADABLE_FILE
 */
export async function structuresOfFile(path: string): Promise<Structures> {
  const json = await readJson(path);
  const field = FIELDS[basename(path)];
  const labels = field === undefined ? json : asObject(json, path)[field];
  const where = field === undefined ? path : `"${field}" of ${path}`;
  const entries = Array.isArray(labels)
    ? listEntries(asStrings(labels, where))
    : Object.entries(asObject(labels, where)).map(([key, value]) => fileEntry(key, value, where));
  let ignore: number | undefined;
  const structures: Structure[] = [];
  for (const [name, values] of entries) {
    for (const value of values) checkLabel(value, `${where}: "${name}"`, "BAD_DATASET");
    if (name.toLowerCase() === "ignore") {
      if (values.length > 1) {
        throw new LabError("BAD_DATASET", `${where}: "${name}" has ${values.length} labels; one value can be ignored`);
      }
      ignore = values[0];
    } else if (values.some((value) => value !== 0)) structures.push(structure(name, values));
  }
  if (structures.length === 0) throw new LabError("BAD_DATASET", `${where} names no label besides the background`);
  checkNames(structures, where, "BAD_DATASET");
  return { structures, ...(ignore !== undefined && { ignore }) };
}

/** Names of the labels 1, 2, …, or of 0, 1, … where the first is the background. */
function listEntries(names: readonly string[]): [string, number[]][] {
  const first = names[0]?.toLowerCase() === "background" ? 0 : 1;
  return names.map((name, index) => [name, [index + first]]);
}

/** Version 2 has labels by name, or lists of them for regions; version 1 names by label. */
function fileEntry(key: string, value: unknown, where: string): [string, number[]] {
  const isName = key.trim() !== "";
  if (isName && typeof value === "number") return [key, [value]];
  if (isName && Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "number")) {
    return [key, value];
  }
  if (/^\d+$/u.test(key) && typeof value === "string" && value.trim() !== "") return [value, [Number(key)]];
  throw new LabError("BAD_DATASET", `${where}: "${key}" must give a label, a list of labels, or the name of a label`);
}

/**
 * Structures of `--labels 1=liver,2=tumour`; a label without a name, as in `--labels 1,2`, is named by its number. A name that the data set
 * has stands for its label: `--labels liver`.
 *
 * @throws LabError USAGE
 */
export function parseLabels(items: readonly string[], known: readonly Structure[] = []): Structure[] {
  const structures = items.map((item): Structure => {
    const [label, name = label, ...rest] = item.split("=").map((part) => part.trim());
    const found = known.find((one) => one.name === item);
    if (found !== undefined) return found;
    if (rest.length > 0 || !/^\d+$/u.test(label!) || name === "") {
      throw new LabError("USAGE", `--labels has "${item}"; write ${howToName(item, known)}`);
    }
    checkLabel(Number(label), `--labels "${item}"`, "USAGE");
    return checkScored(structure(name!, [Number(label)]), `--labels "${item}"`);
  });
  checkNames(structures, "--labels", "USAGE");
  return structures;
}

function howToName(item: string, known: readonly Structure[]): string {
  if (known.length === 0) return "LABEL=NAME, as in --labels 1=liver,2=tumour";
  const names = known.map(({ name }) => name);
  const near = nearest(item, names);
  return `${near ? `${near}?, or ` : ""}one of ${listed(names, 20)}, or LABEL=NAME`;
}

/**
 * Structures of `--regions whole=1+2,core=2`; labels may be given by name.
 *
 * @throws LabError USAGE
 */
export function parseRegions(items: readonly string[], known: readonly Structure[] = []): Structure[] {
  return items.map((item): Structure => {
    const [name, members = "", ...rest] = item.split("=").map((part) => part.trim());
    const labels = members.split("+").flatMap((member): readonly number[] => {
      const found = known.find((one) => one.name === member.trim());
      if (found !== undefined) return found.labels;
      return /^\s*\d+\s*$/u.test(member) ? [Number(member)] : [Number.NaN];
    });
    if (rest.length > 0 || name === "" || labels.some(Number.isNaN)) {
      throw new LabError("USAGE", `--regions has "${item}"; write NAME=LABEL+LABEL, as in --regions whole=1+2`);
    }
    for (const label of labels) checkLabel(label, `--regions "${item}"`, "USAGE");
    return checkScored(structure(name!, labels), `--regions "${item}"`);
  });
}

/** Labels and regions together must have a name each. */
export function checkNames(structures: readonly Structure[], where: string, code: "USAGE" | "BAD_DATASET"): void {
  const taken = new Set<string>();
  for (const { name } of structures) {
    if (taken.has(name))
      throw new LabError(code, `${where}: two structures have the name "${name}"; give each its own`);
    taken.add(name);
  }
}

const structure = (name: string, labels: readonly number[]): Structure => ({
  name,
  labels: [...new Set(labels)].filter((label) => label !== 0).sort((a, b) => a - b),
});

/** A structure of one label; its name is its number where nothing names it. */
export const structureOf = (label: number, name = String(label)): Structure => ({ name, labels: [label] });

/** A structure in a sentence: one without a name is "label 3". */
export const spoken = (name: string): string => (/^\d+$/u.test(name) ? `label ${name}` : name);

/** Of a label that somebody asks for by name or number. */
function checkScored(one: Structure, where: string): Structure {
  if (one.labels.length > 0) return one;
  throw new LabError("USAGE", `${where}: the label 0 is the background, which is not scored; name another`);
}

function checkLabel(label: number, where: string, code: "USAGE" | "BAD_DATASET"): void {
  if (Number.isInteger(label) && label >= 0 && label <= MAX_LABEL_VALUE) return;
  throw new LabError(code, `${where}: the label is ${label}; it is a whole number from 0 to ${MAX_LABEL_VALUE}`);
}
