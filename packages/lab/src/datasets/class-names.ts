// Which label of a mask is which class: as a file declares it, and as the user selects by name.

import { nearest } from "losskit";
import { LabError } from "../errors.js";
import { listed } from "./case-files.js";
import type { JsonObject } from "./json-file.js";

/** The classes of a data set by the value that its masks have there. */
export interface ClassDeclaration {
  /** Name by label value, in the order declared; the background, 0, is left out. */
  readonly names: ReadonlyMap<number, string>;
  /** Value of voxels that count neither in the loss nor in the metrics. */
  readonly ignore?: number;
  /** How to declare other labels, for messages. */
  readonly advice: string;
}

/** The classes that are trained: class `classes[i]` has label i + 1. */
export interface ClassSelection {
  readonly declaration: ClassDeclaration;
  readonly classes: readonly string[];
  /** Label of each declared value; 0 for the background and for classes that are not selected. */
  readonly labelOfValue: ReadonlyMap<number, number>;
}

/** Masks have at most 16 bits. */
export const MAX_LABEL_VALUE = 65535;
/** Label maps are bytes, in which 255 marks voxels that are ignored and 254 those not declared. */
const MAX_CLASSES = 253;

/**
 * Reads the names of classes in any of three forms: `{ "0": "background", "1": "vessel" }`, `{ "background": 0, "vessel": 1 }`,
 * or `["vessel", …]` for the labels 1, 2, …. Label 0 is the background whatever its name; "ignore" marks voxels that do not count.
 *
 * @param where names the file and field, for messages
 * @throws LabError BAD_DATASET
 */
export function parseClassNames(value: unknown, where: string): ClassDeclaration {
  const pairs = Array.isArray(value) ? fromList(value, where) : fromObject(value, where);
  const names = new Map<number, string>();
  const taken = new Set<string>();
  let ignore: number | undefined;
  for (const [label, name] of pairs) {
    if (!Number.isInteger(label) || label < 0 || label > MAX_LABEL_VALUE) {
      throw new LabError(
        "BAD_DATASET",
        `${where}: the label of "${name}" is ${label}; it must be 0 to ${MAX_LABEL_VALUE}`,
      );
    }
    if (names.has(label) || ignore === label) {
      throw new LabError("BAD_DATASET", `${where}: label ${label} has two names; give each label one`);
    }
    if (taken.has(comparable(name))) {
      throw new LabError("BAD_DATASET", `${where}: two labels have the name "${name}"; give each its own`);
    }
    if (label === 0) continue;
    if (comparable(name) === "ignore") ignore = label;
    else {
      names.set(label, name);
      taken.add(comparable(name));
    }
  }
  if (names.size === 0) {
    throw new LabError("BAD_DATASET", `${where} names no class besides the background, 0; add at least one`);
  }
  return { names, ignore, advice: `correct the mask, or declare the label in ${where}` };
}

function fromList(value: readonly unknown[], where: string): [number, string][] {
  if (!value.every((name) => typeof name === "string" && name.trim() !== "")) {
    throw new LabError("BAD_DATASET", `${where} must be a list of class names, of the labels 1, 2, …`);
  }
  const names = value as readonly string[];
  const first = names[0] !== undefined && comparable(names[0]) === "background" ? 0 : 1;
  return names.map((name, index) => [index + first, name]);
}

function fromObject(value: unknown, where: string): [number, string][] {
  if (typeof value !== "object" || value === null) {
    throw new LabError(
      "BAD_DATASET",
      `${where} must name the classes by label, for example { "0": "background", "1": "vessel" }`,
    );
  }
  return Object.entries(value as JsonObject).map(([key, other]) => {
    if (/^\d+$/u.test(key) && typeof other === "string" && other.trim() !== "") return [Number(key), other];
    if (typeof other === "number" && key.trim() !== "") return [other, key];
    if (Array.isArray(other) && other.every((label) => typeof label === "number")) {
      throw new LabError(
        "BAD_DATASET",
        `${where}: "${key}" is a region of several labels (${listed(other)}); losskit trains on single labels: give each class one`,
      );
    }
    throw new LabError("BAD_DATASET", `${where}: "${key}" must give the name of a label, or the label of a name`);
  });
}

/**
 * The classes with the given names, in the order given, spaces, hyphens, underscores and capitals aside; all declared classes
 * when no names are given.
 *
 * @throws LabError UNKNOWN_CLASS with the nearest name there is; USAGE for a class named twice
 */
export function selectClasses(declaration: ClassDeclaration, wanted?: readonly string[]): ClassSelection {
  const declared = [...declaration.names];
  const values = wanted === undefined ? declared.map(([value]) => value) : wanted.map((name) => find(name, declared));
  if (values.length === 0) throw new LabError("USAGE", `no class is selected; the classes are ${quoted(declared)}`);
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) {
    throw new LabError("USAGE", `the class "${declaration.names.get(twice)}" is selected twice; name each class once`);
  }
  if (values.length > MAX_CLASSES) {
    throw new LabError(
      "USAGE",
      `${values.length} classes are selected; at most ${MAX_CLASSES} can be trained together`,
    );
  }
  const labelOfValue = new Map<number, number>([[0, 0]]);
  for (const value of declaration.names.keys()) labelOfValue.set(value, values.indexOf(value) + 1);
  return { declaration, classes: values.map((value) => declaration.names.get(value)!), labelOfValue };
}

function find(name: string, declared: readonly (readonly [number, string])[]): number {
  const match = declared.find(([, other]) => comparable(other) === comparable(name));
  if (match !== undefined) return match[0];
  const similar = nearest(
    name,
    declared.map(([, other]) => other),
  );
  const hint = similar === undefined ? "" : `; did you mean "${similar}"?`;
  const background = comparable(name) === "background" ? " (the background is always there and is not selected)" : "";
  throw new LabError(
    "UNKNOWN_CLASS",
    `there is no class "${name}"${hint}${background}; the classes are ${quoted(declared)}`,
  );
}

const comparable = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]+/gu, "");

const quoted = (declared: readonly (readonly [number, string])[]): string =>
  listed(
    declared.map(([, name]) => `"${name}"`),
    20,
  );
