// Builds PNG files of any kind byte by byte, so that the reader is tested against the standard and not against its own encoder.

import { crc32, deflateSync } from "node:zlib";

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  /** Samples as the file shall hold them: interleaved by pixel, row by row. */
  readonly samples: readonly number[];
  readonly palette?: readonly (readonly [number, number, number])[];
  readonly interlaced?: boolean;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

/** Rows without filter, packed into bytes from the highest bits down. */
function packRows({ width, height, depth, samples }: PngParts): Uint8Array {
  const perRow = samples.length / height;
  const rowBytes = Math.ceil((perRow * depth) / 8);
  const out = new Uint8Array(height * (1 + rowBytes));
  if (!Number.isInteger(perRow / width)) throw new Error("samples do not fill the rows");
  samples.forEach((sample, index) => {
    const row = Math.floor(index / perRow);
    const bit = (index % perRow) * depth;
    const at = row * (1 + rowBytes) + 1 + Math.floor(bit / 8);
    if (depth === 16) {
      out[at] = sample >> 8;
      out[at + 1] = sample & 255;
    } else out[at] |= sample << (8 - depth - (bit % 8));
  });
  return out;
}

export function makePng(parts: PngParts): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, parts.width);
  view.setUint32(4, parts.height);
  header[8] = parts.depth;
  header[9] = parts.colourType;
  header[12] = parts.interlaced ? 1 : 0;
  const palette = parts.palette === undefined ? [] : [chunk("PLTE", Uint8Array.from(parts.palette.flat()))];
  return Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    ...palette,
    chunk("IDAT", deflateSync(packRows(parts))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** An 8-bit grey PNG. */
export const greyPng = (width: number, height: number, samples: readonly number[]): Uint8Array =>
  makePng({ width, height, depth: 8, colourType: 0, samples });
