// The label maps of a pair, read and put on one grid, or refused with the reason.

import { MAX_LABEL_VALUE } from "../datasets/class-names.js";
import { LabError } from "../errors.js";
import { checkGrids, type Grid, type GridAllowances, needsReferenceHeader } from "./geometry.js";
import { type Loaded, loadLabels } from "./load-labels.js";
import { placeSegmentations } from "./place-segmentation.js";
import type { ProbabilityMap, ProbabilitySettings } from "./probability-map.js";
import type { MeasureSettings } from "./results.js";

export interface PairOptions {
  readonly allow?: GridAllowances;
  /** Millimetres per pixel along [y, x] of PNG files, which do not say it. */
  readonly pixelSpacing?: readonly number[];
  /** Whether 1 is the one label that is scored: white then means 1 as well. Undefined where labels are taken as found. */
  readonly oneLabel?: boolean;
  /** Predictions are probability maps. */
  readonly probabilities?: ProbabilitySettings;
  /** Labels that are scored; undefined where all are. */
  readonly wanted?: ReadonlySet<number>;
}

/** How the pairs of an evaluation are read. */
export const pairOptions = (settings: MeasureSettings): PairOptions => ({
  allow: settings.allow,
  pixelSpacing: settings.pixelSpacing,
  oneLabel: settings.structures?.every(({ labels }) => labels.length === 1 && labels[0] === 1),
  probabilities: settings.probabilities,
  wanted: wantedLabels(settings),
});

function wantedLabels({ structures, ignore }: MeasureSettings): ReadonlySet<number> | undefined {
  if (structures === undefined) return undefined;
  return new Set([...structures.flatMap(({ labels }) => labels), ...(ignore === undefined ? [] : [ignore])]);
}

export interface LabelPair {
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  /** Of the spacing: pixels where no file says how large they are. */
  readonly unit: "mm" | "px";
  readonly reference: Uint8Array | Uint16Array;
  readonly prediction: Uint8Array | Uint16Array;
  /** What the prediction was made of, where that are probabilities. */
  readonly probabilities?: ProbabilityMap;
  /** What the files themselves call their labels. */
  readonly names?: ReadonlyMap<number, string>;
  /** What is odd but accepted. */
  readonly notes: readonly string[];
}

/**
 * Reads the label maps of a pair. Volumes are turned to one order of axes by their headers; a file that does not say how it lies is taken to lie
 * as the other. The spacing is the reference's.
 *
 * @throws LabError UNREADABLE_FILE, SIZE_MISMATCH, GEOMETRY_MISMATCH, UNDECLARED_LABEL, PROBABILITY_RANGE
 */
export async function readPair(
  referencePath: string,
  predictionPath: string,
  { allow = {}, pixelSpacing, oneLabel, probabilities, wanted }: PairOptions = {},
): Promise<LabelPair> {
  let reference = await loadLabels(referencePath, { pixelSpacing, wanted });
  const predicted = { pixelSpacing, probabilities, wanted, like: reference.grid };
  let prediction = await loadLabels(predictionPath, { ...predicted, affine: reference.affine });
  if (reference.affine === undefined && prediction.affine !== undefined) {
    reference = await loadLabels(referencePath, { pixelSpacing, wanted, affine: prediction.affine });
  }
  const named = labelNames(reference, prediction);
  [reference, prediction] = placeSegmentations(reference, prediction, allow);
  const grids: [Grid, Grid] = [reference.grid, prediction.grid];
  if (allow.orientation && reference.affine && needsReferenceHeader(...grids)) {
    // The shape must fit as stored, so it is checked after turning the voxels by the reference's header; the notes are of the headers themselves.
    const turned = await loadLabels(predictionPath, { ...predicted, affine: reference.affine, replaceStated: true });
    grids[1] = { ...prediction.grid, shape: turned.grid.shape, spacing: turned.grid.spacing };
    prediction = { ...turned, grid: grids[1] };
  }
  const notes = [...reference.notes, ...prediction.notes, ...named.notes, ...checkGrids(...grids, allow)];
  const whites = whiteMeansOne(reference, prediction, oneLabel);
  return {
    shape: reference.grid.shape,
    spacing: reference.grid.spacing,
    unit: reference.unit,
    reference: toLabels(reference, whites[0]),
    prediction: toLabels(prediction, whites[1]),
    ...(prediction.probabilities && { probabilities: prediction.probabilities }),
    ...(named.names && { names: named.names }),
    notes,
  };
}

/**
 * What the files call their labels, the reference first. A name that has one number here and another there would be scored against something else.
 *
 * @throws LabError UNDECLARED_LABEL
 */
function labelNames(
  reference: Loaded,
  prediction: Loaded,
): { readonly names?: ReadonlyMap<number, string>; readonly notes: readonly string[] } {
  const [a, b] = [reference.names, prediction.names];
  if (a === undefined || b === undefined) return { names: a ?? b, notes: [] };
  const comparable = (name: string) => name.toLowerCase().replaceAll(/[\s_-]+/gu, "");
  for (const [number, name] of a) {
    const [other] = [...b].find(([, one]) => comparable(one) === comparable(name)) ?? [];
    if (other === undefined || other === number) continue;
    throw new LabError(
      "UNDECLARED_LABEL",
      `"${name}" is the segment ${number} of ${reference.grid.file} and ${other} of ${prediction.grid.file}; give segments the same numbers in both`,
    );
  }
  const differing = [...a].filter(([number, name]) => b.has(number) && comparable(b.get(number)!) !== comparable(name));
  return {
    names: new Map([...b, ...a]),
    notes: differing.map(
      ([number, name]) => `segment ${number} is "${name}" in the reference and "${b.get(number)}" here`,
    ),
  };
}

/**
 * The value that means 1, for each of the two, where a viewer's white marks the one label: masks are often 0 and 255.
 *
 * @throws LabError UNDECLARED_LABEL where one of the two is such a mask and the other has white among other values: as label 255 its white would be
 *   scored against nothing
 */
function whiteMeansOne(
  reference: Loaded,
  prediction: Loaded,
  oneLabel: boolean | undefined,
): [number | undefined, number | undefined] {
  if (oneLabel === false) return [undefined, undefined];
  const marks = [reference, prediction].map(({ values, white }) => marksOf(values, white));
  const [a, b] = marks.map(({ only }) => (only === 1 ? undefined : only));
  const mixed = [prediction, reference].find(
    (_, i) => marks[i]!.only !== 1 && marks[i]!.only !== undefined && marks[1 - i]!.other !== undefined,
  );
  if (mixed !== undefined) {
    const white = a ?? b;
    const { other } = marks[mixed === reference ? 0 : 1]!;
    throw new LabError(
      "UNDECLARED_LABEL",
      `${mixed.grid.file} holds ${other}, and ${(mixed === reference ? prediction : reference).grid.file} is a mask of 0 and ${white}: ` +
        `is it smoothed, or a probability map? Threshold it first, or name the labels: --labels ${white}=NAME,${other}=NAME`,
    );
  }
  const asFound = oneLabel === undefined && marks.some(({ other }) => other !== undefined);
  return asFound ? [undefined, undefined] : [a, b];
}

/** The one value besides 0, where it is 1 or white; `other`, a further value, where there is one. */
function marksOf(values: ArrayLike<number>, white: number | undefined): { only?: number; other?: number } {
  let mark: number | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === 0 || value === mark) continue;
    if (value !== 1 && value !== white) return { other: value };
    if (mark !== undefined) return { other: Math.min(mark, value) };
    mark = value;
  }
  return mark === undefined ? {} : { only: mark };
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
          (Number.isInteger(value)
            ? ""
            : ": is it an image or a probability map? Threshold it first, or read it as PREDICTION with --probabilities"),
      );
    }
    if (label > largest) largest = label;
  }
  const labels = largest <= 255 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) labels[i] = values[i] === white ? 1 : Math.round(values[i]!);
  return labels;
}
