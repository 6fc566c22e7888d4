// A data set of phantoms: made when they are asked for, with the same normalisation as files.

import { LabError } from "../../errors.js";
import type { Case, Dataset, Split } from "../dataset.js";
import { normaliseIntensities } from "../normalise.js";
import { counted } from "../splits.js";
import { generatePhantom } from "./generate.js";
import { changedDials, type PhantomDials, type PhantomPreset, PRESET_DESCRIPTIONS, resolveDials } from "./presets.js";

export interface PhantomSetOptions {
  readonly seed: number;
  /** Number of cases, at least 1. */
  readonly train: number;
  readonly validation: number;
  /** Number of cases, at least 1. */
  readonly test: number;
  readonly dials?: Partial<PhantomDials>;
}

/** Cases of each split where none are asked for: enough test cases for a claim, few enough for a coffee. */
export const DEFAULT_COUNTS = { train: 16, validation: 3, test: 10 } as const satisfies Record<Split, number>;

/** Least number of cases in each split. */
export const LEAST_COUNTS = { train: 1, validation: 0, test: 1 } as const satisfies Record<Split, number>;

/** Most cases in each split; more would not be looked at. */
export const MOST_CASES = 1000;

/** The cases of a set: the names of each split, and every name with the number its phantom is made from. */
export interface PhantomNames {
  readonly splits: Readonly<Record<Split, readonly string[]>>;
  readonly indices: ReadonlyMap<string, number>;
}

/**
 * Names the cases of a set: "nuclei-000" and on, training cases first.
 *
 * @throws LabError USAGE for a seed or count that is not a whole number in its range, or a dial out of its range
 */
export function namePhantoms(preset: PhantomPreset, options: PhantomSetOptions): PhantomNames {
  const { seed, dials } = options;
  resolveDials(preset, dials);
  if (!Number.isSafeInteger(seed)) {
    throw new LabError("USAGE", `the phantoms' seed is ${seed}; it must be a whole number, such as 1`);
  }
  const indices = new Map<string, number>();
  const splits: Record<Split, string[]> = { train: [], validation: [], test: [] };
  for (const split of ["train", "validation", "test"] as const) {
    const [count, least] = [options[split], LEAST_COUNTS[split]];
    if (!Number.isInteger(count) || count < least || count > MOST_CASES) {
      throw new LabError(
        "USAGE",
        `the number of ${split} phantoms is ${count}; it must be a whole number from ${least} to ${MOST_CASES}`,
      );
    }
    for (let i = 0; i < count; i++) {
      const id = `${preset}-${String(indices.size).padStart(3, "0")}`;
      indices.set(id, indices.size);
      splits[split].push(id);
    }
  }
  return { splits, indices };
}

/** What a report says about where the images come from: "synthetic images, preset nuclei (…), seed 1, contrast 0.5". */
export function describeOrigin(preset: PhantomPreset, seed: number, dials?: Partial<PhantomDials>): string {
  const changed = Object.entries(changedDials(resolveDials(preset, dials))).map(
    ([dial, value]) => `, ${dial} ${value}`,
  );
  const { modelledOn } = PRESET_DESCRIPTIONS[preset];
  return `synthetic images, preset ${preset} (statistics of ${modelledOn}), seed ${seed}${changed.join("")}`;
}

/**
 * A set of phantoms in memory. Each case is made anew whenever it is loaded (about 30 ms); the same seed, counts and dials
 * give the same cases, and each case depends on its number alone.
 *
 * @throws LabError USAGE, as `namePhantoms`; `load` rejects with BAD_DATASET for a case that is not of the set
 */
export function phantomDataset(preset: PhantomPreset, options: PhantomSetOptions): Dataset {
  const { seed, dials } = options;
  const { dimension, classes } = PRESET_DESCRIPTIONS[preset];
  const { splits, indices } = namePhantoms(preset, options);
  return {
    name: `phantoms: ${preset}`,
    dimension,
    channels: 1,
    classes,
    splits,
    splitNote: `${counted(splits)}, ${describeOrigin(preset, seed, dials)}.`,
    async load(id): Promise<Case> {
      const index = indices.get(id);
      if (index === undefined) throw new LabError("BAD_DATASET", `there is no phantom ${id} in this set`);
      const phantom = generatePhantom(preset, { seed, index, dials });
      const { shape, spacing, labels, regionOfInterest } = phantom;
      return {
        id,
        shape,
        spacing,
        channels: 1,
        image: normaliseIntensities(phantom.image, 1, regionOfInterest),
        labels,
        ...(regionOfInterest && { regionOfInterest }),
      };
    },
  };
}
