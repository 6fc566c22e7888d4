// Where the frames of a DICOM image lie: planes side by side as one grid, whatever their order, with the planes that are missing.

import { type DicomDataset, itemsOf, numberOf, numbersOf } from "./dicom-file.js";
import type { Affine, AffineRow, Triple } from "./orientation.js";
import { unreadable } from "./read-bytes.js";
import { isEdge, MAX_VOXELS } from "./volume-limits.js";

/** The grid that frames are planes of. */
export interface PlaneGrid {
  /** Planes along the normal, those between frames included. */
  readonly planes: number;
  /** Plane of each frame, 0 being the first along the normal. */
  readonly planeOf: readonly number[];
  /** From [column, row, plane] to millimetres as in NIfTI. */
  readonly affine: Affine;
  /** Whether the file says how far planes lie from each other, by their places or by a number. */
  readonly spacingStated: boolean;
}

/** Functional groups are of all frames or of each. */
export interface FrameGroups {
  readonly shared: DicomDataset | undefined;
  readonly frames: readonly DicomDataset[];
}

const PIXEL_MEASURES = "00289110";
const PIXEL_SPACING = "00280030";
const SPACING_BETWEEN_SLICES = "00180088";
const SLICE_THICKNESS = "00180050";
const PLANE_ORIENTATION = "00209116";
const IMAGE_ORIENTATION = "00200037";
const PLANE_POSITION = "00209113";
const IMAGE_POSITION = "00200032";

/** Places are decimal strings of at most 16 characters: what differs by less of an edge is rounding. */
const PLACE_TOLERANCE = 1e-2;
/** Of a stated distance of planes and that of their places. */
const SPACING_TOLERANCE = 1e-2;
/** Directions of rows and columns: of length 1, and square to each other. */
const DIRECTION_TOLERANCE = 1e-3;

/** The item of a functional group that counts for a frame. */
export const groupOf = ({ shared }: FrameGroups, frame: DicomDataset, tag: string): DicomDataset | undefined =>
  itemsOf(frame, tag)[0] ?? itemsOf(shared, tag)[0];

/** Millimetres from row to row and from column to column; undefined where the file does not say. */
export function pixelSpacingOf(groups: FrameGroups): readonly [row: number, column: number] | undefined {
  const [rows, columns] = numbersOf(groupOf(groups, groups.frames[0] ?? {}, PIXEL_MEASURES), PIXEL_SPACING);
  return isLength(rows) && isLength(columns) ? [rows, columns] : undefined;
}

/**
 * Puts frames on one grid. The distance of planes is the stated one (Spacing Between Slices) where the places are whole multiples of it,
 * else the smallest between two frames, else the slice thickness.
 *
 * @param pixels of a frame
 * @returns undefined where no frame has a place in the patient
 * @throws LabError UNREADABLE_FILE where the frames are not planes of one grid
 */
export function planeGrid(groups: FrameGroups, pixels: number, file: string): PlaneGrid | undefined {
  const { frames } = groups;
  const places = frames.map((frame) => numbersOf(groupOf(groups, frame, PLANE_POSITION), IMAGE_POSITION));
  if (places.every((place) => place.length === 0)) return undefined;
  const unplaced = places.findIndex((place) => place.length !== 3 || !place.every(Number.isFinite));
  if (unplaced >= 0) throw unreadable(file, `its frame ${unplaced + 1} does not say where it lies`);
  const spacing = pixelSpacingOf(groups);
  if (spacing === undefined) throw unreadable(file, "it does not say how large its pixels are (Pixel Spacing)");
  const [alongRow, alongColumn] = directionsOf(groups, file);
  const normal = cross(alongRow, alongColumn);

  const depths = places.map((place) => dot(place, normal));
  const tolerance = PLACE_TOLERANCE * Math.min(...spacing);
  const first = places[depths.indexOf(Math.min(...depths))]!;
  for (const [frame, place] of places.entries()) {
    const moved = place.map((value, axis) => value - first[axis]!);
    const beside = Math.hypot(dot(moved, alongRow), dot(moved, alongColumn));
    if (beside > tolerance) {
      throw unreadable(
        file,
        `its frame ${frame + 1} lies ${beside.toPrecision(3)} mm beside the others; frames must be planes behind one another`,
      );
    }
  }
  const { distance, planes, stated } = planeDistance(groups, depths, tolerance, file);
  if (planes * pixels > MAX_VOXELS) {
    throw unreadable(
      file,
      `its frames lie up to ${planes} planes of ${pixels} pixels apart; that is too large a volume`,
    );
  }
  const least = Math.min(...depths);
  // DICOM counts towards the patient's left and back, NIfTI towards right and front.
  const [toRight, toAnterior, toSuperior] = [-1, -1, 1];
  const row = (axis: number, sign: number): AffineRow => [
    sign * alongRow[axis]! * spacing[1] + 0,
    sign * alongColumn[axis]! * spacing[0] + 0,
    sign * normal[axis]! * distance + 0,
    sign * first[axis]! + 0,
  ];
  return {
    planes,
    planeOf: depths.map((depth) => Math.round((depth - least) / distance)),
    affine: [row(0, toRight!), row(1, toAnterior!), row(2, toSuperior!)],
    spacingStated: stated,
  };
}

/** Unit vectors along which column and row numbers rise; the same for all frames. */
function directionsOf(groups: FrameGroups, file: string): [Triple, Triple] {
  const all = groups.frames.map((frame) => numbersOf(groupOf(groups, frame, PLANE_ORIENTATION), IMAGE_ORIENTATION));
  const [one] = all as [number[]];
  const [alongRow, alongColumn] = [one.slice(0, 3), one.slice(3, 6)] as unknown as [Triple, Triple];
  const square =
    one.length === 6 &&
    [dot(alongRow, alongRow) - 1, dot(alongColumn, alongColumn) - 1, dot(alongRow, alongColumn)].every(
      (difference) => Math.abs(difference) <= DIRECTION_TOLERANCE,
    );
  if (!square) throw unreadable(file, `its rows and columns run along (${one.join(", ")}), which are no directions`);
  const turned = all.findIndex((other) =>
    one.some((value, i) => !(Math.abs(value - other[i]!) <= DIRECTION_TOLERANCE)),
  );
  if (turned >= 0) throw unreadable(file, `its frame ${turned + 1} is turned against the first; one grid is read`);
  return [alongRow, alongColumn];
}

function planeDistance(
  groups: FrameGroups,
  depths: readonly number[],
  tolerance: number,
  file: string,
): { readonly distance: number; readonly planes: number; readonly stated: boolean } {
  const sorted = [...depths].sort((a, b) => a - b);
  const gaps = sorted.flatMap((depth, i) =>
    i > 0 && depth - sorted[i - 1]! > tolerance ? [depth - sorted[i - 1]!] : [],
  );
  const measures = groupOf(groups, groups.frames[0]!, PIXEL_MEASURES);
  const [between, thickness] = [SPACING_BETWEEN_SLICES, SLICE_THICKNESS].map((tag) =>
    Math.abs(numberOf(measures, tag)),
  );
  if (gaps.length === 0) {
    const stated = [between, thickness].find(isLength);
    return { distance: stated ?? 1, planes: 1, stated: stated !== undefined };
  }
  const smallest = gaps.reduce((least, gap) => Math.min(least, gap));
  const extent = sorted.at(-1)! - sorted[0]!;
  for (const candidate of [between, smallest, thickness]) {
    if (!isLength(candidate)) continue;
    const steps = Math.round(extent / candidate);
    // A rounded distance adds up over many planes: that of the first and the last plane is exact.
    const distance = extent / steps;
    if (!(Math.abs(distance - candidate) <= SPACING_TOLERANCE * candidate)) continue;
    const fits = sorted.every((depth) => {
      const place = (depth - sorted[0]!) / distance;
      return Math.abs(place - Math.round(place)) * distance <= Math.max(tolerance, PLACE_TOLERANCE * distance);
    });
    if (fits) return { distance, planes: steps + 1, stated: true };
  }
  throw unreadable(
    file,
    `its frames lie ${smallest.toPrecision(4)} to ${Math.max(...gaps).toPrecision(4)} mm apart, which are no multiples of one distance`,
  );
}

const isLength = (value: number | undefined): value is number => value !== undefined && isEdge(value);

const dot = (a: readonly number[], b: readonly number[]): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;

const cross = (a: Triple, b: Triple): Triple => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
