// Puts DICOM segmentations, which may hold only the slices that a segment is in, on the grid of the other file.

import { LabError } from "../errors.js";
import type { Affine, Triple } from "../volumes/orientation.js";
import { type Grid, type GridAllowances, gridInWords, voxelsBetween } from "./geometry.js";
import type { Loaded } from "./load-labels.js";

/** As of a file. */
const MAX_VOXELS = 2 ** 30;

/**
 * Both files on one grid: that of the one that is not cropped, or the smallest that holds both. Files that are on one grid already, or of
 * which none is cropped, are left as they are.
 *
 * @throws LabError GEOMETRY_MISMATCH where the voxels of the two do not meet, or a segment sticks out
 */
export function placeSegmentations(
  reference: Loaded,
  prediction: Loaded,
  allow: GridAllowances = {},
): readonly [Loaded, Loaded] {
  const [a, b] = [reference.grid, prediction.grid];
  if (!(reference.cropped || prediction.cropped) || a.affine === undefined || b.affine === undefined) {
    return [reference, prediction];
  }
  const between = voxelsBetween(a, b);
  const sameShape = a.shape.join() === b.shape.join();
  if (between === undefined) {
    // Of one shape the checks for all files say what differs, or allow it.
    if (sameShape || allow.orientation) return [reference, prediction];
    throw new LabError(
      "GEOMETRY_MISMATCH",
      `the voxels of ${b.file} are not those of its reference ${a.file}: it has ${gridInWords(b)}, the reference ${gridInWords(a)}; ` +
        "resample the prediction to the reference's grid, with nearest neighbours",
    );
  }
  if (sameShape && between.every((step) => step === 0)) return [reference, prediction];
  const back = between.map((step) => -step + 0);
  if (!reference.cropped) return [reference, placed(prediction, between, a)];
  if (!prediction.cropped) return [placed(reference, back, b), prediction];
  const start = between.map((step) => Math.min(0, step));
  const end = between.map((step, axis) => Math.max(a.shape[axis]!, step + b.shape[axis]!));
  const shape = end.map((stop, axis) => stop - start[axis]!);
  if (shape.reduce((product, extent) => product * extent, 1) > MAX_VOXELS) {
    throw new LabError(
      "GEOMETRY_MISMATCH",
      `${b.file} lies too far from its reference ${a.file} for one grid: it has ${gridInWords(b)}, the reference ${gridInWords(a)}; are they of one image?`,
    );
  }
  const both: Grid = { ...a, shape, affine: moved(a.affine, start) };
  const [ofReference, ofPrediction] = [
    start.map((step) => -step + 0),
    between.map((step, axis) => step - start[axis]!),
  ];
  return [placed(reference, ofReference, both), placed(prediction, ofPrediction, both)];
}

/** The affine of a grid that begins some voxels further on along [superior, anterior, right]. */
function moved(affine: Affine, steps: readonly number[]): Affine {
  const [z, y, x] = steps as Triple;
  const row = (r: 0 | 1 | 2) => {
    const [right, anterior, superior, origin] = affine[r];
    return [right, anterior, superior, origin + x * right + y * anterior + z * superior] as const;
  };
  return [row(0), row(1), row(2)];
}

/**
 * A file on another grid, in which its first voxel is at `offset`. Around it is background; what sticks out may be background alone.
 *
 * @throws LabError GEOMETRY_MISMATCH
 */
function placed(file: Loaded, offset: readonly number[], grid: Grid): Loaded {
  const { values, probabilities } = file;
  const voxels = grid.shape.reduce((product, extent) => product * extent, 1);
  const labels = new (values instanceof Uint8Array ? Uint8Array : Uint16Array)(voxels);
  let outside = 0;
  eachVoxel(file.grid, offset, grid, (from, to) => {
    if (to >= 0) labels[to] = values[from]!;
    else if (values[from] !== 0) outside++;
  });
  if (outside > 0) {
    throw new LabError(
      "GEOMETRY_MISMATCH",
      `${outside} voxel${outside === 1 ? "" : "s"} of segments in ${file.grid.file} lie outside of ${grid.file}: it has ${gridInWords(file.grid)}, the ` +
        `other ${gridInWords(grid)}; are they of one image?`,
    );
  }
  const place = { ...file, grid: { ...grid, file: file.grid.file }, values: labels };
  if (probabilities === undefined) return place;
  const { channels } = probabilities;
  const placedValues = new Float32Array(channels * voxels);
  // Surely background.
  if (channels > 1) placedValues.fill(1, 0, voxels);
  const stored = probabilities.values.length / channels;
  for (let c = 0; c < channels; c++) {
    eachVoxel(file.grid, offset, grid, (from, to) => {
      if (to >= 0) placedValues[c * voxels + to] = probabilities.values[c * stored + from]!;
    });
  }
  return { ...place, probabilities: { ...probabilities, values: placedValues } };
}

/** Every voxel of a grid with its place in another; -1 where that has none. */
function eachVoxel(own: Grid, offset: readonly number[], grid: Grid, visit: (from: number, to: number) => void): void {
  const [depth, height, width] = own.shape as Triple;
  const [planes, rows, columns] = grid.shape as Triple;
  const [dz, dy, dx] = offset as Triple;
  for (let z = 0, from = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const inside = z + dz >= 0 && z + dz < planes && y + dy >= 0 && y + dy < rows;
      const row = ((z + dz) * rows + y + dy) * columns + dx;
      for (let x = 0; x < width; x++, from++) {
        visit(from, inside && x + dx >= 0 && x + dx < columns ? row + x : -1);
      }
    }
  }
}
