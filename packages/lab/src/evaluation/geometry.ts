// Whether two label maps lie on one grid: size, spacing, orientation, place; and the sentences that say where they do not.

import { LabError } from "../errors.js";
import type { Affine, AffineRow, Triple } from "../volumes/orientation.js";

/** The grid of a label map, its axes from the slowest to the fastest. */
export interface Grid {
  readonly file: string;
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  /** Order of the axes in the file, as "RAS"; undefined where the file does not say how it lies. */
  readonly orientation?: string;
  /** Rows to right, anterior, superior; columns of steps along the fastest to the slowest axis, then the first voxel's place. */
  readonly affine?: Affine;
}

export interface GridAllowances {
  readonly spacing?: boolean;
  readonly orientation?: boolean;
}

/** Headers hold float32, and writers compute them from angles: what differs by less is rounding. */
const SPACING_TOLERANCE = 1e-3;
/** Sine of the angle between two axes: 0.06 degrees. */
const DIRECTION_TOLERANCE = 1e-3;
/** Of the largest voxel edge. */
const PLACE_TOLERANCE = 1e-2;

/**
 * Refuses a prediction that is not on the reference's grid. Another order of storage is no difference, as long as the header puts every voxel in
 * its place; another place of the whole grid alone, which writers often lose, is a note.
 *
 * @param prediction read in its own orientation
 * @returns sentences on what is odd but accepted
 * @throws LabError SIZE_MISMATCH, GEOMETRY_MISMATCH
 */
export function checkGrids(reference: Grid, prediction: Grid, allowed: GridAllowances): string[] {
  const notes: string[] = [];
  if (!alike(reference.shape, prediction.shape, 0)) {
    throw new LabError(
      "SIZE_MISMATCH",
      `${prediction.file} has ${inWords(prediction.shape)} voxels and its reference ${reference.file} has ${inWords(reference.shape)}; ` +
        "they must be of one size: resample the prediction to the reference's grid, with nearest neighbours",
    );
  }
  if (!alike(reference.spacing, prediction.spacing, SPACING_TOLERANCE)) {
    const both = `${inWords(prediction.spacing.map(short))} mm, its reference ${inWords(reference.spacing.map(short))} mm`;
    if (!allowed.spacing) {
      throw new LabError(
        "GEOMETRY_MISMATCH",
        `the voxels of ${prediction.file} are ${both} (${reference.file}); correct the header, or use the reference's ` +
          "spacing with --allow-spacing-mismatch",
      );
    }
    notes.push(`spacing ${both}; the reference's is used`);
  }
  const orientation = orientationProblem(reference, prediction);
  if (orientation?.refused && !allowed.orientation) {
    throw new LabError(
      "GEOMETRY_MISMATCH",
      `${prediction.file} lies otherwise than its reference ${reference.file}: ${orientation.text}; correct the header, or take the prediction's ` +
        "voxels in the order they are stored, as if it had the reference's header, with --allow-orientation-mismatch",
    );
  }
  if (orientation !== undefined) {
    notes.push(
      `${orientation.text}${orientation.refused ? "; taken in the order stored, with the reference's header" : ""}`,
    );
  }
  return notes;
}

/**
 * How many voxels the first voxel of a grid lies behind that of another, along its axes; undefined where their voxels are not the same, or one does not
 * say where it lies.
 */
export function voxelsBetween(from: Grid, to: Grid): readonly number[] | undefined {
  const [a, b] = [from.affine, to.affine];
  if (a === undefined || b === undefined || !alike(from.spacing, to.spacing, SPACING_TOLERANCE)) return undefined;
  if (!sameDirections(a, b)) return undefined;
  // Axes need not be square to each other, as of a volume whose gantry was tilted: the steps are solved for, by Cramer's rule.
  const columns = [0, 1, 2].map((column) => a.map((row) => row[column]!));
  const moved = a.map((row, axis) => b[axis]![3] - row[3]);
  const steps = columns.map(
    (_, axis) => determinant(columns.map((column, one) => (one === axis ? moved : column))) / determinant(columns),
  );
  const whole = steps.map(Math.round);
  if (steps.some((step, axis) => Math.abs(step - whole[axis]!) > PLACE_TOLERANCE)) return undefined;
  // Columns run along right, anterior, superior; the axes of the shape the other way about.
  return whole.reverse().map((step) => step + 0);
}

function determinant(rows: readonly (readonly number[])[]): number {
  const [[a, b, c], [d, e, f], [g, h, i]] = rows as unknown as readonly [Triple, Triple, Triple];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** Size, voxels and place of a grid, for messages. */
export const gridInWords = ({ shape, spacing, affine }: Grid): string =>
  `${inWords(shape)} voxels of ${inWords(spacing.map(short))} mm` +
  (affine === undefined ? "" : ` from ${place(affine)} mm along ${directions(affine)}`);

/** Whether the prediction must be read with the reference's header, where that is allowed. */
export const needsReferenceHeader = (reference: Grid, prediction: Grid): boolean =>
  orientationProblem(reference, prediction)?.refused === true || !alike(reference.shape, prediction.shape, 0);

interface OrientationProblem {
  readonly refused: boolean;
  readonly text: string;
}

function orientationProblem(reference: Grid, prediction: Grid): OrientationProblem | undefined {
  const [a, b] = [reference.affine, prediction.affine];
  if (a === undefined || b === undefined) return undefined;
  const codes =
    prediction.orientation === reference.orientation
      ? `both are stored as ${reference.orientation}`
      : `it is stored as ${prediction.orientation}, the reference as ${reference.orientation}`;
  if (!sameDirections(a, b)) {
    return { refused: true, text: `${codes}, its axes are ${directions(b)}, the reference's ${directions(a)}` };
  }
  const edge = Math.max(...reference.spacing);
  const apart = Math.hypot(...[0, 1, 2].map((row) => a[row]![3] - b[row]![3]));
  if (apart <= PLACE_TOLERANCE * edge) return undefined;
  const places = `its first voxel lies at ${place(b)} mm, the reference's at ${place(a)} mm`;
  // Of one order of storage the header lost its place alone; of two the voxels may well be mirrored.
  return prediction.orientation === reference.orientation
    ? { refused: false, text: `${places}; compared voxel by voxel all the same` }
    : { refused: true, text: `${codes}, and ${places}` };
}

function sameDirections(a: Affine, b: Affine): boolean {
  return [0, 1, 2].every((column) => {
    const [u, v] = [unitColumn(a, column), unitColumn(b, column)];
    const sine = Math.hypot(
      u[1]! * v[2]! - u[2]! * v[1]!,
      u[2]! * v[0]! - u[0]! * v[2]!,
      u[0]! * v[1]! - u[1]! * v[0]!,
    );
    // Each runs towards its patient axis, so the angle is below 90 degrees and its sine tells all.
    return sine <= DIRECTION_TOLERANCE;
  });
}

function unitColumn(affine: Affine, column: number): number[] {
  const entries = affine.map((row: AffineRow) => row[column]!);
  const length = Math.hypot(...entries);
  return entries.map((entry) => entry / length);
}

const directions = (affine: Affine): string =>
  [0, 1, 2].map((column) => `(${unitColumn(affine, column).map(short).join(" ")})`).join(" ");

const place = (affine: Affine): string => `(${affine.map((row) => short(row[3])).join(", ")})`;

const short = (value: number): number => Number(value.toPrecision(5)) + 0;

/** Sizes are usually written with the fastest axis first. */
const inWords = (values: readonly number[]): string => [...values].reverse().join(" x ");

function alike(a: readonly number[], b: readonly number[], tolerance: number): boolean {
  return (
    a.length === b.length &&
    a.every((value, axis) => Math.abs(value - b[axis]!) <= tolerance * Math.max(value, b[axis]!))
  );
}
