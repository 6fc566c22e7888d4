// Writes files so that a name in an output folder always holds a whole file: under a temporary name first, then renamed.

import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { LabError } from "../errors.js";
import { makeFolder } from "../make-folder.js";

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space or choose another folder with --out",
  EDQUOT: "the disk quota is used up; free some space or choose another folder with --out",
  EACCES: "there is no permission to write there; choose another folder with --out",
  EPERM: "there is no permission to write there; choose another folder with --out",
  EROFS: "the file system is read-only; choose another folder with --out",
  ENOTDIR: "a part of the path is a file, not a folder; choose another folder with --out",
  EEXIST: "a part of the path is a file, not a folder; choose another folder with --out",
  EISDIR: "a folder has that name; choose another folder with --out",
};

let temporaryFiles = 0;

/**
 * Writes a file and the folders above it, all or nothing.
 *
 * The npm packages for this were read first: they write with one `fs.write` and do not look at how many bytes went out,
 * so a disk that fills up leaves a cut file under the final name. `FileHandle.writeFile` goes on until all is written.
 *
 * @throws LabError WRITE_FAILED that names the file and the reason; the temporary file is removed.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${temporaryFiles++}.part`;
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      // Some file systems report a full disk only when the data goes out.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeFailure(path, error);
  }
}

/** The error for a path that could not be written, removed or created. */
export function writeFailure(path: string, error: unknown): LabError {
  if (error instanceof LabError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = (code && ADVICE[code]) ?? message;
  return new LabError("WRITE_FAILED", `cannot write ${path}: ${reason}`, { cause: error });
}
