// One image or mask from a file of any format that is read, in the same form for all formats.

import { LabError } from "../errors.js";
import { formatOf, type ImageFormat, READABLE_ENDINGS } from "../volumes/file-name.js";
import { type NiftiVolume, readNifti } from "../volumes/nifti.js";
import type { Affine } from "../volumes/orientation.js";
import { type PngImage, readPng, readPngHeader } from "../volumes/png.js";
import { readBytes, unreadable } from "../volumes/read-bytes.js";

export interface ImageData {
  /** Spatial size, slowest axis first. */
  readonly shape: readonly number[];
  /** Millimetres per voxel along each axis of `shape`; 1 for PNG, whose resolution is that of print. */
  readonly spacing: readonly number[];
  /** 1 grey, 3 red, green and blue. */
  readonly channels: 1 | 3;
  /** Intensities as stored, `[channels, ...shape]`, all finite. */
  readonly data: Float32Array | Float64Array;
  /** How a volume lies in the patient, where its file says so. */
  readonly affine?: Affine;
}

export interface MaskData {
  readonly shape: readonly number[];
  /** The number of each voxel as stored: grey value, palette index or label. */
  readonly values: ArrayLike<number>;
  /** The number that a viewer shows as white, by which many masks mark their one class; undefined for palette indices. */
  readonly white: number | undefined;
  /** How a volume lies in the patient, where its file says so. */
  readonly affine?: Affine;
}

/** Largest value of 8 bits: volumes too use it for the one class of a mask. */
const WHITE_OF_8_BITS = 255;

/**
 * Reads an image. Transparency is left out; a palette is looked up; a PNG whose pixels are all grey has one channel,
 * however it stores them.
 *
 * @param affine of the case's other files, for a volume that does not say how it lies
 * @throws LabError UNREADABLE_FILE, or BAD_DATASET where an intensity is not a finite number
 */
export async function readImage(path: string, affine?: Affine): Promise<ImageData> {
  const bytes = await readBytes(path);
  if (requireFormat(path) === "png") return pngImage(readPng(bytes, path));
  const volume = readNifti(bytes, path, affine);
  checkFinite(volume.data, path);
  return { ...thinAxisFirst(volume), channels: 1, data: volume.data, affine: volume.affine };
}

/**
 * Reads a mask: grey of any depth, a palette (whose indices are the labels), colour with equal channels, or a volume.
 *
 * @param affine of the image, for a volume that does not say how it lies
 * @throws LabError UNREADABLE_FILE, also where a PNG has pixels that are not grey
 */
export async function readMask(path: string, affine?: Affine): Promise<MaskData> {
  const bytes = await readBytes(path);
  if (requireFormat(path) === "png") return pngMask(readPng(bytes, path), path);
  const volume = readNifti(bytes, path, affine);
  const { shape } = thinAxisFirst(volume);
  return { shape, values: volume.data, white: WHITE_OF_8_BITS, affine: volume.affine };
}

/**
 * A single slice may lie across any axis. Its axis of length 1 comes first, so that the slices trained on are whole images
 * and not rows of one; an axis of length 1 moves without moving a voxel.
 */
function thinAxisFirst({ shape, spacing }: NiftiVolume): Pick<ImageData, "shape" | "spacing"> {
  const thin = shape.indexOf(1);
  if (thin <= 0) return { shape, spacing };
  const first = (of: readonly number[]) => [of[thin], ...of.filter((_, axis) => axis !== thin)];
  return { shape: first(shape), spacing: first(spacing) };
}

/** Whether a PNG has a pixel that is not grey; decodes only where its header leaves it open. Errors as `readImage`. */
export async function isColourPng(path: string): Promise<boolean> {
  const bytes = await readBytes(path);
  const { colourType } = readPngHeader(bytes, path);
  const GREY_TYPES = [0, 4];
  return !GREY_TYPES.includes(colourType) && pngImage(readPng(bytes, path)).channels === 3;
}

function requireFormat(path: string): ImageFormat {
  const format = formatOf(path);
  if (format === undefined) throw unreadable(path, `losskit reads ${READABLE_ENDINGS}`);
  return format;
}

function pngImage(png: PngImage): ImageData {
  const { width, height } = png;
  const channels = isGrey(png) ? 1 : 3;
  const pixels = width * height;
  const data = new Float32Array(channels * pixels);
  for (let c = 0; c < channels; c++) {
    const sample = sampler(png, c);
    for (let i = 0; i < pixels; i++) data[c * pixels + i] = sample(i);
  }
  return { shape: [height, width], spacing: [1, 1], channels, data };
}

function pngMask(png: PngImage, path: string): MaskData {
  const { width, height, channels, depth, data, palette } = png;
  const shape = [height, width];
  if (palette !== undefined) return { shape, values: data, white: undefined };
  if (!isGrey(png)) {
    throw unreadable(
      path,
      "a mask must hold class numbers, and this one holds colours; save it as grey (the value is the class) or with a palette (the index is the class)",
    );
  }
  const values = channels === 1 ? data : Uint16Array.from({ length: width * height }, (_, i) => data[i * channels]);
  return { shape, values, white: 2 ** depth - 1 };
}

/** Red (or grey), green or blue of a pixel. */
function sampler({ channels, data, palette }: PngImage, colour: number): (pixel: number) => number {
  if (palette !== undefined) return (pixel) => palette[data[pixel]][colour];
  const offset = channels < 3 ? 0 : colour;
  return (pixel) => data[pixel * channels + offset];
}

function isGrey(png: PngImage): boolean {
  if (png.palette === undefined && png.channels < 3) return true;
  const [red, green, blue] = [0, 1, 2].map((colour) => sampler(png, colour));
  for (let i = 0; i < png.width * png.height; i++) {
    if (red(i) !== green(i) || red(i) !== blue(i)) return false;
  }
  return true;
}

function checkFinite(data: Float32Array | Float64Array, path: string): void {
  let count = 0;
  let first = Number.NaN;
  for (const value of data) {
    // Beyond float32 a number is infinite to the network.
    if (Number.isFinite(Math.fround(value))) continue;
    if (count === 0) first = value;
    count++;
  }
  if (count === 0) return;
  throw new LabError(
    "BAD_DATASET",
    `the image ${path} has ${count} of ${data.length} voxels that are not finite numbers (the first is ${first}); replace them, for example by 0`,
  );
}
