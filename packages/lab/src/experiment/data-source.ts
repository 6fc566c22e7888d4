// Opens the images of a plan: a folder of files, or embedded phantoms.

import type { Case, Dataset } from "../datasets/dataset.js";
import { openDataset } from "../datasets/open-dataset.js";
import { phantomDataset } from "../datasets/phantoms/phantom-dataset.js";
import { parsePreset } from "../datasets/phantoms/presets.js";
import type { DataSource } from "./plan.js";

/** Opens a source; throws a `LabError` that names the folder, file or preset when it cannot. */
export async function openSource(source: DataSource): Promise<Dataset> {
  if (source.kind === "files") return openDataset(source.path, { classes: source.classes });
  const { preset, seed, train, validation, test } = source;
  return keepCases(phantomDataset(parsePreset(preset), { seed, train, validation, test }));
}

/** Phantoms take longer to make than a file to read, and a set of them is small: each is made once in a process. */
function keepCases(dataset: Dataset): Dataset {
  const kept = new Map<string, Promise<Case>>();
  return {
    ...dataset,
    load(id) {
      const known = kept.get(id) ?? dataset.load(id);
      kept.set(id, known);
      return known;
    },
  };
}
