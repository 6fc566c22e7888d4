// From the values in a mask's file to the labels 0, 1, …, n that training and metrics work on.

import { LabError } from "../errors.js";
import { listed } from "./case-files.js";
import { type ClassSelection, MAX_LABEL_VALUE } from "./class-names.js";

export interface LabelMap {
  /** Class index per voxel. */
  readonly labels: Uint8Array;
  /** 1 where a voxel counts; absent when the mask marks none as ignored. */
  readonly counts?: Uint8Array;
}

const UNDECLARED = 254;
const IGNORED = 255;

/**
 * Maps the values of a mask to the selected classes. Where the data set has one class, with label 1, a mask may also be 0 and
 * `white` (255 in 8 bits), the usual form of binary masks.
 *
 * @param white largest value the file's pixels can have; undefined where it means nothing (palette indices)
 * @throws LabError UNDECLARED_LABEL naming the file, the values and what is allowed
 */
export function mapLabels(
  values: ArrayLike<number>,
  selection: ClassSelection,
  file: string,
  white?: number,
): LabelMap {
  const { declaration, labelOfValue } = selection;
  const table = new Uint8Array(MAX_LABEL_VALUE + 1).fill(UNDECLARED);
  for (const [value, label] of labelOfValue) table[value] = label;
  if (declaration.ignore !== undefined) table[declaration.ignore] = IGNORED;
  const whiteMeansOne = isBinary(selection) && white !== undefined && white > 1 && table[white] === UNDECLARED;
  if (whiteMeansOne) table[white] = table[1]!;

  const labels = new Uint8Array(values.length);
  const present = new Uint8Array(MAX_LABEL_VALUE + 1);
  const undeclared = new Map<number, number>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const label = Number.isInteger(value) && value >= 0 && value <= MAX_LABEL_VALUE ? table[value]! : UNDECLARED;
    if (label === UNDECLARED) undeclared.set(value, (undeclared.get(value) ?? 0) + 1);
    else present[value] = 1;
    labels[i] = label;
  }
  if (undeclared.size > 0) throw undeclaredLabels(undeclared, selection, file, whiteMeansOne ? white : undefined);
  if (whiteMeansOne && present[1] === 1 && present[white] === 1) {
    throw new LabError(
      "UNDECLARED_LABEL",
      `${file} has both 1 and ${white}; a mask of one class has 0 and one of the two: ${declaration.advice}`,
    );
  }
  if (declaration.ignore === undefined || present[declaration.ignore] === 0) return { labels };
  const counts = labels.map((label) => (label === IGNORED ? 0 : 1));
  return { labels: labels.map((label) => (label === IGNORED ? 0 : label)), counts };
}

function isBinary({ declaration: { names } }: ClassSelection): boolean {
  return names.size === 1 && names.has(1);
}

function undeclaredLabels(
  found: ReadonlyMap<number, number>,
  { declaration }: ClassSelection,
  file: string,
  white: number | undefined,
): LabError {
  const values = [...found].sort(([a], [b]) => a - b).map(([value, count]) => `${value} (${count} voxels)`);
  const allowed = ["0 (background)", ...[...declaration.names].map(([value, name]) => `${value} (${name})`)];
  if (white !== undefined) allowed.push(`or ${white} in place of 1`);
  if (declaration.ignore !== undefined) allowed.push(`${declaration.ignore} (ignore)`);
  return new LabError(
    "UNDECLARED_LABEL",
    `${file} has labels that are not declared: ${listed(values, 8)}; allowed are ${listed(allowed, 20)}; ${declaration.advice}`,
  );
}
