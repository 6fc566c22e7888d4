// DICOM segmentations (PS3.3, A.51 and, for label maps, Supplement 243): which segments and frames a file has, and where they lie.

import { type DicomDataset, itemsOf, numberOf, pixelDataOf, readDicom, textOf } from "./dicom-file.js";
import { type FrameGroups, groupOf, pixelSpacingOf, planeGrid } from "./dicom-planes.js";
import type { Affine, Triple } from "./orientation.js";
import { unreadable } from "./read-bytes.js";

export interface Segment {
  readonly number: number;
  /** Unique among the segments. */
  readonly label: string;
}

export interface SegmentationFrame {
  readonly plane: number;
  /** Of a label map, which has all of them in a frame, 0. */
  readonly segment: number;
}

export interface DicomSegmentation {
  readonly file: string;
  /** BINARY: a bit per pixel, segments may overlap. LABELMAP: the number of a segment. FRACTIONAL: how much of a pixel, or how probably. */
  readonly type: "BINARY" | "LABELMAP" | "FRACTIONAL";
  /** What fractions mean: PROBABILITY or OCCUPANCY. */
  readonly fractionalType: string;
  readonly segments: readonly Segment[];
  readonly frames: readonly SegmentationFrame[];
  /** Columns, rows and planes; planes without a frame are empty. */
  readonly size: Triple;
  /** From [column, row, plane] to the patient; undefined for an image that has no place there. */
  readonly affine: Affine | undefined;
  /** Whether the file says how far planes lie from each other. */
  readonly planeSpacingStated: boolean;
  /** Millimetres from row to row and column to column, where the file says so. */
  readonly pixelSpacing: readonly [number, number] | undefined;
  readonly bitsPerPixel: 1 | 8 | 16;
  /** Frame behind frame, without a gap between them. */
  readonly pixels: Uint8Array;
  /** What stands for 1 in fractions. */
  readonly maximum: number;
  /** Value of pixels outside of every segment of a label map. */
  readonly background: number;
}

const SOP_CLASS = "00080016";
const MODALITY = "00080060";
const SEGMENTATION_CLASSES: ReadonlySet<string> = new Set([
  "1.2.840.10008.5.1.4.1.1.66.4",
  "1.2.840.10008.5.1.4.1.1.66.7", // label maps
]);
const SEGMENTATION_TYPE = "00620001";
const FRACTIONAL_TYPE = "00620010";
const MAXIMUM_FRACTION = "0062000E";
const SEGMENTS = "00620002";
const SEGMENT_NUMBER = "00620004";
const SEGMENT_LABEL = "00620005";
const SEGMENT_IDENTIFICATION = "0062000A";
const REFERENCED_SEGMENT = "0062000B";
const SHARED_GROUPS = "52009229";
const FRAME_GROUPS = "52009230";
const [ROWS, COLUMNS, FRAMES, BITS] = ["00280010", "00280011", "00280008", "00280100"];
const PADDING_VALUE = "00280120";
const ORGANISATION = "00209311";
const SLIDE_POSITION = "0048021A";

const BITS_OF_TYPE: Readonly<Record<DicomSegmentation["type"], readonly number[]>> = {
  BINARY: [1],
  FRACTIONAL: [8],
  LABELMAP: [8, 16],
};
const LARGEST_SEGMENT = 65_535;

/**
 * Reads a segmentation. Frames may be in any order, and planes without a frame are empty.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws LabError UNREADABLE_FILE
 */
export async function readDicomSegmentation(bytes: Uint8Array, file: string): Promise<DicomSegmentation> {
  const dataset = await readDicom(bytes, file);
  const type = typeOf(dataset, file);
  const [rows, columns] = [lengthOf(dataset, ROWS!, "rows", file), lengthOf(dataset, COLUMNS!, "columns", file)];
  const groups = frameGroups(dataset, file);
  const segments = segmentsOf(dataset, file);
  const bits = numberOf(dataset, BITS!);
  if (!BITS_OF_TYPE[type].includes(bits)) {
    throw unreadable(file, `its pixels have ${bits} bits; those of ${type} have ${BITS_OF_TYPE[type].join(" or ")}`);
  }
  const grid = planeGrid(groups, rows * columns, file);
  const frames = groups.frames.map((frame, index): SegmentationFrame => {
    const segment = type === "LABELMAP" ? 0 : segmentOf(groups, frame, index, segments, file);
    return { plane: grid?.planeOf[index] ?? 0, segment };
  });
  checkPlaces(frames, segments, grid !== undefined, file);
  const padding = numberOf(dataset, PADDING_VALUE);
  return {
    file,
    type,
    fractionalType: textOf(dataset, FRACTIONAL_TYPE),
    segments,
    frames,
    size: [columns, rows, grid?.planes ?? 1],
    affine: grid?.affine,
    planeSpacingStated: grid?.spacingStated ?? true,
    pixelSpacing: pixelSpacingOf(groups),
    bitsPerPixel: bits as 1 | 8 | 16,
    pixels: pixelsOf(dataset, groups.frames.length * rows * columns * bits, file),
    maximum: type === "FRACTIONAL" ? lengthOf(dataset, MAXIMUM_FRACTION, "maximum of fractions", file) : 1,
    background: Number.isNaN(padding) ? 0 : padding,
  };
}

function typeOf(dataset: DicomDataset, file: string): DicomSegmentation["type"] {
  if (!SEGMENTATION_CLASSES.has(textOf(dataset, SOP_CLASS))) {
    const modality = textOf(dataset, MODALITY);
    const what = modality === "" ? "" : `, but of the kind ${modality}`;
    throw unreadable(file, `it is no DICOM segmentation${what}; convert images to NIfTI`);
  }
  const type = textOf(dataset, SEGMENTATION_TYPE);
  if (type === "BINARY" || type === "LABELMAP" || type === "FRACTIONAL") return type;
  throw unreadable(file, `its segmentation type is ${type || "missing"}; BINARY, LABELMAP and FRACTIONAL are read`);
}

function lengthOf(dataset: DicomDataset, tag: string, what: string, file: string): number {
  const value = numberOf(dataset, tag);
  if (Number.isInteger(value) && value >= 1 && value <= LARGEST_SEGMENT) return value;
  throw unreadable(file, `its number of ${what} is ${Number.isNaN(value) ? "missing" : value}`);
}

function frameGroups(dataset: DicomDataset, file: string): FrameGroups {
  const frames = itemsOf(dataset, FRAME_GROUPS);
  const stated = numberOf(dataset, FRAMES!);
  if (frames.length === 0 || (!Number.isNaN(stated) && stated !== frames.length)) {
    const count = Number.isNaN(stated) ? "an unknown number of" : stated;
    throw unreadable(file, `it has ${count} frames and says of ${frames.length} what they are; it is cut or damaged`);
  }
  const slide = frames.some((frame) => itemsOf(frame, SLIDE_POSITION).length > 0);
  if (slide || textOf(dataset, ORGANISATION).startsWith("TILED")) {
    throw unreadable(file, "its frames are tiles of a slide, which are not put together here");
  }
  return { shared: itemsOf(dataset, SHARED_GROUPS)[0], frames };
}

function segmentsOf(dataset: DicomDataset, file: string): Segment[] {
  const segments = itemsOf(dataset, SEGMENTS).map((item) => ({
    number: numberOf(item, SEGMENT_NUMBER),
    label: textOf(item, SEGMENT_LABEL),
  }));
  const odd = segments.find(({ number }) => !(Number.isInteger(number) && number >= 0 && number <= LARGEST_SEGMENT));
  if (odd !== undefined || segments.length === 0) {
    throw unreadable(file, odd ? `a segment has the number ${odd.number}` : "it describes no segment");
  }
  // 0 is the background, which label maps may describe.
  const named = segments.filter(({ number }) => number !== 0);
  return named.map(({ number, label }) => {
    const shared = label !== "" && named.some((other) => other.number !== number && other.label === label);
    return { number, label: label === "" ? String(number) : shared ? `${label} ${number}` : label };
  });
}

function segmentOf(
  groups: FrameGroups,
  frame: DicomDataset,
  index: number,
  segments: readonly Segment[],
  file: string,
): number {
  const number = numberOf(groupOf(groups, frame, SEGMENT_IDENTIFICATION), REFERENCED_SEGMENT);
  if (segments.some((segment) => segment.number === number)) return number;
  const what = Number.isNaN(number) ? "no segment" : `the segment ${number}, which is not described`;
  throw unreadable(file, `its frame ${index + 1} is of ${what}`);
}

/** A pixel of a segment must be stated once. */
function checkPlaces(
  frames: readonly SegmentationFrame[],
  segments: readonly Segment[],
  placed: boolean,
  file: string,
): void {
  const taken = new Map<string, number>();
  for (const [index, { plane, segment }] of frames.entries()) {
    const other = taken.get(`${plane} ${segment}`);
    if (other !== undefined) {
      const whose = segments.find(({ number }) => number === segment)?.label;
      throw unreadable(
        file,
        `its frames ${other + 1} and ${index + 1}${whose === undefined ? "" : ` of ${whose}`} ` +
          (placed ? "lie at one place" : "do not say where they lie (Plane Position)"),
      );
    }
    taken.set(`${plane} ${segment}`, index);
  }
}

function pixelsOf(dataset: DicomDataset, bits: number, file: string): Uint8Array {
  const pixels = pixelDataOf(dataset);
  const needed = Math.ceil(bits / 8);
  if (pixels.length >= needed) return pixels;
  throw unreadable(file, `its frames need ${needed} bytes of pixels, it has ${pixels.length}; it is cut or damaged`);
}
