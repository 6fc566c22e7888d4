// The label maps of a pair, read and put on one grid, or refused with the reason.

import { MAX_LABEL_VALUE } from "../datasets/class-names.js";
import { readMask } from "../datasets/read-image.js";
import { LabError } from "../errors.js";
import { formatOf, READABLE_ENDINGS } from "../volumes/file-name.js";
import { readNifti } from "../volumes/nifti.js";
import type { Affine } from "../volumes/orientation.js";
import { readBytes, unreadable } from "../volumes/read-bytes.js";
import { checkGrids, type Grid, type GridAllowances, needsReferenceHeader } from "./geometry.js";

export interface PairOptions {
  readonly allow?: GridAllowances;
  /** Millimetres per pixel along [y, x] of PNG files, which do not say it. */
  readonly pixelSpacing?: readonly number[];
  /** Whether 1 is the one label that is scored: white then means 1 as well. Undefined where labels are taken as found. */
  readonly oneLabel?: boolean;
}

export interface LabelPair {
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  /** Of the spacing: pixels where no file says how large they are. */
  readonly unit: "mm" | "px";
  readonly reference: Uint8Array | Uint16Array;
  readonly prediction: Uint8Array | Uint16Array;
  /** What is odd but accepted. */
  readonly notes: readonly string[];
}

interface Loaded {
  readonly grid: Grid;
  readonly values: ArrayLike<number>;
  readonly white: number | undefined;
  readonly unit: "mm" | "px";
  /** As stored, for a file read with another's header. */
  readonly affine?: Affine;
  readonly notes: readonly string[];
}

/**
 * Reads the label maps of a pair. Volumes are turned to one order of axes by their headers; a file that does not say how it lies is taken to lie
 * as the other. The spacing is the reference's.
 *
 * @throws LabError UNREADABLE_FILE, SIZE_MISMATCH, GEOMETRY_MISMATCH, UNDECLARED_LABEL
 */
export async function readPair(
  referencePath: string,
  predictionPath: string,
  { allow = {}, pixelSpacing, oneLabel }: PairOptions = {},
): Promise<LabelPair> {
  let reference = await load(referencePath, pixelSpacing);
  let prediction = await load(predictionPath, pixelSpacing, reference.affine);
  if (reference.affine === undefined && prediction.affine !== undefined) {
    reference = await load(referencePath, pixelSpacing, prediction.affine);
  }
  const grids: [Grid, Grid] = [reference.grid, prediction.grid];
  if (allow.orientation && reference.affine && needsReferenceHeader(...grids)) {
    // The shape must fit as stored, so it is checked after turning the voxels by the reference's header; the notes are of the headers themselves.
    const turned = await load(predictionPath, pixelSpacing, reference.affine, true);
    grids[1] = { ...prediction.grid, shape: turned.grid.shape, spacing: turned.grid.spacing };
    prediction = { ...turned, grid: grids[1] };
  }
  const notes = [...reference.notes, ...prediction.notes, ...checkGrids(...grids, allow)];
  const whites = whiteMeansOne(reference, prediction, oneLabel);
  return {
    shape: reference.grid.shape,
    spacing: reference.grid.spacing,
    unit: reference.unit,
    reference: toLabels(reference, whites[0]),
    prediction: toLabels(prediction, whites[1]),
    notes,
  };
}

async function load(
  path: string,
  pixelSpacing: readonly number[] | undefined,
  affine?: Affine,
  replaceStated = false,
): Promise<Loaded> {
  const format = formatOf(path);
  if (format === undefined) throw unreadable(path, `losskit reads ${READABLE_ENDINGS}`);
  if (format === "png") {
    const { shape, values, white } = await readMask(path);
    const unit = pixelSpacing === undefined ? "px" : "mm";
    return { grid: { file: path, shape, spacing: pixelSpacing ?? [1, 1] }, values, white, unit, notes: [] };
  }
  const volume = readNifti(await readBytes(path), path, affine, { replaceStated });
  const { shape, statedSpacing: spacing, orientation, orientationStated, grid } = volume;
  const notes = volume.spacingStated ? [] : [`${path} does not say how large its voxels are; 1 mm is taken`];
  return {
    // Of an affine that is the other file's there is nothing to compare.
    grid: { file: path, shape, spacing, ...(orientationStated && { orientation, affine: grid }) },
    values: volume.data,
    white: 255,
    unit: "mm",
    affine: volume.affine,
    notes,
  };
}

/** The value that means 1, for each of the two, where a viewer's white marks the one label: masks are often 0 and 255. */
function whiteMeansOne(
  reference: Loaded,
  prediction: Loaded,
  oneLabel: boolean | undefined,
): [number | undefined, number | undefined] {
  if (oneLabel === false) return [undefined, undefined];
  const marks = [reference, prediction].map(({ values, white }) => onlyMark(values, white));
  if (oneLabel === undefined && marks.includes(null)) return [undefined, undefined];
  return [marks[0] === 1 ? undefined : (marks[0] ?? undefined), marks[1] === 1 ? undefined : (marks[1] ?? undefined)];
}

/** The one value besides 0, where it is 1 or white; undefined where all is 0, null where there is another. */
function onlyMark(values: ArrayLike<number>, white: number | undefined): number | undefined | null {
  let mark: number | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === 0 || value === mark) continue;
    if (mark !== undefined || (value !== 1 && value !== white)) return null;
    mark = value;
  }
  return mark;
}

/** Slopes in headers are float32: 255 times 1 / 255 is not quite 1. */
const LABEL_ROUNDING = 1e-4;

/** Label maps as bytes where they fit, which is counted fastest. */
function toLabels({ values, grid }: Loaded, white: number | undefined): Uint8Array | Uint16Array {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const label = Math.round(value);
    if (!(Math.abs(value - label) <= LABEL_ROUNDING && label >= 0 && label <= MAX_LABEL_VALUE)) {
      throw new LabError(
        "UNDECLARED_LABEL",
        `${grid.file} holds ${value} at voxel ${i}; labels are whole numbers from 0 to ${MAX_LABEL_VALUE}` +
          (Number.isInteger(value) ? "" : ": is it an image or a probability map? Threshold it first"),
      );
    }
    if (label > largest) largest = label;
  }
  const labels = largest <= 255 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) labels[i] = values[i] === white ? 1 : Math.round(values[i]!);
  return labels;
}
