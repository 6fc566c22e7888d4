// Makes a folder and those above it.

import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * What `mkdir` with `recursive` is for; but that, in Node 20, never ends where a folder cannot be made in one that is there, as in /proc.
 *
 * @param path may be there already
 * @throws the system's error for the folder that cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (await isFolder(path)) return;
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || (await isFolder(above))) throw error;
    await makeFolder(above);
    await makeFolder(path);
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
