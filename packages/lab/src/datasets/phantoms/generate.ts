// Makes one phantom of a preset: the same preset, seed, index and dials always give the same bytes.

import { type CaseRandomness, caseRandomness } from "./case-randomness.js";
import { lesionsPhantom } from "./lesions.js";
import { nucleiPhantom } from "./nuclei.js";
import { organPhantom } from "./organ.js";
import { type Phantom, type PhantomDials, type PhantomPreset, resolveDials } from "./presets.js";
import { vesselsPhantom } from "./vessels.js";

const GENERATORS: Readonly<Record<PhantomPreset, (source: CaseRandomness, dials: PhantomDials) => Phantom>> = {
  nuclei: nucleiPhantom,
  vessels: vesselsPhantom,
  lesions: lesionsPhantom,
  organ: organPhantom,
};

export interface PhantomRequest {
  readonly seed: number;
  /** Number of the phantom within its set, from 0; consecutive ones cover the measured range evenly. */
  readonly index: number;
  readonly dials?: Partial<PhantomDials>;
}

/** @throws LabError USAGE for a dial out of its range */
export function generatePhantom(preset: PhantomPreset, { seed, index, dials }: PhantomRequest): Phantom {
  return GENERATORS[preset](caseRandomness(preset, seed, index), resolveDials(preset, dials));
}
