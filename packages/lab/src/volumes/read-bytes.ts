// Reads a file whole; what goes wrong, there or later in its contents, becomes one kind of error that names the file.

import { readFile } from "node:fs/promises";
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
