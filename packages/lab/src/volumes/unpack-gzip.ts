// Unpacks a .nii.gz, no further than its header asks for: a few kilobytes of gzip can hold gigabytes.

import { gunzipSync, constants as zlib } from "node:zlib";
import { checkWhole, LONGEST_HEADER, parseNiftiHeader } from "./nifti-header.js";
import { unreadable } from "./read-bytes.js";

/** A packed file is not to take more memory than one that is not packed, of which Node reads 2 GiB. */
const MAX_BYTES = 2 ** 31 - 1;
/** What may follow the last voxel: some writers fill up blocks. */
const MAX_TRAILING = 2 ** 20;
/** Deflate packs no better: at best 258 bytes into 2 bits (zlib.net/zlib_tech.html). */
const MOST_PER_BYTE = 1032;
/** Packed bytes that are unpacked first, to see the header; enough unless gzip's own header is long. */
const START = 4096;
/** Gzip's own header may have 64 KiB, and as many bytes behind it unpack to 64 MiB. */
const MAX_START = 2 ** 27;

/** Whether the bytes are gzip: both marks and the method, as one mark alone also begins other files. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;

/**
 * Unpacks a packed NIfTI file; anything else is returned as it is. The header is unpacked first, and says how far to go.
 *
 * @param options as for `readNiftiHeader`
 * @throws LabError UNREADABLE_FILE where the gzip data are damaged or cut (the message says how much is missing), or hold more than the
 *   header asks for
 */
export function unpackNifti(bytes: Uint8Array, file: string, options: { readonly channels?: boolean }): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const header = parseNiftiHeader(unpackStart(bytes, file), file, options);
  const { byteLength } = header;
  if (byteLength > MAX_BYTES) {
    throw unreadable(file, `its header asks for ${byteLength} bytes; packed files of at most ${MAX_BYTES} are read`);
  }
  // What cannot be there is not unpacked, and no memory is taken for it.
  const most = bytes.length * MOST_PER_BYTE;
  if (byteLength > most) {
    throw unreadable(
      file,
      `it is cut: its header asks for ${byteLength} bytes, and ${bytes.length} bytes of gzip hold at most ${most}; copy it again`,
    );
  }
  const maxOutputLength = byteLength + MAX_TRAILING;
  const tooMuch = `it unpacks to more than the ${byteLength} bytes that its header asks for; write it anew with the tool that made it`;
  try {
    // In one piece: to join many takes the memory twice.
    return gunzipSync(bytes, { maxOutputLength, chunkSize: maxOutputLength + 1 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "Z_BUF_ERROR") throw gzipError(error, file, tooMuch);
    checkWhole(header, unpackCut(bytes, file, maxOutputLength, tooMuch).length, file);
    throw unreadable(file, `it is cut: its gzip data end early, at ${bytes.length} bytes; copy it again`, error);
  }
}

/** At least the header, where there is one. */
function unpackStart(bytes: Uint8Array, file: string): Uint8Array {
  for (let length = START; ; length *= 2) {
    const start = unpackCut(bytes.subarray(0, length), file, MAX_START, "its gzip data do not begin with a header");
    if (start.length >= LONGEST_HEADER || length >= bytes.length) return start;
  }
}

/** What there is of a file that ends early. */
function unpackCut(bytes: Uint8Array, file: string, maxOutputLength: number, tooMuch: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength, finishFlush: zlib.Z_SYNC_FLUSH });
  } catch (error) {
    throw gzipError(error, file, tooMuch);
  }
}

function gzipError(error: unknown, file: string, tooMuch: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_BUFFER_TOO_LARGE") return unreadable(file, tooMuch, error);
  return unreadable(file, code?.startsWith("Z_") ? `its gzip data are damaged (${message})` : message, error);
}
