// Opens the images of a plan: a folder of files, or embedded phantoms.

import type { Dataset } from "../datasets/dataset.js";
import { openDataset } from "../datasets/open-dataset.js";
import { phantomDataset } from "../datasets/phantoms/phantom-dataset.js";
import { parsePreset } from "../datasets/phantoms/presets.js";
import type { DataSource } from "./plan.js";

/** Opens a source; throws a `LabError` that names the folder, file or preset when it cannot. */
export async function openSource(source: DataSource): Promise<Dataset> {
  if (source.kind === "files") return openDataset(source.path, { classes: source.classes });
  const { preset, seed, train, validation, test } = source;
  return phantomDataset(parsePreset(preset), { seed, train, validation, test });
}
