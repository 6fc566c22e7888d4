// Files that unpack to far more than they hold, and the memory that reading one takes.

import { constants, deflateRawSync } from "node:zlib";

const GIGABYTE = 2 ** 30;
const PIECE = 2 ** 24;

/**
 * Deflate data of `start` and, behind it, gigabytes of zeros in a thousandth of the bytes. Pieces that end at a whole byte and refer to nothing
 * before them may stand in any number.
 */
function endless(start: Uint8Array, gigabytes: number): Uint8Array {
  const options = { finishFlush: constants.Z_FULL_FLUSH, level: 9 };
  const zeros = deflateRawSync(new Uint8Array(PIECE), options);
  const pieces = Array<Uint8Array>((gigabytes * GIGABYTE) / PIECE).fill(zeros);
  // The last block: the fixed codes, with the end of the block at once.
  return Buffer.concat([deflateRawSync(start, options), ...pieces, Uint8Array.of(3, 0)]);
}

/** Gzip, with a check sum that is wrong: it is not to be reached. */
export const gzipBomb = (start: Uint8Array, gigabytes: number): Uint8Array =>
  Buffer.concat([Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255), endless(start, gigabytes), new Uint8Array(8)]);

/** The same as zlib, in which PNG keeps pixels. */
export const zlibBomb = (start: Uint8Array, gigabytes: number): Uint8Array =>
  Buffer.concat([Uint8Array.of(0x78, 0xda), endless(start, gigabytes), new Uint8Array(4)]);

/** Megabytes by which the most memory this process ever had has grown. */
export function memoryTaken(act: () => unknown): number {
  const before = process.resourceUsage().maxRSS;
  act();
  return (process.resourceUsage().maxRSS - before) / 1024;
}
