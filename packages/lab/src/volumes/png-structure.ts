// Checks that a PNG file is whole before it is decoded, so that a cut file is reported as such.

import { LabError } from "../errors.js";

/** First eight bytes of every PNG (PNG specification, section 5.2). */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Length, type and check sum around the data of a chunk (section 5.3). */
const CHUNK_OVERHEAD = 12;

/**
 * Walks the chunks of a PNG up to its end mark.
 *
 * @param file the name used in errors
 * @throws LabError UNREADABLE_FILE when the signature, a chunk or the end mark is missing
 */
export function checkPngStructure(bytes: Uint8Array, file: string): void {
  const broken = (problem: string) => new LabError("UNREADABLE_FILE", `cannot read ${file}: ${problem}`);
  if (bytes.length === 0) throw broken("the file is empty");
  const isPng = SIGNATURE.every((byte, i) => i >= bytes.length || bytes[i] === byte);
  if (!isPng) throw broken("it is not a PNG file: its first bytes are not those of a PNG");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hasPixels = false;
  for (let at = SIGNATURE.length; ; ) {
    const left = bytes.length - at;
    if (left < CHUNK_OVERHEAD) throw broken(`it is cut off after ${bytes.length} bytes, before its end mark`);
    const size = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (size > left - CHUNK_OVERHEAD) {
      const there = left - CHUNK_OVERHEAD;
      throw broken(`it is cut off: its chunk ${type} at byte ${at} should hold ${size} bytes, and ${there} are there`);
    }
    if (at === SIGNATURE.length && type !== "IHDR") throw broken(`its first chunk is ${type}, not the header IHDR`);
    if (type === "IDAT") hasPixels = true;
    if (type === "IEND") break;
    at += CHUNK_OVERHEAD + size;
  }
  if (!hasPixels) throw broken("it has no pixels (no IDAT chunk)");
}
