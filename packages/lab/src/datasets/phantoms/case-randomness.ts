// Random numbers of phantoms: every case has its own streams, so that no case depends on which was made before.

import { type Random, randomStream } from "../../random-stream.js";

/** Distribution given by measured percentiles: pairs of probability and value, both ascending. */
export type Percentiles = readonly (readonly [number, number])[];

/** Where one case gets its random numbers from. */
export interface CaseRandomness {
  /** An independent stream per name, so that a dial on the noise leaves the shapes as they are. */
  stream(name: string): Random;
  /**
   * The case's rank in [0, 1) for one of its image-wide properties (0 to 3). Consecutive cases are spread evenly,
   * so that also a handful of cases covers the whole measured range.
   */
  rank(property: 0 | 1 | 2 | 3): number;
}

/**
 * Steps of the ranks from case to case. Quadratic irrationals with small partial quotients spread any number of cases well
 * over one property (Kronecker's sequence); these four also leave the properties of small sets unrelated.
 */
const RANK_STEPS = [(Math.sqrt(5) - 1) / 2, Math.sqrt(3) - 1, (Math.sqrt(21) - 3) / 2, (Math.sqrt(17) - 3) / 2];

export function caseRandomness(preset: string, seed: number, index: number): CaseRandomness {
  const start = randomStream(preset, seed, "rank");
  const offsets = RANK_STEPS.map(() => start.uniform());
  return {
    stream: (name) => randomStream(preset, seed, index, name),
    rank: (property) => (offsets[property] + (index + 1) * RANK_STEPS[property]) % 1,
  };
}

/** The value at a rank in [0, 1], straight lines between the measured percentiles. */
export function valueAtRank(percentiles: Percentiles, rank: number): number {
  for (let i = 1; i < percentiles.length; i++) {
    const [p0, v0] = percentiles[i - 1];
    const [p1, v1] = percentiles[i];
    if (rank <= p1) return v0 + ((v1 - v0) * (rank - p0)) / (p1 - p0);
  }
  return percentiles[percentiles.length - 1][1];
}
