// Writes a set of phantoms as files: images, masks, splits and statistics, in the form `losskit compare` reads.

import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { LabError } from "../../errors.js";
import { makeFolder } from "../../make-folder.js";
import { writeNifti } from "../../volumes/nifti.js";
import { writePng } from "../../volumes/png.js";
import { generatePhantom } from "./generate.js";
import { describeOrigin, namePhantoms, type PhantomSetOptions } from "./phantom-dataset.js";
import { changedDials, type Phantom, type PhantomPreset, PRESET_DESCRIPTIONS, resolveDials } from "./presets.js";
import { collectStatistics } from "./statistics.js";

export interface WriteOptions extends PhantomSetOptions {
  /** Replace phantoms written earlier. */
  readonly force?: boolean;
  readonly onCase?: (written: number, all: number) => void;
  readonly signal?: AbortSignal;
}

const SPLIT_FILE = "split.json";
/** All that this module writes; it removes nothing else. */
const OWN_ENTRIES = ["images", "masks", "fov", "instances", "stats.json", SPLIT_FILE];

/**
 * Writes the set into `directory`, all or nothing: the files get their place only when all are written.
 *
 * @param directory must be absent, empty, or, with `force`, hold phantoms and nothing else
 * @throws LabError USAGE for another directory, a count or a dial out of its range; WRITE_FAILED; INTERRUPTED
 */
export async function writePhantoms(preset: PhantomPreset, directory: string, options: WriteOptions): Promise<void> {
  namePhantoms(preset, options);
  const target = resolve(directory);
  try {
    const exists = await checkTarget(target, options.force ?? false);
    // A folder that is there is kept, not replaced: it may be the working directory or a mounted disk.
    const part = `${process.pid}.part`;
    const staging = exists ? join(target, `.${part}`) : `${target}.${part}`;
    try {
      await fill(preset, staging, options);
      if (exists) await moveEntries(staging, target);
      else await rename(staging, target);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  } catch (error) {
    if (error instanceof LabError) throw error;
    const advice = "free some space, or choose another folder with --out";
    throw new LabError("WRITE_FAILED", `cannot write ${target}: ${(error as Error).message}; ${advice}`, {
      cause: error,
    });
  }
}

/** Whether the folder is there; throws where it must not be written to. */
async function checkTarget(target: string, force: boolean): Promise<boolean> {
  let entries: string[];
  try {
    entries = await readdir(target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    if (code === "ENOTDIR") {
      throw new LabError("USAGE", `${target} is or lies in a file; give the name of a folder with --out`);
    }
    throw error;
  }
  if (entries.length === 0) return true;
  if (!entries.every((entry) => OWN_ENTRIES.includes(entry)) || !(await holdsPhantoms(target))) {
    throw new LabError(
      "USAGE",
      `${target} is not empty and holds something else; choose an empty or new folder with --out`,
    );
  }
  if (!force) {
    const advice = "replace them with --force, or choose another folder with --out";
    throw new LabError("USAGE", `${target} holds phantoms already; ${advice}`);
  }
  return true;
}

/** Whether the folder's description says that this module wrote it. */
async function holdsPhantoms(target: string): Promise<boolean> {
  try {
    const description: unknown = JSON.parse(await readFile(join(target, SPLIT_FILE), "utf8"));
    return typeof description === "object" && description !== null && "phantoms" in description;
  } catch {
    return false;
  }
}

/** Puts new entries in the place of old ones, the description first: a set cut short here names files that are missing. */
async function moveEntries(staging: string, target: string): Promise<void> {
  for (const entry of OWN_ENTRIES) await rm(join(target, entry), { recursive: true, force: true });
  const entries = new Set(await readdir(staging));
  for (const entry of [...OWN_ENTRIES].reverse()) {
    if (entries.has(entry)) await rename(join(staging, entry), join(target, entry));
  }
}

async function fill(preset: PhantomPreset, directory: string, options: WriteOptions): Promise<void> {
  const { seed, onCase, signal } = options;
  const dials = resolveDials(preset, options.dials);
  const { dimension, classes, modelledOn } = PRESET_DESCRIPTIONS[preset];
  const { splits, indices } = namePhantoms(preset, options);
  const statistics = collectStatistics(preset);
  let first: Phantom | undefined;
  for (const [id, index] of indices) {
    if (signal?.aborted) throw new LabError("INTERRUPTED", "stopped; nothing was written");
    const phantom = generatePhantom(preset, { seed, index, dials });
    first ??= phantom;
    statistics.add(phantom);
    await writeCase(directory, id, phantom);
    onCase?.(index + 1, indices.size);
  }
  const extension = dimension === 3 ? "nii.gz" : "png";
  const description = {
    name: `phantoms-${preset}`,
    dim: dimension,
    classes: Object.fromEntries(["background", ...classes].map((name, index) => [index, name])),
    image: `images/{id}.${extension}`,
    mask: `masks/{id}.${extension}`,
    ...(first?.regionOfInterest && { roi: `fov/{id}.${extension}` }),
    ...(first?.instances && { instances: `instances/{id}.${extension}` }),
    licence: "CC0-1.0",
    grouping: `${describeOrigin(preset, seed, dials)}; every case is drawn on its own`,
    phantoms: { preset, modelledOn, seed, dials: changedDials(dials) },
    splits: { train: splits.train, val: splits.validation, test: splits.test },
  };
  const measured = {
    scope: `the ${indices.size} phantoms of this folder`,
    // Width first, as the public sets have it; volumes differ in size.
    ...(first?.shape.length === 2 && { image_size: [first.shape[1], first.shape[0]] }),
    ...statistics.summaries(),
  };
  await writeFile(join(directory, SPLIT_FILE), `${JSON.stringify(description, null, 1)}\n`);
  await writeFile(join(directory, "stats.json"), `${JSON.stringify(measured, null, 1)}\n`);
}

async function writeCase(directory: string, id: string, phantom: Phantom): Promise<void> {
  const { shape, spacing, image, labels, regionOfInterest, instances } = phantom;
  const write = async (folder: string, extension: string, bytes: Uint8Array) => {
    await makeFolder(join(directory, folder));
    await writeFile(join(directory, folder, `${id}.${extension}`), bytes);
  };
  if (shape.length === 3) {
    await write("images", "nii.gz", writeNifti({ shape, spacing, data: image }));
    await write("masks", "nii.gz", writeNifti({ shape, spacing, data: labels }));
    return;
  }
  const [height, width] = shape;
  const png = (data: Uint8Array | Uint16Array) => writePng({ width, height, data });
  // White, so that a mask of one class can be seen; the 2D presets have one.
  const white = (mask: Uint8Array) => mask.map((label) => label * 255);
  await write("images", "png", png(image));
  await write("masks", "png", png(white(labels)));
  if (regionOfInterest) await write("fov", "png", png(white(regionOfInterest)));
  if (instances) await write("instances", "png", png(instances));
}
