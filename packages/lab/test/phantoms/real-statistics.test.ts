// The public sets beside the clone: our statistics of them are those published with them, or the phantoms would be held to numbers
// that mean something else; and the medians the other tests use are theirs.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { PHANTOM_PRESETS, type PhantomPreset } from "../../src/datasets/phantoms/presets.js";
import { collectStatistics, type MeasuredCase } from "../../src/datasets/phantoms/statistics.js";
import { readNifti } from "../../src/volumes/nifti.js";
import { readPng } from "../../src/volumes/png.js";
import { REFERENCE_MEDIANS } from "./reference-medians.js";

const data = sharedPath("data");

/** Which set a preset copies, the channel that counts, and the label value where masks have several. */
const SETS: Readonly<Record<PhantomPreset, { name: string; channel: number; label?: number }>> = {
  nuclei: { name: "dsb2018-nuclei", channel: 0 },
  vessels: { name: "chase-db1", channel: 0 },
  lesions: { name: "idrid-lesions", channel: 1, label: 3 },
  organ: { name: "msd-hippocampus", channel: 0 },
};

/** Not in stats.json, yet in the table of phantoms.md for the set: to two digits, and measured with a ring of unknown width. */
const ROUNDED = ["grey_ratio_to_ring", "contrast_in_ring_sd"];

type SplitFile = Record<"image" | "mask" | "roi" | "instances", string> & { splits: Record<string, string[]> };

function readCase(preset: PhantomPreset, split: SplitFile, id: string): MeasuredCase {
  const { name, channel, label } = SETS[preset];
  const path = (pattern: string) => `${data}/${name}/${pattern.replace("{id}", id)}`;
  if (preset === "organ") {
    const [image, labels] = [split.image, split.mask].map((of) => readNifti(readFileSync(path(of)), path(of)));
    const { shape, spacing } = image;
    return { image: image.data, labels: Uint8Array.from(labels.data), shape, spacing };
  }
  const png = (pattern: string) => readPng(readFileSync(path(pattern)), path(pattern));
  const [image, mask] = [png(split.image), png(split.mask)];
  const foreground = (value: number) => (label === undefined ? value > 0 : value === label);
  return {
    image: image.data.filter((_, i) => i % image.channels === channel),
    labels: Uint8Array.from(mask.data, (value) => (foreground(value) ? 1 : 0)),
    shape: [image.height, image.width],
    spacing: [1, 1],
    ...(split.roi && { regionOfInterest: Uint8Array.from(png(split.roi).data, (value) => (value > 0 ? 1 : 0)) }),
    ...(split.instances && { instances: Uint16Array.from(png(split.instances).data) }),
  };
}

describe.skipIf(data === undefined).each(PHANTOM_PRESETS)("the set preset %s copies", (preset) => {
  const { name, label } = SETS[preset];
  const json = (file: string) => JSON.parse(readFileSync(`${data}/${name}/${file}`, "utf8"));
  const published = () => (label === undefined ? json("stats.json") : json("stats.json").classes[label]);

  it("has the medians that the tests of the phantoms use", () => {
    const stated = Object.entries(REFERENCE_MEDIANS[preset]).filter(([key]) => !ROUNDED.includes(key));
    for (const [key, { median }] of stated) expect(median, key).toBe(published()[key].median);
  });

  it("has the published statistics also as we measure them", () => {
    const split: SplitFile = json("split.json");
    const statistics = collectStatistics(preset);
    for (const id of Object.values(split.splits).flat()) statistics.add(readCase(preset, split, id));
    const measured = statistics.summaries();
    for (const key of Object.keys(REFERENCE_MEDIANS[preset])) {
      const reference = ROUNDED.includes(key) ? REFERENCE_MEDIANS[preset][key] : published()[key];
      // Skeletons and rings differ a little between programs; all else agrees to the digits given.
      const tolerance = ROUNDED.includes(key) ? 0.15 : 0.025;
      expect(Math.abs(measured[key].median / reference.median - 1), key).toBeLessThan(tolerance);
      if (reference.p95 === undefined) continue;
      expect(Math.abs(measured[key].p05 / reference.p05 - 1), `${key}, p05`).toBeLessThan(tolerance);
      expect(Math.abs(measured[key].p95 / reference.p95 - 1), `${key}, p95`).toBeLessThan(tolerance);
    }
  });
});
