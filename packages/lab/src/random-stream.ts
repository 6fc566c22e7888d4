// Seeded random numbers: a stream per purpose, so that drawing more for one leaves the others as they are.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

export interface Random {
  /** In [0, 1). */
  uniform(): number;
  between(low: number, high: number): number;
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  normal(mean?: number, sd?: number): number;
  chance(probability: number): boolean;
}

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
    below: (below) => Math.floor(below * uniform()),
    normal: (mean = 0, sd = 1) => mean + sd * standardNormal(),
    chance: (probability) => uniform() < probability,
  };
}
