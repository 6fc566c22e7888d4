// Random numbers from a seed, so that every run of the benchmark sees the same data.

/**
 * Mulberry32 (Tommy Ettinger's 32-bit generator): enough for data to time on, not for statistics.
 *
 * @param {number} seed whole number
 * @returns {() => number} numbers in [0, 1)
 */
export function uniform(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers with mean 0 and standard deviation 1, two from each pair of `random` (Box and Muller). */
export function normal(random) {
  let spare;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
