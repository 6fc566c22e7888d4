// Lends arrays in the library's memory to a test, and gives them back.

import { release, reserve, views } from "../../../src/backends/wasm/memory.js";

/** Addresses of float32 arrays around a call; what they hold is read before they are given back. */
export function withFloats<T>(
  arrays: readonly ArrayLike<number>[],
  work: (addresses: number[], read: (address: number, length: number) => Float32Array) => T,
): T {
  const addresses = arrays.map(({ length }) => reserve(4 * length));
  try {
    arrays.forEach((array, i) => {
      views().f32.set(array, addresses[i] / 4);
    });
    return work(addresses, (address, length) => views().f32.slice(address / 4, address / 4 + length));
  } finally {
    for (const address of addresses) release(address);
  }
}

/** Indices where two lists differ; NaN differs from nothing but numbers. */
export const differences = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).filter((i) => !Object.is(a[i], b[i]));

/** A fixed sequence of numbers from 0 to 1 (Lehmer, modulus 2^31 - 1). */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
