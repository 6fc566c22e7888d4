// Writes a set of phantoms as files: images, masks, splits and statistics, in the form `losskit compare` reads.

import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LabError } from "../../errors.js";
import { writeNifti } from "../../volumes/nifti.js";
import { writePng } from "../../volumes/png.js";
import type { Split } from "../dataset.js";
import { generatePhantom } from "./generate.js";
import { PHANTOM_SPLITS, type PhantomSetOptions, phantomId } from "./phantom-dataset.js";
import { type Phantom, type PhantomPreset, PRESET_DESCRIPTIONS } from "./presets.js";
import { phantomStatistics } from "./statistics.js";

export interface WriteOptions extends PhantomSetOptions {
  /** Replace a folder that holds something. */
  readonly force?: boolean;
  readonly onCase?: (written: number, all: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes the set into `directory`, all or nothing: a folder beside it is filled first, then takes its name.
 *
 * @throws LabError USAGE for a folder that holds something (without `force`), WRITE_FAILED, INTERRUPTED
 */
export async function writePhantoms(preset: PhantomPreset, directory: string, options: WriteOptions): Promise<void> {
  if (!options.force && existsSync(directory) && (await readdir(directory)).length > 0) {
    throw new LabError("USAGE", `${directory} is not empty; give another --out, or --force to replace what is there`);
  }
  const temporary = `${directory}.${process.pid}.part`;
  try {
    await fill(preset, temporary, options);
    await rm(directory, { recursive: true, force: true });
    await mkdir(dirname(directory), { recursive: true });
    await rename(temporary, directory);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError("WRITE_FAILED", `cannot write ${directory}: ${(error as Error).message}`, { cause: error });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function fill(preset: PhantomPreset, directory: string, options: WriteOptions): Promise<void> {
  const { seed, dials, onCase, signal } = options;
  const { dimension, classes, modelledOn } = PRESET_DESCRIPTIONS[preset];
  const all = PHANTOM_SPLITS.reduce((sum, split) => sum + options[split], 0);
  const phantoms: Phantom[] = [];
  const splits: Record<Split, string[]> = { train: [], validation: [], test: [] };
  for (const split of PHANTOM_SPLITS) {
    for (let i = 0; i < options[split]; i++) {
      if (signal?.aborted) throw new LabError("INTERRUPTED", `stopped; nothing was written`);
      const index = phantoms.length;
      const id = phantomId(preset, index);
      const phantom = generatePhantom(preset, { seed, index, dials });
      splits[split].push(id);
      phantoms.push(phantom);
      await writeCase(directory, id, phantom, classes.length);
      onCase?.(phantoms.length, all);
    }
  }
  const extension = dimension === 3 ? "nii.gz" : "png";
  const description = {
    name: `phantoms-${preset}`,
    dim: dimension,
    classes: Object.fromEntries(["background", ...classes].map((name, index) => [index, name])),
    image: `images/{id}.${extension}`,
    mask: `masks/{id}.${extension}`,
    ...(phantoms[0]?.regionOfInterest && { roi: "roi/{id}.png" }),
    ...(phantoms[0]?.instances && { instances: "instances/{id}.png" }),
    licence: "CC0-1.0",
    note: `synthetic, with the statistics of ${modelledOn}; seed ${seed}`,
    splits: { train: splits.train, val: splits.validation, test: splits.test },
  };
  await writeFile(join(directory, "split.json"), `${JSON.stringify(description, null, 1)}\n`);
  await writeFile(join(directory, "stats.json"), `${JSON.stringify(phantomStatistics(preset, phantoms), null, 1)}\n`);
}

async function writeCase(directory: string, id: string, phantom: Phantom, classes: number): Promise<void> {
  const { shape, spacing, image, labels, regionOfInterest, instances } = phantom;
  const write = async (folder: string, extension: string, bytes: Uint8Array) => {
    await mkdir(join(directory, folder), { recursive: true });
    await writeFile(join(directory, folder, `${id}.${extension}`), bytes);
  };
  if (shape.length === 3) {
    const volume = { shape: [shape[0], shape[1], shape[2]], spacing: [spacing[0], spacing[1], spacing[2]] } as const;
    await write("images", "nii.gz", writeNifti({ ...volume, data: image }));
    await write("masks", "nii.gz", writeNifti({ ...volume, data: labels }));
    return;
  }
  const [height, width] = shape;
  const png = (data: Uint8Array | Uint16Array) => writePng({ width, height, data });
  // White for the one class, so that a mask can be seen.
  const white = (mask: Uint8Array) => (classes === 1 ? mask.map((label) => label * 255) : mask);
  await write("images", "png", png(image));
  await write("masks", "png", png(white(labels)));
  if (regionOfInterest) await write("roi", "png", png(white(regionOfInterest)));
  if (instances) await write("instances", "png", png(instances));
}
