// Sorting and selecting among doubles in linear time, by the digits of their bits.

/** Digits of 11 bits, the lowest first: three in each 32-bit half of a double. */
const DIGITS = [0, 1].flatMap((half) => [0, 11, 22].map((shift) => ({ half, shift })));
const BUCKETS = 1 << 11;

/**
 * The halves of each value as unsigned integers whose order, high half first, is the reverse of that of the values:
 * the smallest key belongs to the largest value. 0 and -0 are equal.
 *
 * Doubles of one sign are ordered as their bits are. For positive values all bits are turned, for negative ones all but
 * the sign: it is what puts them behind.
 */
function descendingKeys(values: Float64Array): readonly [low: Uint32Array, high: Uint32Array] {
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  const double = new Float64Array(1);
  const halves = new Uint32Array(double.buffer);
  double[0] = 1;
  // In 1.0 the low half is 0; which of the two comes first depends on the machine.
  const [lowAt, highAt] = halves[0] === 0 ? [0, 1] : [1, 0];
  for (let i = 0; i < values.length; i++) {
    double[0] = values[i] + 0;
    const top = halves[highAt];
    const negative = top >>> 31;
    low[i] = negative ? halves[lowAt] : ~halves[lowAt];
    high[i] = negative ? top : ~top & 0x7fffffff;
  }
  return [low, high];
}

/**
 * Indices of the values from the largest to the smallest; equal values in the order of their indices (a stable sort).
 *
 * @param values without NaN
 */
export function descendingOrder(values: Float64Array): Uint32Array {
  const halves = descendingKeys(values);
  let order = indices(values.length);
  let sorted = new Uint32Array(values.length);
  for (const { half, shift } of DIGITS) {
    const keys = halves[half];
    const starts = histogram(keys, shift);
    if (starts.includes(values.length)) continue; // One bucket holds all: nothing to sort by.
    let start = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = starts[bucket];
      starts[bucket] = start;
      start += count;
    }
    for (let i = 0; i < order.length; i++) {
      const index = order[i];
      sorted[starts[(keys[index] >>> shift) & (BUCKETS - 1)]++] = index;
    }
    [order, sorted] = [sorted, order];
  }
  return order;
}

function indices(count: number): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(count);
  for (let i = 0; i < count; i++) result[i] = i;
  return result;
}

function histogram(keys: Uint32Array, shift: number): Uint32Array {
  const counts = new Uint32Array(BUCKETS);
  for (let i = 0; i < keys.length; i++) counts[(keys[i] >>> shift) & (BUCKETS - 1)]++;
  return counts;
}

/**
 * Indices of the `count` largest values, in ascending order of index; of equal values the first ones.
 *
 * @param values without NaN
 * @param count 0 to the number of values
 */
export function largest(values: Float64Array, count: number): Uint32Array {
  const halves = descendingKeys(values);
  const chosen = new Uint8Array(values.length);
  // The candidates agree in all higher digits; those of a smaller digit are chosen, one bucket goes on to the next digit.
  let candidates = indices(values.length);
  let wanted = count;
  for (const { half, shift } of [...DIGITS].reverse()) {
    const keys = halves[half];
    const digit = (index: number) => (keys[index] >>> shift) & (BUCKETS - 1);
    const counts = new Uint32Array(BUCKETS);
    for (const index of candidates) counts[digit(index)]++;
    let bucket = 0;
    while (bucket < BUCKETS && counts[bucket] <= wanted) wanted -= counts[bucket++];
    const rest = candidates.filter((index) => digit(index) === bucket);
    for (const index of candidates) if (digit(index) < bucket) chosen[index] = 1;
    candidates = rest;
  }
  for (const index of candidates.subarray(0, wanted)) chosen[index] = 1;
  const result = new Uint32Array(count);
  for (let i = 0, next = 0; i < chosen.length; i++) if (chosen[i]) result[next++] = i;
  return result;
}
