import { describe, expect, it } from "vitest";
import { generatePhantom } from "../../src/datasets/phantoms/generate.js";
import { phantomDataset } from "../../src/datasets/phantoms/phantom-dataset.js";
import { PHANTOM_PRESETS, type PhantomPreset } from "../../src/datasets/phantoms/presets.js";
import { phantomStatistics } from "../../src/datasets/phantoms/statistics.js";
import { otsuThreshold } from "./otsu.js";

const CASES = 32;
const phantoms = Object.fromEntries(
  PHANTOM_PRESETS.map((preset) => [
    preset,
    Array.from({ length: CASES }, (_, index) => generatePhantom(preset, { seed: 1, index })),
  ]),
) as Record<PhantomPreset, ReturnType<typeof generatePhantom>[]>;

/**
 * Medians measured on the public sets (dsb2018-nuclei, chase-db1, idrid-lesions' hard exudates, msd-hippocampus; `stats.json` beside the
 * images, and for the ratios of lesions the table of phantoms.md). Lengths and counts of chase-db1 and idrid are for the area of a phantom, 256².
 */
const REAL: Readonly<Record<PhantomPreset, Readonly<Record<string, number>>>> = {
  nuclei: {
    foreground_fraction: 0.04034,
    nuclei_per_image: 20,
    components_8conn_per_image: 18,
    nucleus_area_px: 113,
    aspect_ratio: 1.354,
    background_mean_grey: 12.37,
    background_sd_grey: 1.38,
    median_nucleus_grey: 63.78,
    cv_between_nuclei: 0.2792,
    cv_inside_nucleus: 0.2332,
  },
  vessels: {
    foreground_fraction: 0.0803,
    foreground_fraction_inside_fov: 0.1159,
    vessel_width_px_on_skeleton: 3,
    skeleton_length_px: (5260 * 256 * 256) / (499 * 480),
    grey_ratio_vessel_to_local_background: 0.8066,
  },
  lesions: {
    foreground_fraction: 0.01233,
    components_per_image: (167 * 256 * 256) / (714 * 474),
    component_area_px: 8,
    grey_ratio_to_ring: 1.33,
    contrast_in_ring_sd: 2,
  },
  organ: {
    fraction_anterior: 0.0279,
    fraction_posterior: 0.026,
    volume_mm3: 3283,
    zscore_mean_anterior: -0.5204,
    zscore_mean_posterior: -0.5383,
    zscore_sd_inside: 0.4465,
  },
};

describe.each(PHANTOM_PRESETS)("preset %s", (preset) => {
  it("has the medians of the set it is modelled on, within 25 %", () => {
    const statistics = phantomStatistics(preset, phantoms[preset]);
    const beside = Object.entries(REAL[preset]).map(([key, real]) => {
      const { median } = statistics[key];
      return { key, real, synthetic: median, within: Math.abs(median - real) <= 0.25 * Math.abs(real) };
    });
    expect(beside.filter(({ within }) => !within)).toEqual([]);
  });

  it("gives the same bytes for the same seed, others for another", () => {
    const again = generatePhantom(preset, { seed: 1, index: 3 });
    expect(again).toEqual(phantoms[preset][3]);
    expect(generatePhantom(preset, { seed: 2, index: 3 }).image).not.toEqual(again.image);
    expect(generatePhantom(preset, { seed: 1, index: 4 }).image).not.toEqual(again.image);
  });
});

it("is not solved by a threshold: Otsu gets less than 0.9 Dice on nuclei, and is no nonsense", () => {
  const scores = phantoms.nuclei.map(({ image, labels }) => {
    const threshold = otsuThreshold(image);
    let both = 0;
    let sum = 0;
    image.forEach((grey, i) => {
      const marked = grey > threshold ? 1 : 0;
      both += marked * labels[i];
      sum += marked + labels[i];
    });
    return (2 * both) / sum;
  });
  const mean = scores.reduce((a, b) => a + b) / scores.length;
  expect(mean).toBeLessThan(0.9);
  expect(mean).toBeGreaterThan(0.7);
});

describe("the dials", () => {
  it("leave everything else as it is: noise does not move a label, contrast neither", () => {
    for (const dials of [{ noise: 3 }, { contrast: 0.5 }]) {
      const changed = generatePhantom("lesions", { seed: 1, index: 3, dials });
      expect(changed.labels).toEqual(phantoms.lesions[3].labels);
      expect(changed.image).not.toEqual(phantoms.lesions[3].image);
    }
  });

  it("scale the foreground", () => {
    const area = (labels: Uint8Array) => labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
    const twice = generatePhantom("nuclei", { seed: 1, index: 3, dials: { foregroundScale: 2 } });
    expect(area(twice.labels) / area(phantoms.nuclei[3].labels)).toBeGreaterThan(1.4);
    const missed = generatePhantom("nuclei", { seed: 1, index: 3, dials: { missedFraction: 0.5 } });
    expect(area(missed.labels)).toBeLessThan(0.8 * area(phantoms.nuclei[3].labels));
    expect(missed.image).toEqual(phantoms.nuclei[3].image);
  });

  it("are refused outside their range, with the range", () => {
    expect(() => generatePhantom("nuclei", { seed: 1, index: 0, dials: { noise: -1 } })).toThrow(
      /noise is -1.*0 to 20/,
    );
    expect(() => generatePhantom("organ", { seed: 1, index: 0, dials: { missedFraction: 0.1 } })).toThrow(/organ/);
  });
});

describe("a set of phantoms", () => {
  const options = { seed: 1, train: 3, validation: 1, test: 2 };

  it("numbers its cases over the splits and gives each its own phantom", async () => {
    const set = phantomDataset("vessels", options);
    expect(set.splits.validation).toEqual(["vessels-003"]);
    const { image, labels, regionOfInterest, shape } = await set.load("vessels-003");
    expect(shape).toEqual([256, 256]);
    expect(labels).toEqual(phantoms.vessels[3].labels);
    const inside = image.filter((_, i) => regionOfInterest?.[i] === 1);
    expect(inside.reduce((a, b) => a + b, 0) / inside.length).toBeCloseTo(0, 3);
  });

  it("refuses counts that make no set", () => {
    expect(() => phantomDataset("nuclei", { ...options, train: 0 })).toThrow(/train phantoms is 0/);
    expect(() => phantomDataset("nuclei", { ...options, test: 1.5 })).toThrow(/test phantoms is 1.5/);
    expect(() => phantomDataset("nuclei", { ...options, seed: Number.NaN })).toThrow(/seed is NaN/);
  });
});
