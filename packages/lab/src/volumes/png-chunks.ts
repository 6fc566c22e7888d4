// The parts of a PNG file that hold its pixels, each checked, and no others: the decoder is given nothing else to unpack.

import { crc32, inflateSync } from "node:zlib";
import type { PngHeader } from "./png.js";
import { unreadable } from "./read-bytes.js";

export const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Length and type before the contents, check sum behind. */
const CHUNK_START = 8;
const CHUNK_FRAME = 12;

/** Chunks that a reader must understand have a capital first letter; these are all that the standard has. */
const CRITICAL = ["IHDR", "PLTE", "IDAT", "IEND"];

/** About 16,000 by 16,000 pixels of four bytes. */
const MAX_BYTES = 2 ** 30;
/** Deflate packs no better: at best 258 bytes into 2 bits (zlib.net/zlib_tech.html). */
const MOST_PER_BYTE = 1032;

/**
 * A PNG of the same pixels with nothing beside them: header, palette, pixel data. Colour profiles, texts and further frames are left out
 * unread, since each may unpack to any size.
 *
 * @param bytes the whole file, of which the header is checked
 * @throws LabError UNREADABLE_FILE where the file is cut (says what is missing) or damaged, or its pixel data are not as long as its size
 */
export function pixelChunks(bytes: Uint8Array, header: PngHeader, file: string): Uint8Array {
  const chunks = readChunks(bytes, file);
  for (const type of ["IHDR", "PLTE"]) {
    if (chunks.filter((chunk) => chunk.type === type).length > 1) {
      throw unreadable(file, `it is damaged (it has two parts ${type})`);
    }
  }
  checkPixelData(
    chunks.filter(({ type }) => type === "IDAT").map(({ whole }) => whole.subarray(CHUNK_START, -4)),
    header,
    file,
  );
  return Buffer.concat([SIGNATURE, ...chunks.map(({ whole }) => whole)]);
}

interface Chunk {
  readonly type: string;
  /** With its length, type and check sum. */
  readonly whole: Uint8Array;
}

/** The critical chunks as far as the end mark, check sums of all compared. */
function readChunks(bytes: Uint8Array, file: string): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let offset = SIGNATURE.length; offset + CHUNK_START <= bytes.length; ) {
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + CHUNK_START));
    const end = offset + CHUNK_FRAME + view.getUint32(offset);
    if (end > bytes.length) {
      throw unreadable(
        file,
        `it is cut: its ${type} part ends at byte ${end}, but the file has ${bytes.length} bytes; copy it again`,
      );
    }
    if (crc32(bytes.subarray(offset + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw unreadable(file, `it is damaged (the check sum of its ${type} part is another); copy it again`);
    }
    if (CRITICAL.includes(type)) chunks.push({ type, whole: bytes.subarray(offset, end) });
    else if (/^[A-Z]/u.test(type)) throw unreadable(file, `it has a part ${type}, which PNG does not have`);
    if (type === "IEND") return chunks;
    offset = end;
  }
  throw unreadable(file, `it is cut: ${bytes.length} bytes without the end mark of a PNG (IEND); copy it again`);
}

/** Unpacked here first, with a limit: the decoder has none, and takes what is missing for zeros. */
function checkPixelData(parts: readonly Uint8Array[], header: PngHeader, file: string): void {
  const packed = Buffer.concat(parts);
  const needed = unpackedLength(header);
  const size = `${header.width} x ${header.height} pixels`;
  if (needed > MAX_BYTES) throw unreadable(file, `its ${size} take ${needed} bytes; at most ${MAX_BYTES} are read`);
  const short = (length: string | number) => `its pixel data end early: ${size} take ${needed} bytes, it has ${length}`;
  const most = packed.length * MOST_PER_BYTE;
  if (needed > most) throw unreadable(file, short(`at most ${most}`));
  let length: number;
  try {
    ({ length } = inflateSync(packed, { maxOutputLength: needed, chunkSize: needed + 64 }));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw unreadable(file, `it has more pixel data than ${size} take (${needed} bytes)`, error);
    }
    throw unreadable(file, `its pixel data are damaged (${message})`, error);
  }
  if (length < needed) throw unreadable(file, short(length));
}

/** First pixel and step along x and y of each pass over an interlaced image (PNG standard, 8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Each row starts with the number of its filter; an empty pass has no rows. */
function unpackedLength({ width, height, depth, colourType, interlaced }: PngHeader): number {
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1] as const];
  return passes.reduce((sum, [x, y, stepX, stepY]) => {
    const columns = Math.ceil((width - x) / stepX);
    const rows = Math.ceil((height - y) / stepY);
    if (columns <= 0 || rows <= 0) return sum;
    return sum + rows * (1 + Math.ceil((columns * depth * SAMPLES[colourType]!) / 8));
  }, 0);
}
