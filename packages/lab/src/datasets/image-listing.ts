// What lies in the folders of a data set: image files by name, and folders whatever the capitals of their names.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";
import { formatOf, isUnreadableImage, READABLE_ENDINGS, SCORED_ENDINGS, scoredFormatOf } from "../volumes/file-name.js";
import { listed } from "./case-files.js";

/**
 * Names of the image files of a folder, sorted; hidden files, folders and files that are no images are passed over.
 *
 * @throws LabError BAD_DATASET where the folder holds images of a kind that is not read
 */
export const listImages = (folder: string): Promise<string[]> => listFiles(folder, formatOf, READABLE_ENDINGS);

/** The same of files to score, which may be of more kinds. */
export const listScored = (folder: string): Promise<string[]> => listFiles(folder, scoredFormatOf, SCORED_ENDINGS);

async function listFiles(
  folder: string,
  format: (file: string) => string | undefined,
  endings: string,
): Promise<string[]> {
  const names = await namesIn(folder);
  const unread = names.filter((name) => isUnreadableImage(name) && format(name) === undefined).sort();
  if (unread.length > 0) {
    throw new LabError(
      "BAD_DATASET",
      `${folder} holds ${listed(unread)}; losskit reads ${endings}: convert them (masks without lossy compression) or move them away`,
    );
  }
  return names.filter((name) => format(name) !== undefined).sort();
}

/** Names of the image files that are read, whatever else the folder holds: of images that are welcome and not needed. */
export const listReadable = async (folder: string): Promise<string[]> =>
  (await namesIn(folder)).filter((name) => formatOf(name) !== undefined).sort();

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() || entry.name.startsWith(".") ? [] : [entry.name]));
}

/** Path of the first of the named folders that `parent` has, capitals aside; undefined where it has none. */
export async function findFolder(parent: string, names: readonly string[]): Promise<string | undefined> {
  const entries = (await readdir(parent)).sort();
  for (const name of names) {
    for (const entry of entries) {
      const path = join(parent, entry);
      if (entry.toLowerCase() === name && (await isFolder(path))) return path;
    }
  }
  return undefined;
}

export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

export const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() === true;
