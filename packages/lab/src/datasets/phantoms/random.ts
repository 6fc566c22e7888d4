// Seeded random numbers for phantoms: every case has its own streams, so that no case depends on which was made before.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

export interface Random {
  /** In [0, 1). */
  uniform(): number;
  between(low: number, high: number): number;
  normal(mean?: number, sd?: number): number;
  chance(probability: number): boolean;
}

/** Distribution given by measured percentiles: pairs of probability and value, both ascending. */
export type Percentiles = readonly (readonly [number, number])[];

/** Where one case gets its random numbers from. */
export interface CaseRandomness {
  /** An independent stream per name, so that a dial on the noise leaves the shapes as they are. */
  stream(name: string): Random;
  /**
   * The case's rank in [0, 1) for one of its image-wide properties (0 to 3). Consecutive cases are spread evenly
   * (Roberts' R4 additive recurrence), so that also a handful of cases covers the whole measured range.
   */
  rank(property: 0 | 1 | 2 | 3): number;
}

/** Inverse powers of the root of x^5 = x + 1, the generalised golden ratio for four dimensions (Roberts 2018, R-sequence). */
const R4_STEPS = [0.8566748838545029, 0.733891856627126, 0.6287067210378087, 0.5385972572236101];

/** Murmur3's 32-bit finaliser. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashKeys(keys: readonly (string | number)[], salt: number): number {
  let hash = mix(salt + 0x9e3779b9);
  for (const key of keys) {
    for (const character of `${key}|`) hash = mix(Math.imul(hash, 31) + character.charCodeAt(0));
  }
  return hash;
}

/** The stream that belongs to these keys: same keys, same numbers. */
export function randomStream(...keys: (string | number)[]): Random {
  const state = [1, 2, 3, 4].map((salt) => hashKeys(keys, salt));
  state[0] |= 1; // the generator needs a state that is not all zero
  const generator = xoroshiro128plusFromState(state);
  const uniform = () => uniformFloat64(generator);
  let spare: number | undefined;
  const standardNormal = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    // Box-Muller; 1 - u is in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    normal: (mean = 0, sd = 1) => mean + sd * standardNormal(),
    chance: (probability) => uniform() < probability,
  };
}

export function caseRandomness(preset: string, seed: number, index: number): CaseRandomness {
  const start = randomStream(preset, seed, "rank");
  const offsets = R4_STEPS.map(() => start.uniform());
  return {
    stream: (name) => randomStream(preset, seed, index, name),
    rank: (property) => (offsets[property] + (index + 1) * R4_STEPS[property]) % 1,
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
