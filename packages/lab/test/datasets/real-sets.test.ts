// The five real sets beside the clone, against the statistics that were measured on them by other code (stats.json).

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { checkDataset } from "../../src/datasets/check-dataset.js";
import type { Case } from "../../src/datasets/dataset.js";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { readNifti } from "../../src/volumes/nifti.js";
import { failure } from "./dataset-folder.js";

const data = sharedPath("data");

const folder = (name: string): string => `${data}/${name}`;
const statistics = (name: string) => JSON.parse(readFileSync(`${folder(name)}/stats.json`, "utf8"));

/** Opens a set and reads all of it, a measurement a case. */
async function measure<T>(name: string, ofCase: (one: Case) => T) {
  const dataset = await openDataset(folder(name));
  const measured: T[] = [];
  await checkDataset(dataset, { onCase: (one) => void measured.push(ofCase(one)) });
  const { train, validation, test: testing } = dataset.splits;
  return { dataset, measured, sizes: [train.length, validation.length, testing.length] };
}

/** Fraction of the voxels inside the region of interest that have the label. */
function fraction({ labels, regionOfInterest }: Case, label: number): number {
  const inside = (i: number) => regionOfInterest === undefined || regionOfInterest[i] === 1;
  const all = regionOfInterest?.reduce((sum, value) => sum + value, 0) ?? labels.length;
  return labels.reduce((sum, value, i) => sum + (value === label && inside(i) ? 1 : 0), 0) / all;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** stats.json has four significant digits. */
const expectClose = (value: number, expected: number): void =>
  void expect(Math.abs(value / expected - 1), `${value} against ${expected}`).toBeLessThan(1e-3);

describe.skipIf(data === undefined)("real data sets", () => {
  test("dsb2018-nuclei: RGBA that is grey gives one channel", async () => {
    const { dataset, measured, sizes } = await measure("dsb2018-nuclei", (one) => {
      expect(one).toMatchObject({ shape: [256, 256], channels: 1, spacing: [1, 1] });
      expect(one.image).toHaveLength(256 * 256);
      return fraction(one, 1);
    });
    expect(dataset).toMatchObject({ name: "dsb2018-nuclei", dimension: 2, channels: 1, classes: ["nucleus"] });
    expect(sizes).toEqual([110, 20, 30]);
    expectClose(median(measured), statistics("dsb2018-nuclei").foreground_fraction.median);
    expect(dataset.splitNote).toMatch(/a group never spans two splits\.$/u);
  });

  test("chase-db1: the field of view is the region of interest", async () => {
    const { dataset, measured, sizes } = await measure("chase-db1", (one) => {
      expect(one).toMatchObject({ shape: [480, 499], channels: 1 });
      let sum = 0;
      let count = 0;
      one.regionOfInterest!.forEach((inside, i) => {
        if (inside === 1) {
          sum += one.image[i];
          count++;
        }
      });
      expect(sum / count).toBeCloseTo(0, 4);
      return fraction(one, 1);
    });
    expect(dataset).toMatchObject({ dimension: 2, channels: 1, classes: ["vessel"] });
    expect(sizes).toEqual([16, 4, 4]);
    const expected = statistics("chase-db1").foreground_fraction_inside_fov;
    expectClose(median(measured), expected.median);
    expectClose(Math.max(...measured), expected.max);
  });

  test("idrid-lesions: colour, and five classes by index", async () => {
    const { dataset, measured, sizes } = await measure("idrid-lesions", (one) => {
      expect(one).toMatchObject({ shape: [474, 714], channels: 3 });
      expect(one.image).toHaveLength(3 * 474 * 714);
      return [1, 2, 3, 4, 5].map((label) => fraction(one, label));
    });
    expect(dataset.channels).toBe(3);
    expect(dataset.classes).toEqual(["microaneurysm", "haemorrhage", "hard exudate", "soft exudate", "optic disc"]);
    expect(sizes).toEqual([11, 2, 3]);
    for (const label of [1, 2, 3, 5]) {
      const expected = statistics("idrid-lesions").classes[label].foreground_fraction.median;
      expectClose(median(measured.map((fractions) => fractions[label - 1])), expected);
    }
  });

  test("idrid-lesions: classes are chosen by name, the others become background", async () => {
    const all = await openDataset(folder("idrid-lesions"));
    const chosen = await openDataset(folder("idrid-lesions"), { classes: ["hard-exudate", "Microaneurysm"] });
    expect(chosen.classes).toEqual(["hard exudate", "microaneurysm"]);
    const { labels } = await all.load("IDRiD_07");
    const map = [0, 2, 0, 1, 0, 0];
    expect((await chosen.load("IDRiD_07")).labels).toEqual(labels.map((label) => map[label]));
    const message = await failure("UNKNOWN_CLASS", () =>
      openDataset(folder("idrid-lesions"), { classes: ["exudate"] }),
    );
    expect(message).toContain("hard exudate");
  });

  test("msd-hippocampus: volumes, normalised case by case", async () => {
    const { dataset, measured, sizes } = await measure("msd-hippocampus", (one) => {
      expect(one).toMatchObject({ channels: 1, spacing: [1, 1, 1] });
      const inside = one.image.filter((_, i) => one.labels[i] === 1);
      return {
        extents: [...one.shape].reverse(),
        anterior: fraction(one, 1),
        posterior: fraction(one, 2),
        z: inside.reduce((sum, value) => sum + value, 0) / inside.length,
      };
    });
    expect(dataset).toMatchObject({ dimension: 3, channels: 1 });
    expect(dataset.classes).toEqual(["anterior hippocampus", "posterior hippocampus"]);
    expect(sizes).toEqual([40, 8, 12]);
    const expected = statistics("msd-hippocampus");
    expect([0, 1, 2].map((axis) => median(measured.map(({ extents }) => extents[axis])))).toEqual(
      expected.shape.median,
    );
    expectClose(median(measured.map(({ anterior }) => anterior)), expected.fraction_anterior.median);
    expectClose(median(measured.map(({ posterior }) => posterior)), expected.fraction_posterior.median);
    expectClose(median(measured.map(({ z }) => z)), expected.zscore_mean_anterior.median);
  });

  test("openms-flair: stored left to right with a slope of 0.1, read as neither", async () => {
    const path = `${folder("openms-flair")}/images/patient26.nii.gz`;
    const { orientation, datatype, data: intensities, spacing } = readNifti(readFileSync(path), path);
    expect({ orientation, datatype, spacing }).toEqual({ orientation: "LAS", datatype: "int16", spacing: [1, 1, 1] });
    const tenths = intensities.filter((value) => Math.abs(value - Math.round(value)) > 0.05);
    expect(tenths.length).toBeGreaterThan(intensities.length / 10);
    expect(tenths.every((value) => Math.abs(10 * value - Math.round(10 * value)) < 1e-2)).toBe(true);

    const { dataset, measured, sizes } = await measure("openms-flair", (one) => ({
      id: one.id,
      extents: [...one.shape].reverse(),
      lesion: one.labels.reduce((sum, label) => sum + label, 0),
      brightness: median([...one.image.filter((_, i) => one.labels[i] === 1)]),
    }));
    expect(dataset.classes).toEqual(["white-matter lesion"]);
    expect(sizes).toEqual([1, 0, 1]);
    for (const { id, extents, lesion, brightness } of measured) {
      const expected = statistics("openms-flair").volumes[id];
      expect(extents).toEqual(expected.shape);
      expect(lesion).toBe(expected.lesion_voxels);
      // Lesions are bright: a mask turned otherwise than its image would lie on average tissue.
      expect(brightness).toBeGreaterThan(1.5);
    }
  });
});
