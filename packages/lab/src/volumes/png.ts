// PNG files to and from arrays. The decoding is fast-png's; the checks that a file is whole and no larger than it says come
// before it (png-chunks.ts).

import { type DecodedPng, decode, encode } from "fast-png";
import { pixelChunks, SIGNATURE } from "./png-chunks.js";
import { unreadable } from "./read-bytes.js";

/** A PNG as stored: samples interleaved by pixel, row by row, one array element per sample whatever the bit depth. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  /** Samples per pixel: 1 grey or palette index, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Bits per sample in the file: samples are 0 to 2^depth - 1. */
  readonly depth: 1 | 2 | 4 | 8 | 16;
  readonly data: Uint8Array | Uint16Array;
  /** Red, green and blue of each index, where the samples are indices into a palette. */
  readonly palette?: readonly (readonly number[])[];
}

const HEADER_LENGTH = 33; // signature 8, then the chunk IHDR: length 4, type 4, contents 13, check sum 4
const GREY_OR_INDEX = [1, 2, 4, 8, 16];
const BIT_DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: GREY_OR_INDEX,
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** About 16,000 by 16,000: beyond it a file is more likely damaged, or meant to fill the memory, than an image. */
const MAX_PIXELS = 2 ** 28;

/** What the first 33 bytes say. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA, as the PNG standard numbers them. */
  readonly colourType: number;
  readonly interlaced: boolean;
}

/**
 * Reads and checks the header alone.
 *
 * @param bytes at least the first 33 bytes of the file
 * @throws LabError UNREADABLE_FILE
 */
export function readPngHeader(bytes: Uint8Array, file: string): PngHeader {
  const found = SIGNATURE.findIndex((byte, index) => bytes[index] !== byte);
  if (found !== -1 && found < bytes.length) {
    throw unreadable(file, `it is not a PNG image (its first bytes are ${hexadecimal(bytes.subarray(0, 4))})`);
  }
  if (bytes.length < HEADER_LENGTH) {
    throw unreadable(file, `it is cut: it has ${bytes.length} bytes, a PNG header alone has ${HEADER_LENGTH}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = String.fromCharCode(...bytes.subarray(12, 16));
  if (type !== "IHDR" || view.getUint32(8) !== 13) throw unreadable(file, "it does not begin with a PNG header (IHDR)");
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const depth = bytes[24]!;
  const colourType = bytes[25]!;
  const interlaced = bytes[28] === 1;
  if (width === 0 || height === 0) throw unreadable(file, `its size is ${width} x ${height} pixels`);
  if (width * height > MAX_PIXELS) {
    throw unreadable(file, `its header says ${width} x ${height} pixels; at most ${MAX_PIXELS} pixels are read`);
  }
  if (!BIT_DEPTHS[colourType]?.includes(depth)) {
    throw unreadable(file, `its header says colour type ${colourType} with ${depth} bits, which PNG does not have`);
  }
  if (interlaced && depth < 8) {
    throw unreadable(file, `it is interlaced with ${depth} bits per sample; save it without interlacing`);
  }
  return { width, height, depth, colourType, interlaced };
}

/**
 * Reads a PNG: grey, grey and alpha, RGB, RGBA or palette, 1 to 16 bits.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws LabError UNREADABLE_FILE when it is not a PNG, is cut (says how many bytes there are and are missing) or damaged
 */
export function readPng(bytes: Uint8Array, file: string): PngImage {
  const header = readPngHeader(bytes, file);
  const { colourType } = header;
  const pixels = pixelChunks(bytes, header, file);
  let decoded: DecodedPng;
  try {
    decoded = decode(pixels);
  } catch (error) {
    throw unreadable(file, `it is damaged (${(error as Error).message})`, error);
  }
  const { width, height, depth } = decoded;
  const channels = decoded.channels as PngImage["channels"];
  const data = depth < 8 ? unpack(decoded) : (decoded.data as Uint8Array | Uint16Array);
  // RGB files may carry a palette too, as a suggestion for screens with few colours: it has no part in the pixels.
  const palette = colourType === 3 ? decoded.palette : undefined;
  if (palette !== undefined) checkIndices(data, palette.length, file);
  if (colourType === 3 && palette === undefined)
    throw unreadable(file, "its pixels are palette indices, without palette");
  return { width, height, channels, depth, data, palette };
}

/** One element per sample from rows of packed bits; every row starts at a byte. */
function unpack({ width, height, depth, data }: DecodedPng): Uint8Array {
  const samplesPerByte = 8 / depth;
  const rowBytes = Math.ceil(width / samplesPerByte);
  const largest = 2 ** depth - 1;
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + Math.floor(x / samplesPerByte)]!;
      const shift = 8 - depth * ((x % samplesPerByte) + 1);
      out[y * width + x] = (byte >> shift) & largest;
    }
  }
  return out;
}

function checkIndices(data: Uint8Array | Uint16Array, colours: number, file: string): void {
  for (const index of data) {
    if (index >= colours)
      throw unreadable(file, `a pixel has palette index ${index}; the palette has ${colours} colours`);
  }
}

/** A PNG to write: one sample per element, interleaved by pixel. */
export interface PngContents {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGB with opacity; 1 when not given. */
  readonly channels?: 1 | 3 | 4;
  /** 16 bits per sample for a Uint16Array, else 8. */
  readonly data: Uint8Array | Uint16Array;
}

/**
 * A PNG file of 8 or 16 bits, grey or in colour; for a mask give the class index of each pixel.
 *
 * @throws RangeError when the length of `data` is not width x height x channels
 */
export function writePng({ width, height, channels = 1, data }: PngContents): Uint8Array {
  return encode({ width, height, channels, depth: data instanceof Uint16Array ? 16 : 8, data });
}

const hexadecimal = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(" ");
