// The pixels of a DICOM segmentation as one label map, or as probabilities of its segments.

import { LabError } from "../errors.js";
import type { DicomSegmentation, Segment } from "./dicom-seg.js";

/**
 * Segment number of every voxel, columns fastest, then rows and planes; 0 outside of all.
 *
 * @param wanted segments that count; of two that overlap one must not, and gives way. Undefined: all
 * @throws LabError UNREADABLE_FILE for segments that overlap, which one label per voxel cannot say; for fractions
 */
export function segmentNumbers(
  segmentation: DicomSegmentation,
  wanted: ReadonlySet<number> | undefined,
): Uint8Array | Uint16Array {
  const { file, type, size, segments } = segmentation;
  if (type === "FRACTIONAL") {
    throw new LabError(
      "UNREADABLE_FILE",
      `cannot read ${file}: its values are fractions (${segmentation.fractionalType || "FRACTIONAL"}), no labels; give it as PREDICTION with ` +
        "--probabilities, or store it as BINARY",
    );
  }
  if (type === "LABELMAP") return labelMapNumbers(segmentation);
  const wide = segments.some(({ number }) => number > 255);
  const labels = new (wide ? Uint16Array : Uint8Array)(size[0] * size[1] * size[2]);
  const overlaps = new Map<string, { readonly pair: readonly [number, number]; voxels: number }>();
  const counts = (segment: number) => wanted === undefined || wanted.has(segment);
  eachBit(segmentation, (at, segment) => {
    const before = labels[at]!;
    if (before === 0 || (!counts(before) && counts(segment))) labels[at] = segment;
    else if (counts(before) && counts(segment)) {
      const pair = [Math.min(before, segment), Math.max(before, segment)] as const;
      const found = overlaps.get(pair.join(" ")) ?? { pair, voxels: 0 };
      found.voxels++;
      overlaps.set(pair.join(" "), found);
    }
  });
  const [worst] = [...overlaps.values()].sort((a, b) => b.voxels - a.voxels);
  if (worst !== undefined) throw overlapError(file, segments, worst.pair, worst.voxels);
  return labels;
}

function overlapError(
  file: string,
  segments: readonly Segment[],
  pair: readonly [number, number],
  voxels: number,
): LabError {
  const [one, other] = pair.map((number) => segments.find((segment) => segment.number === number)!);
  return new LabError(
    "UNREADABLE_FILE",
    `cannot read ${file} as one label map: its segments ${one!.label} (${one!.number}) and ${other!.label} (${other!.number}) overlap in ${voxels} ` +
      `voxel${voxels === 1 ? "" : "s"}; score one at a time, with --labels ${one!.number} and then --labels ${other!.number}`,
  );
}

/** Bits lie the lowest first, and run on from frame to frame without filling up a byte (PS3.5, 8.1.1). */
function eachBit(
  { frames, size: [columns, rows], pixels }: DicomSegmentation,
  set: (at: number, segment: number) => void,
): void {
  const perFrame = columns * rows;
  for (const [frame, { plane, segment }] of frames.entries()) {
    for (let pixel = 0; pixel < perFrame; ) {
      const bit = frame * perFrame + pixel;
      const byte = pixels[Math.floor(bit / 8)]!;
      if (byte === 0) {
        pixel += 8 - (bit % 8);
        continue;
      }
      if ((byte >> (bit % 8)) & 1) set(plane * perFrame + pixel, segment);
      pixel++;
    }
  }
}

function labelMapNumbers({ frames, size, pixels, bitsPerPixel, background }: DicomSegmentation) {
  const perFrame = size[0] * size[1];
  const labels = new (bitsPerPixel === 16 ? Uint16Array : Uint8Array)(perFrame * size[2]);
  for (const [frame, { plane }] of frames.entries()) {
    for (let pixel = 0; pixel < perFrame; pixel++) {
      const at = frame * perFrame + pixel;
      const value = bitsPerPixel === 8 ? pixels[at]! : pixels[2 * at]! + 256 * pixels[2 * at + 1]!;
      labels[plane * perFrame + pixel] = value === background ? 0 : value;
    }
  }
  return labels;
}

/**
 * Fractions from 0 to 1: one channel for a single segment of number 1, else channels for the background, what the segments leave of 1, and for every number
 * up to the largest.
 *
 * @throws LabError UNREADABLE_FILE where there are no fractions
 */
export function segmentFractions(segmentation: DicomSegmentation): {
  readonly channels: number;
  readonly data: Float32Array;
} {
  const { file, type, frames, size, segments, pixels, maximum } = segmentation;
  if (type !== "FRACTIONAL") {
    throw new LabError(
      "UNREADABLE_FILE",
      `cannot read ${file} as probabilities: it is ${type}, a label map; leave --probabilities away`,
    );
  }
  const perFrame = size[0] * size[1];
  const voxels = perFrame * size[2];
  const largest = segments.reduce((most, { number }) => Math.max(most, number), 0);
  const channels = largest === 1 ? 1 : largest + 1;
  const data = new Float32Array(channels * voxels);
  for (const [frame, { plane, segment }] of frames.entries()) {
    const start = (channels === 1 ? 0 : segment * voxels) + plane * perFrame;
    for (let pixel = 0; pixel < perFrame; pixel++) data[start + pixel] = pixels[frame * perFrame + pixel]! / maximum;
  }
  if (channels > 1) {
    for (let voxel = 0; voxel < voxels; voxel++) {
      let sum = 0;
      for (let at = voxel + voxels; at < data.length; at += voxels) sum += data[at]!;
      data[voxel] = Math.max(0, 1 - sum);
    }
  }
  return { channels, data };
}
