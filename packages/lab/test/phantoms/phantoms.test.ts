// The phantoms themselves: beside the sets they copy, hard enough, the same for the same seed, and what the dials do.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generatePhantom } from "../../src/datasets/phantoms/generate.js";
import { DEFAULT_COUNTS, phantomDataset } from "../../src/datasets/phantoms/phantom-dataset.js";
import {
  DEFAULT_DIALS,
  DIAL_RANGES,
  PHANTOM_PRESETS,
  type Phantom,
  type PhantomDials,
  type PhantomPreset,
  PRESET_DESCRIPTIONS,
} from "../../src/datasets/phantoms/presets.js";
import { skeletonize, widthsOnSkeleton } from "../../src/datasets/phantoms/skeleton.js";
import { phantomStatistics } from "../../src/datasets/phantoms/statistics.js";
import { failure } from "../datasets/dataset-folder.js";
import { otsuThreshold } from "./otsu.js";
import { REFERENCE_MEDIANS } from "./reference-medians.js";

/** About as many as `compare` uses; the medians must not need more, nor a lucky seed. */
const CASES = 30;
const SEEDS = [1, 2];
const made = new Map<string, readonly Phantom[]>();

function phantoms(preset: PhantomPreset, seed = 1): readonly Phantom[] {
  const key = `${preset} ${seed}`;
  const known = made.get(key) ?? Array.from({ length: CASES }, (_, index) => generatePhantom(preset, { seed, index }));
  made.set(key, known);
  return known;
}

/** Whether all bytes are equal; `toEqual` takes a third of a second for an image. */
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const count = (labels: Uint8Array) => labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each(PHANTOM_PRESETS)("preset %s", (preset) => {
  it.each(SEEDS)("seed %d has the medians of the set it copies, within a quarter", (seed) => {
    const statistics = phantomStatistics(preset, phantoms(preset, seed));
    const beside = Object.entries(REFERENCE_MEDIANS[preset]).map(([key, { median, scale = 1 }]) => {
      const [real, synthetic] = [median * scale, statistics[key].median];
      return { key, real, synthetic, within: Math.abs(synthetic - real) <= 0.25 * Math.abs(real) };
    });
    expect(beside.filter(({ within }) => !within)).toEqual([]);
  });

  it("gives the same bytes for the same seed and number, others for another", () => {
    const again = generatePhantom(preset, { seed: 1, index: 3 });
    expect(again).toEqual(phantoms(preset)[3]);
    for (const other of [phantoms(preset, 2)[3], phantoms(preset)[4]])
      expect(same(other.image, again.image)).toBe(false);
  });

  it("has all classes in every image, and no label that is none", () => {
    const classes = PRESET_DESCRIPTIONS[preset].classes.map((_, index) => index + 1);
    for (const { labels } of SEEDS.flatMap((seed) => phantoms(preset, seed))) {
      expect([...new Set(labels)].sort()).toEqual([0, ...classes]);
    }
  });
});

describe("difficulty", () => {
  it.each(SEEDS)("Otsu's threshold gets less than 0.9 Dice on nuclei, and is no nonsense (seed %d)", (seed) => {
    const scores = phantoms("nuclei", seed).map(({ image, labels }) => {
      const threshold = otsuThreshold(image);
      const marked = image.map((grey) => (grey > threshold ? 1 : 0));
      return (2 * count(marked.map((mark, i) => mark * labels[i]))) / (count(marked) + count(labels));
    });
    expect(mean(scores)).toBeLessThan(0.9);
    expect(mean(scores)).toBeGreaterThan(0.8);
  });

  it("lesions are rare in every image, and no grey value tells them apart", () => {
    for (const { image, labels } of phantoms("lesions")) {
      const fraction = count(labels) / labels.length;
      expect(fraction).toBeLessThan(0.06);
      // Of the brightest pixels, as many as there are lesions, most are something else: the optic disc, reflexes.
      const sorted = [...image].sort((a, b) => b - a);
      const limit = sorted[count(labels)];
      const bright = [...image.keys()].filter((i) => image[i] > limit);
      expect(bright.filter((i) => labels[i]).length).toBeLessThan(0.75 * count(labels));
    }
  });

  it("every tree has vessels one pixel wide, as in the real set (29 to 56 % of the skeleton)", () => {
    const shares = phantoms("vessels").map(({ labels, shape: [height, width] }) => {
      const widths = widthsOnSkeleton(labels, skeletonize(labels, height, width), height, width);
      return widths.filter((value) => value <= 1).length / widths.length;
    });
    expect(Math.min(...shares)).toBeGreaterThan(0.05);
    expect(mean(shares)).toBeGreaterThan(0.3);
    expect(mean(shares)).toBeLessThan(0.5);
  });
});

describe("what cannot be seen is not labelled", () => {
  it("vessels and lesions end at the rim of the field", () => {
    for (const { labels, regionOfInterest } of phantoms("vessels")) {
      expect(labels.some((label, i) => label > 0 && regionOfInterest?.[i] === 0)).toBe(false);
    }
    // Large lesions reach beyond the rim most often.
    for (let index = 0; index < 10; index++) {
      const { image, labels } = generatePhantom("lesions", { seed: 1, index, dials: { sizeScale: 10, noise: 0 } });
      expect(labels.some((label, i) => label > 0 && image[i] <= 1)).toBe(false);
    }
  });

  it("an organ lies inside its volume, in one piece per part", () => {
    for (const { labels, shape } of phantoms("organ")) {
      const [depth, height, width] = shape;
      const place = (i: number) => [Math.floor(i / (width * height)), Math.floor(i / width) % height, i % width];
      const inside = [...labels.keys()].filter((i) => labels[i] > 0).map(place);
      for (const [axis, size] of [depth, height, width].entries()) {
        const along = inside.map((at) => at[axis]);
        expect(Math.min(...along)).toBeGreaterThan(0);
        expect(Math.max(...along)).toBeLessThan(size - 1);
      }
      // The parts meet in one coronal plane: all of the posterior part lies behind all of the anterior one.
      const rows = (label: number) => [...labels.keys()].filter((i) => labels[i] === label).map((i) => place(i)[1]);
      expect(Math.max(...rows(2))).toBeLessThan(Math.min(...rows(1)));
    }
  });

  it("nuclei are numbered where they are labelled, and only there", () => {
    for (const { labels, instances } of phantoms("nuclei")) {
      expect(
        same(
          Uint8Array.from(instances ?? [], (number) => (number > 0 ? 1 : 0)),
          labels,
        ),
      ).toBe(true);
    }
  });
});

describe("the dials", () => {
  const area = (preset: PhantomPreset, dials: Partial<PhantomDials>) =>
    mean(Array.from({ length: 8 }, (_, index) => count(generatePhantom(preset, { seed: 1, index, dials }).labels)));

  it.each(["nuclei", "vessels", "lesions", "organ"] as const)("noise and contrast of %s move no label", (preset) => {
    for (const dials of [{ noise: 3 }, { contrast: 0.5 }]) {
      const changed = generatePhantom(preset, { seed: 1, index: 3, dials });
      expect(same(changed.labels, phantoms(preset)[3].labels)).toBe(true);
      expect(same(changed.image, phantoms(preset)[3].image)).toBe(false);
    }
  });

  it.each(["nuclei", "vessels", "lesions"] as const)("label noise of %s moves no grey value", (preset) => {
    for (const dials of [{ borderShift: 2 }, { missedFraction: 0.5 }]) {
      const changed = generatePhantom(preset, { seed: 1, index: 3, dials });
      expect(same(changed.image, phantoms(preset)[3].image)).toBe(true);
      expect(same(changed.labels, phantoms(preset)[3].labels)).toBe(false);
    }
    expect(area(preset, { missedFraction: 0.5 }) / area(preset, {})).toBeGreaterThan(0.3);
    expect(area(preset, { missedFraction: 0.5 }) / area(preset, {})).toBeLessThan(0.75);
  });

  it.each(PHANTOM_PRESETS)("foregroundScale scales the foreground of %s", (preset) => {
    for (const foregroundScale of [0.5, 2]) {
      const factor = area(preset, { foregroundScale }) / area(preset, {});
      expect(factor / foregroundScale).toBeGreaterThan(0.8);
      expect(factor / foregroundScale).toBeLessThan(1.25);
    }
  });

  it("sizeScale makes objects larger and fewer, at about the same foreground", () => {
    const measured = (sizeScale: number) =>
      phantomStatistics(
        "nuclei",
        Array.from({ length: 8 }, (_, index) => generatePhantom("nuclei", { seed: 1, index, dials: { sizeScale } })),
      );
    const [small, large] = [measured(1), measured(3)];
    expect(large.nucleus_area_px.median / small.nucleus_area_px.median).toBeGreaterThan(2);
    expect(large.nuclei_per_image.mean / small.nuclei_per_image.mean).toBeLessThan(0.5);
    expect(large.foreground_fraction.mean / small.foreground_fraction.mean).toBeCloseTo(1, 0);
  });

  it.each(PHANTOM_PRESETS)("anywhere in their ranges give a phantom (%s)", (preset) => {
    const dial = (name: keyof PhantomDials) => {
      const [min, max] = preset === "organ" && name === "missedFraction" ? [0, 0] : DIAL_RANGES[name];
      return fc.oneof(fc.constantFrom(min, max, DEFAULT_DIALS[name]), fc.double({ min, max, noNaN: true }));
    };
    const names = Object.keys(DIAL_RANGES) as (keyof PhantomDials)[];
    const dials = fc.tuple(...names.map(dial)).map((values) => Object.fromEntries(names.map((n, i) => [n, values[i]])));
    fc.assert(
      fc.property(dials, fc.integer(), fc.nat(2999), (turned, seed, index) => {
        const phantom = generatePhantom(preset, { seed, index, dials: turned });
        const voxels = phantom.shape.reduce((product, size) => product * size, 1);
        expect([phantom.image.length, phantom.labels.length]).toEqual([voxels, voxels]);
        const classes = PRESET_DESCRIPTIONS[preset].classes.length;
        expect(phantom.labels.every((label) => label <= classes)).toBe(true);
        // Without contrast and noise nothing needs to be seen.
        if (turned.contrast > 0.5) expect(new Set(phantom.image).size).toBeGreaterThan(1);
      }),
      // The example once gave a vessel so wide that nothing of it was left where it hangs free.
      { numRuns: 12, examples: [[{ ...DEFAULT_DIALS, foregroundScale: 4, sizeScale: 7.9 }, -15, 0]] },
    );
  });

  it("are refused outside their ranges, with the range", () => {
    const refused = (preset: PhantomPreset, dials: Partial<PhantomDials>) =>
      failure("USAGE", () => generatePhantom(preset, { seed: 1, index: 0, dials }));
    return Promise.all([
      expect(refused("nuclei", { noise: -1 })).resolves.toMatch(/noise is -1; .*from 0 to 20 \(default 1\)/u),
      expect(refused("vessels", { sizeScale: 0 })).resolves.toMatch(/sizeScale is 0; .*from 0\.1 to 10/u),
      expect(refused("lesions", { contrast: Number.NaN })).resolves.toMatch(/contrast is NaN/u),
      expect(refused("organ", { missedFraction: 0.1 })).resolves.toMatch(/an organ phantom holds one object/u),
    ]);
  });
});

describe("a set of phantoms", () => {
  const options = { seed: 1, train: 3, validation: 1, test: 2 };

  it("numbers its cases over the splits and gives each its own phantom", async () => {
    const set = phantomDataset("vessels", options);
    expect(set.splits).toEqual({
      train: ["vessels-000", "vessels-001", "vessels-002"],
      validation: ["vessels-003"],
      test: ["vessels-004", "vessels-005"],
    });
    const { image, labels, regionOfInterest, shape } = await set.load("vessels-003");
    expect(shape).toEqual([256, 256]);
    expect(same(labels, phantoms("vessels")[3].labels)).toBe(true);
    const inside = [...image].filter((_, i) => regionOfInterest?.[i] === 1);
    expect(mean(inside)).toBeCloseTo(0, 3);
    expect(mean(inside.map((value) => value ** 2))).toBeCloseTo(1, 3);
  });

  it("says that it is synthetic, and which dials were turned", () => {
    const note = (dials?: Partial<PhantomDials>) => phantomDataset("organ", { ...options, dials }).splitNote;
    const stem =
      "3 training, 1 validation and 2 test cases, synthetic images, preset organ (statistics of the hippocampus";
    expect(note()).toMatch(/, seed 1\.$/u);
    expect(note()).toContain(stem);
    expect(note({ noise: 2, contrast: 1 })).toMatch(/, seed 1, noise 2\.$/u);
  });

  it("has by default enough test cases for a claim (at least 6), and may have no validation", () => {
    expect(DEFAULT_COUNTS.test).toBeGreaterThanOrEqual(8);
    expect(phantomDataset("nuclei", { ...options, validation: 0 }).splits.validation).toEqual([]);
  });

  it("refuses what makes no set, and a case it does not have", async () => {
    const refused = (changed: object) => failure("USAGE", () => phantomDataset("nuclei", { ...options, ...changed }));
    expect(await refused({ train: 0 })).toMatch(/train phantoms is 0; it must be a whole number from 1 to 1000/u);
    expect(await refused({ test: 1.5 })).toMatch(/test phantoms is 1\.5/u);
    expect(await refused({ validation: -1 })).toMatch(/validation phantoms is -1; .*from 0/u);
    expect(await refused({ seed: Number.NaN })).toMatch(/seed is NaN/u);
    expect(await refused({ dials: { noise: 21 } })).toMatch(/noise is 21/u);
    const load = () => phantomDataset("nuclei", options).load("nuclei-006");
    expect(await failure("BAD_DATASET", load)).toMatch(/no phantom nuclei-006/u);
  });
});
