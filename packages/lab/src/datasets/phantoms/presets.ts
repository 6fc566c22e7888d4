// What a phantom is, which presets there are, and the dials that make one easier or harder.

import { LabError } from "../../errors.js";

export const PHANTOM_PRESETS = ["nuclei", "vessels", "lesions", "organ"] as const;

export type PhantomPreset = (typeof PHANTOM_PRESETS)[number];

/** One synthetic image or volume with its exact labels, in the form a file would hold. */
export interface Phantom {
  /** Grey values 0 to 255, row-major over `shape`. */
  readonly image: Uint8Array;
  /** Class index per voxel, 0 is background. */
  readonly labels: Uint8Array;
  /** [height, width] or [depth, height, width]. */
  readonly shape: readonly number[];
  /** Millimetres per voxel; 1 where a pixel has no physical size. */
  readonly spacing: readonly number[];
  /** 1 inside the round field of view (vessels only). */
  readonly regionOfInterest?: Uint8Array;
  /** Number of the labelled object each pixel belongs to, 0 for none (nuclei only). */
  readonly instances?: Uint16Array;
}

/**
 * Every dial at its default leaves the statistics of the real set the preset copies. The factors hold as far as there is
 * room: an image that is full takes no more objects, and no object has less than a pixel.
 */
export interface PhantomDials {
  /** Factor on the foreground fraction of every image. */
  readonly foregroundScale: number;
  /** Factor on object area (nuclei, lesions), vessel width or organ volume, at the same foreground fraction. */
  readonly sizeScale: number;
  /** Factor on the difference between foreground and background. */
  readonly contrast: number;
  /** Factor on the noise of the camera or scanner. */
  readonly noise: number;
  /** Label noise: borders move in or out by up to this many pixels, each object by its own amount. */
  readonly borderShift: number;
  /** Label noise: this fraction of the objects is in the image and not in the labels. */
  readonly missedFraction: number;
}

export const DEFAULT_DIALS: PhantomDials = {
  foregroundScale: 1,
  sizeScale: 1,
  contrast: 1,
  noise: 1,
  borderShift: 0,
  missedFraction: 0,
};

/** Range of each dial, both ends included; outside it the generators would run out of room or draw nothing. */
export const DIAL_RANGES: Readonly<Record<keyof PhantomDials, readonly [number, number]>> = {
  foregroundScale: [0.05, 4],
  sizeScale: [0.1, 10],
  contrast: [0, 4],
  noise: [0, 20],
  borderShift: [0, 3],
  missedFraction: [0, 0.9],
};

export interface PresetDescription {
  readonly dimension: 2 | 3;
  readonly classes: readonly string[];
  /** Public set whose measured statistics the preset copies. */
  readonly modelledOn: string;
}

export const PRESET_DESCRIPTIONS: Readonly<Record<PhantomPreset, PresetDescription>> = {
  nuclei: { dimension: 2, classes: ["nucleus"], modelledOn: "fluorescence nuclei of the Data Science Bowl 2018" },
  vessels: { dimension: 2, classes: ["vessel"], modelledOn: "retinal vessels of CHASE-DB1" },
  lesions: { dimension: 2, classes: ["lesion"], modelledOn: "hard exudates of IDRiD" },
  organ: { dimension: 3, classes: ["anterior", "posterior"], modelledOn: "the hippocampus task of the MSD" },
};

function hasPreset(name: string): name is PhantomPreset {
  return (PHANTOM_PRESETS as readonly string[]).includes(name);
}

/** The preset of that name; the error lists those there are. */
export function parsePreset(name: string): PhantomPreset {
  if (hasPreset(name)) return name;
  throw new LabError("USAGE", `There is no phantom preset "${name}". Choose one of: ${PHANTOM_PRESETS.join(", ")}.`);
}

/** Fills in defaults and checks every dial against its range. */
export function resolveDials(preset: PhantomPreset, dials: Partial<PhantomDials> = {}): PhantomDials {
  const resolved: Record<keyof PhantomDials, number> = { ...DEFAULT_DIALS };
  for (const name of Object.keys(DIAL_RANGES) as (keyof PhantomDials)[]) {
    const value = dials[name] ?? DEFAULT_DIALS[name];
    const [low, high] = DIAL_RANGES[name];
    if (!(value >= low && value <= high)) {
      throw new LabError(
        "USAGE",
        `Phantom dial ${name} is ${value}; it must be a number from ${low} to ${high} (default ${DEFAULT_DIALS[name]}).`,
      );
    }
    resolved[name] = value;
  }
  if (preset === "organ" && resolved.missedFraction > 0) {
    throw new LabError(
      "USAGE",
      `Phantom dial missedFraction is ${resolved.missedFraction}, but an organ phantom holds one object that cannot be ` +
        `missed in part. Leave it at 0, or use the preset nuclei, vessels or lesions.`,
    );
  }
  return resolved;
}

/** The dials that are not at their default. */
export function changedDials(dials: PhantomDials): Partial<PhantomDials> {
  const names = Object.keys(DEFAULT_DIALS) as (keyof PhantomDials)[];
  return Object.fromEntries(
    names.filter((name) => dials[name] !== DEFAULT_DIALS[name]).map((name) => [name, dials[name]]),
  );
}
