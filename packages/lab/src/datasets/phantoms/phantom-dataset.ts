// A data set of phantoms: made when they are asked for, with the same normalisation as files.

import { LabError } from "../../errors.js";
import type { Case, Dataset, Split } from "../dataset.js";
import { normaliseIntensities } from "../normalise.js";
import { generatePhantom } from "./generate.js";
import { type PhantomDials, type PhantomPreset, PRESET_DESCRIPTIONS, resolveDials } from "./presets.js";

export interface PhantomSetOptions {
  readonly seed: number;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly dials?: Partial<PhantomDials>;
}

/** Cases of each split where none are asked for: enough test cases for a claim, few enough for a coffee. */
export const DEFAULT_COUNTS = { train: 16, validation: 3, test: 10 } as const satisfies Record<Split, number>;

/** More than this many would not be looked at, and the name has three digits. */
const MOST_CASES = 1000;

/** Splits in the order in which their phantoms are numbered. */
export const PHANTOM_SPLITS: readonly Split[] = ["train", "validation", "test"];

/** Name of a phantom in its set, from its number: "nuclei-007". */
export const phantomId = (preset: PhantomPreset, index: number): string =>
  `${preset}-${String(index).padStart(3, "0")}`;

/** @throws LabError USAGE for a count that is not a whole number in its range, or a dial out of its range */
export function phantomDataset(preset: PhantomPreset, options: PhantomSetOptions): Dataset {
  const { seed, dials } = options;
  const { dimension, classes, modelledOn } = PRESET_DESCRIPTIONS[preset];
  resolveDials(preset, dials);
  if (!Number.isInteger(seed)) throw new LabError("USAGE", `The phantoms' seed is ${seed}; it must be a whole number.`);
  const ids = new Map<string, number>();
  const splits: Record<Split, string[]> = { train: [], validation: [], test: [] };
  for (const split of PHANTOM_SPLITS) {
    const count = options[split];
    const least = split === "validation" ? 0 : 1;
    if (!Number.isInteger(count) || count < least || count > MOST_CASES) {
      throw new LabError(
        "USAGE",
        `The number of ${split} phantoms is ${count}; it must be a whole number from ${least} to ${MOST_CASES}.`,
      );
    }
    for (let i = 0; i < count; i++) {
      const id = phantomId(preset, ids.size);
      ids.set(id, ids.size);
      splits[split].push(id);
    }
  }
  return {
    name: `phantoms: ${preset}`,
    dimension,
    channels: 1,
    classes,
    splits,
    splitNote: `synthetic images, preset ${preset} (statistics of ${modelledOn}), seed ${seed}`,
    async load(id): Promise<Case> {
      const index = ids.get(id);
      if (index === undefined) throw new LabError("BAD_DATASET", `There is no phantom ${id} in this set.`);
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
