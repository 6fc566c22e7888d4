// Files of a data set: which can be read, what they are called without their ending, and JSON beside them.

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";

/** Kinds of image file that are read, by their ending. */
export type FileKind = "png" | "nifti";

const ENDING = /\.(?:(png)|nii|nii\.gz)$/iu;

/** Endings of images that are not read; other files in a folder (thumbnails, notes) are passed over. */
const OTHER_IMAGE = /\.(?:jpe?g|tiff?|bmp|gif|webp|dcm|mha|mhd|nrrd|npy|npz|hdr|img)$/iu;

export const READABLE = ".png, .nii and .nii.gz";

/** The kind of a file by its ending, undefined where it is not read. */
export function fileKind(path: string): FileKind | undefined {
  const match = ENDING.exec(path);
  if (match === null) return undefined;
  return match[1] === undefined ? "nifti" : "png";
}

export const withoutEnding = (name: string): string => name.replace(ENDING, "");

/**
 * Names of the image files of a folder, sorted.
 *
 * @throws LabError BAD_DATASET where the folder holds images of a kind that is not read
 */
export async function listImages(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() || entry.name.startsWith(".") ? [] : [entry.name]));
  const unread = names.filter((name) => OTHER_IMAGE.test(name)).sort();
  if (unread.length > 0) {
    throw new LabError(
      "BAD_DATASET",
      `${folder} holds ${enumerate(unread)}; losskit reads ${READABLE}: convert them (not to a lossy format) or move them away`,
    );
  }
  return names.filter((name) => fileKind(name) !== undefined).sort();
}

/** Path of a folder inside another, whatever the case of its name; undefined where there is none. */
export async function findFolder(parent: string, ...names: readonly string[]): Promise<string | undefined> {
  const entries = await readdir(parent, { withFileTypes: true });
  for (const name of names) {
    for (const entry of entries) {
      if (entry.name.toLowerCase() !== name.toLowerCase()) continue;
      const path = join(parent, entry.name);
      if (await isFolder(path)) return path;
    }
  }
  return undefined;
}

export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

export const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() === true;

/**
 * What a JSON file holds.
 *
 * @throws LabError BAD_DATASET where it is not JSON; UNREADABLE_FILE where it cannot be opened
 */
export async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabError("BAD_DATASET", `${path} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** As `readJson`, and BAD_DATASET where it holds something else than an object. */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const json = await readJson(path);
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw new LabError("BAD_DATASET", `${path} should hold a JSON object, { … }, and holds a value of another kind`);
}

/** @throws LabError UNREADABLE_FILE */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new LabError("UNREADABLE_FILE", `cannot open ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Most names an error lists. */
const LISTED = 10;

/** "a, b, c and 12 more". */
export function enumerate(items: readonly (string | number)[], separator = ", "): string {
  const shown = items.slice(0, LISTED).join(separator);
  const rest = items.length - LISTED;
  return rest > 0 ? `${shown}${separator.startsWith("\n") ? separator : " "}and ${rest} more` : shown;
}
