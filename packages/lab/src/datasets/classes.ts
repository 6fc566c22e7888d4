// Which label values a data set has, what they are called, and which of them are selected.

import { nearest } from "losskit";
import { LabError } from "../errors.js";

/** The labels a mask of the data set may hold. */
export interface DeclaredClasses {
  /** Name of each label value but 0, which is the background, in ascending order of value. */
  readonly names: ReadonlyMap<number, string>;
  /** Label of voxels that count nowhere, as nnU-Net has it. */
  readonly ignore?: number;
  /** How to declare another label, for errors. */
  readonly howToDeclare: string;
}

/** Label 255 is the one the lab keeps for voxels that do not count. */
const MAX_CLASSES = 254;

/**
 * Checks pairs of label value and name.
 *
 * @param file where they were declared, for errors
 * @throws LabError BAD_DATASET
 */
export function declareClasses(
  pairs: readonly (readonly [value: number, name: string])[],
  file: string,
  ignore?: number,
): DeclaredClasses {
  const broken = (problem: string) =>
    new LabError(
      "BAD_DATASET",
      `the classes in ${file} cannot be used: ${problem}; declare them as {"0": "background", "1": "lesion", …}`,
    );
  const names = new Map<number, string>();
  const seen = new Map<string, string>();
  for (const [value, name] of [...pairs].sort(([a], [b]) => a - b)) {
    if (!Number.isInteger(value) || value < 0)
      throw broken(`the label of "${name}" is not a whole number of 0 or more`);
    const key = classKey(name);
    if (key === "") throw broken(`label ${value} has an empty name`);
    if (value === 0) {
      if (key !== "background") throw broken(`label 0 is the background, and here it is called "${name}"`);
      continue;
    }
    if (key === "background") throw broken(`"${name}" has label ${value}; the background must be 0`);
    if (names.has(value)) throw broken(`label ${value} is declared twice`);
    const twin = seen.get(key);
    if (twin !== undefined) throw broken(`two labels have the same name: "${twin}" and "${name}"`);
    seen.set(key, name);
    names.set(value, name);
  }
  if (names.size === 0) throw broken("there is no class besides the background");
  if (names.size > MAX_CLASSES) throw broken(`there are ${names.size} classes; at most ${MAX_CLASSES} are allowed`);
  if (ignore !== undefined && names.has(ignore)) throw broken(`label ${ignore} is both a class and ignored`);
  return { names, ignore, howToDeclare: `declare it in ${file}, or correct the mask` };
}

/**
 * Reads classes written as an object, by value (`{"1": "lesion"}`) or by name (`{"lesion": 1}`, with an optional "ignore").
 *
 * @throws LabError BAD_DATASET
 */
export function parseClasses(json: unknown, file: string): DeclaredClasses {
  const broken = (problem: string) =>
    new LabError("BAD_DATASET", `${problem} in ${file}; declare classes as {"0": "background", "1": "lesion", …}`);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw broken("there are no classes");
  const pairs: [number, string][] = [];
  let ignore: number | undefined;
  for (const [key, entry] of Object.entries(json)) {
    if (Array.isArray(entry)) {
      throw broken(
        `"${key}" joins several labels (a region), which is not supported: give each label a name of its own`,
      );
    }
    const byValue = /^\d+$/u.test(key) && typeof entry === "string";
    if (!byValue && typeof entry !== "number")
      throw broken(`"${key}": ${JSON.stringify(entry)} is no label with a name`);
    if (!byValue && classKey(key) === "ignore") ignore = Number(entry);
    else pairs.push(byValue ? [Number(key), entry] : [Number(entry), key]);
  }
  return declareClasses(pairs, file, ignore);
}

export interface ClassSelection {
  /** Names of the selected classes, in the order of their label values. */
  readonly classes: readonly string[];
  /** For each label value a mask may hold: the label it gets, 0 for the background and for what is not selected. */
  readonly labelOf: ReadonlyMap<number, number>;
}

/**
 * Selects classes by name; case does not count, and spaces, hyphens and underscores are equal.
 *
 * @param wanted names; all classes without it
 * @throws LabError UNKNOWN_CLASS, with the nearest name there is
 */
export function selectClasses({ names }: DeclaredClasses, wanted?: readonly string[]): ClassSelection {
  const known = [...names.values()];
  const keys = new Map(known.map((name) => [classKey(name), name]));
  const selected = new Set<string>();
  for (const name of wanted ?? known) {
    const match = keys.get(classKey(name));
    if (match === undefined) throw unknownClass(name, known);
    selected.add(match);
  }
  if (selected.size === 0) {
    throw new LabError("UNKNOWN_CLASS", `no class is selected; there are: ${known.join(", ")}`);
  }
  const labelOf = new Map([[0, 0]]);
  const classes: string[] = [];
  for (const [value, name] of names) {
    if (selected.has(name)) classes.push(name);
    labelOf.set(value, selected.has(name) ? classes.length : 0);
  }
  return { classes, labelOf };
}

function unknownClass(name: string, known: readonly string[]): LabError {
  const similar = nearest(classKey(name), known.map(classKey));
  const suggestion = known.find((candidate) => classKey(candidate) === similar);
  const hint = suggestion === undefined ? "" : `; did you mean "${suggestion}"?`;
  const none = classKey(name) === "background" ? " to select; the background is what is not selected" : hint;
  const end = none.endsWith("?") ? "" : ".";
  return new LabError("UNKNOWN_CLASS", `there is no class "${name}"${none}${end} There are: ${known.join(", ")}`);
}

/** What of a name counts. */
function classKey(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/gu, "-");
}
