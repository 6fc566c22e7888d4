// Phantoms written as files must come back as the very cases that are generated in memory.

import { join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { phantomDataset } from "../../src/datasets/phantoms/phantom-dataset.js";
import { PHANTOM_PRESETS } from "../../src/datasets/phantoms/presets.js";
import { writePhantoms } from "../../src/datasets/phantoms/write-phantoms.js";
import { folderWith } from "./dataset-folder.js";

test.each(PHANTOM_PRESETS)("%s", async (preset) => {
  const options = { seed: 3, train: 1, validation: 1, test: 1 };
  const folder = join(await folderWith({}), "out");
  await writePhantoms(preset, folder, options);
  const fromFiles = await openDataset(folder);
  const inMemory = phantomDataset(preset, options);
  expect(fromFiles).toMatchObject({
    dimension: inMemory.dimension,
    channels: inMemory.channels,
    classes: inMemory.classes,
    splits: inMemory.splits,
  });
  for (const id of Object.values(inMemory.splits).flat()) {
    expect(await fromFiles.load(id)).toEqual(await inMemory.load(id));
  }
});
