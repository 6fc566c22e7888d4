// Seeded random numbers of a training: one stream for the weights, one for the batches, so that neither moves the other.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Streams of one seed, by what they are for. */
const STREAMS = { weights: 0x51ed270b, batches: 0x2545f491 } as const;

/** Uniform numbers in [0, 1): the same for the same seed and purpose. */
export function uniformStream(seed: number, purpose: keyof typeof STREAMS): () => number {
  // The two halves of a seed differ for every pair of seed and purpose; the generator's own mixing does the rest.
  const generator = xoroshiro128plus((Math.imul(seed, 0x9e3779b1) ^ STREAMS[purpose]) | 0);
  return () => uniformFloat64(generator);
}

/** A standard normal number (Box-Muller); 1 - u is in (0, 1], so the logarithm is finite. */
export const normal = (uniform: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** A whole number from 0 to `below` - 1. */
export const wholeNumber = (uniform: () => number, below: number): number => Math.floor(uniform() * below);
