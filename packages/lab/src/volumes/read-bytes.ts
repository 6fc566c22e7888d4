// Reads a file whole; what goes wrong, there or later in its contents, becomes one kind of error that names the file.

import { readFile, stat } from "node:fs/promises";
import { LabError } from "../errors.js";

/** The error of a file that is there but cannot be used; `problem` says what was found and what was expected. */
export function unreadable(file: string, problem: string, cause?: unknown): LabError {
  return new LabError("UNREADABLE_FILE", `cannot read ${file}: ${problem}`, { cause });
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  EISDIR: "it is a folder",
  EMFILE: "too many files are open",
  ENOTDIR: "what its path names as a folder is a file",
  ENAMETOOLONG: "its name is too long",
  // Of Node: a name with a zero byte.
  ERR_INVALID_ARG_VALUE: "no file can have that name",
};

/** @throws LabError UNREADABLE_FILE when the system cannot read it, or it is empty */
export async function readBytes(file: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw unreadable(file, SYSTEM_REASONS[code ?? ""] ?? message, error);
  }
  if (bytes.length === 0) throw unreadable(file, "it is empty (0 bytes)");
  return bytes;
}

/** The most that is read of text; a table of a million pairs is half of it. */
const MAX_TEXT = 2 ** 28;

/**
 * A text file whole, without the byte order mark that some editors put at its start.
 *
 * @throws LabError UNREADABLE_FILE, also where it is larger than 256 MiB or UTF-16
 */
export async function readText(file: string): Promise<string> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > MAX_TEXT) throw unreadable(file, `it has ${size} bytes; of text at most ${MAX_TEXT} are read`);
  const bytes = await readBytes(file);
  // The byte order mark of UTF-16; UTF-8 has no such bytes. What else is no UTF-8 matters only where it stands in a name.
  if (bytes[0]! + bytes[1]! === 0xff + 0xfe) throw unreadable(file, "it is UTF-16; save it as UTF-8");
  return new TextDecoder().decode(bytes);
}
