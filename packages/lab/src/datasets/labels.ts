// Turns the numbers of a mask into class indices, and refuses numbers that no class is declared for.

import { LabError } from "../errors.js";
import type { ClassSelection, DeclaredClasses } from "./classes.js";
import { enumerate } from "./files.js";

/** A mask as read from a file. */
export interface MaskValues {
  readonly values: ArrayLike<number>;
  /** The number that stands for white, which marks the one class of many binary masks. */
  readonly white: number | undefined;
}

/** Class index per voxel, and 0 where the mask says that a voxel counts nowhere. */
export interface MappedLabels {
  readonly labels: Uint8Array;
  /** Absent where every voxel counts. */
  readonly counted?: Uint8Array;
}

/**
 * Class index of every voxel. Where one class is declared, a mask of black and white marks it by white.
 *
 * @param file the name used in errors
 * @throws LabError UNDECLARED_LABEL naming the file, the numbers found and those allowed
 */
export function mapLabels(
  { values, white }: MaskValues,
  declared: DeclaredClasses,
  { labelOf }: ClassSelection,
  file: string,
): MappedLabels {
  const lookUp = new Map(labelOf);
  const distinct = distinctValues(values);
  const [only] = declared.names.keys();
  const binary = white !== undefined && distinct.every((value) => value === 0 || value === white);
  if (binary && declared.names.size === 1 && !lookUp.has(white)) lookUp.set(white, labelOf.get(only) ?? 0);
  if (declared.ignore !== undefined) lookUp.set(declared.ignore, 0);
  const undeclared = distinct.filter((value) => !lookUp.has(value));
  if (undeclared.length > 0) throw undeclaredLabel(undeclared, declared, white, file);

  const labels = new Uint8Array(values.length);
  // Neighbours are mostly alike, so the last look-up is kept.
  let last = Number.NaN;
  let label = 0;
  for (let i = 0; i < labels.length; i++) {
    if (values[i] !== last) {
      last = values[i];
      label = lookUp.get(last) ?? 0;
    }
    labels[i] = label;
  }
  const { ignore } = declared;
  if (ignore === undefined || !distinct.includes(ignore)) return { labels };
  return { labels, counted: Uint8Array.from(values, (value) => (value === ignore ? 0 : 1)) };
}

/** Every number that occurs, in ascending order; NaN last. */
export function distinctValues(values: ArrayLike<number>): number[] {
  const seen = new Set<number>();
  let last: number | undefined;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === last) continue;
    last = values[i];
    seen.add(last);
  }
  return [...seen].sort((a, b) => a - b);
}

function undeclaredLabel(
  undeclared: readonly number[],
  { names, ignore, howToDeclare }: DeclaredClasses,
  white: number | undefined,
  file: string,
): LabError {
  const allowed = ["0 (background)", ...[...names].map(([value, name]) => `${value} (${name})`)];
  if (ignore !== undefined) allowed.push(`${ignore} (ignored)`);
  const marks = names.size === 1 && white !== undefined && !names.has(white);
  const also = marks ? `, or 0 and ${white} alone` : "";
  const found = undeclared.map((value) => String(Number(value.toPrecision(6))));
  const many =
    undeclared.length > names.size + 5
      ? "; so many values come from smoothing, lossy compression or saving an image as a mask"
      : "";
  return new LabError(
    "UNDECLARED_LABEL",
    `the mask ${file} holds ${undeclared.length === 1 ? "a label that is" : "labels that are"} not declared: ` +
      `${enumerate(found)}${many}. Allowed: ${enumerate(allowed)}${also}; ${howToDeclare}`,
  );
}
