// Weights that make the mean of the k largest values a sum over all, by selection: the twin of src/routines/top-mean.ts.
//
// The k-th largest value is found by the digits of its bits, the highest first: each pass counts, among the values that agree with
// it so far, how many have each next digit. No value is moved. Bits are turned so that they order as the values do.

const DIGIT: i32 = 11;

/** Bytes of scratch: a count for each digit. */
export function scratchBytes(): usize {
  return 4 << DIGIT;
}

/** Bits of a float32 as a number that orders as the floats do: -0 as 0, all bits of a negative one turned, else the sign. */
function orderOf(bits: i32): u32 {
  return bits == i32.MIN_VALUE ? 0x80000000 : <u32>(bits ^ ((bits >> 31) | i32.MIN_VALUE));
}

/** Counts the next digit of the values whose order agrees with `prefix` in all bits above it. */
export function countDigits(values: usize, n: i32, prefix: u32, known: u32, shift: i32, scratch: usize): void {
  for (let at = values, end = values + (<usize>n << 2); at < end; at += 4) {
    const order = orderOf(load<i32>(at));
    if ((order ^ prefix) & known) continue;
    const count = scratch + (<usize>((order >> shift) & ((1 << DIGIT) - 1)) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
}

/**
 * Writes `weight` for values above the one with order `limit` and for the first `ties` equal to it, 0 for the others.
 *
 * @returns how many ties are left
 */
export function mark(values: usize, weights: usize, n: i32, limit: u32, ties: i32, weight: f32): i32 {
  const ahead = weights - values;
  for (let at = values, end = values + (<usize>n << 2); at < end; at += 4) {
    const order = orderOf(load<i32>(at));
    const tie = order == limit && ties > 0;
    ties -= <i32>tie;
    store<f32>(at + ahead, order > limit || tie ? weight : 0);
  }
  return ties;
}

/** Values handled by one call of a pass: a long first call would run in code that is not optimized yet. */
const CHUNK: i32 = 16384;

/**
 * Writes 1/k for the k largest of n float32 without NaN and 0 for the others; of equal values at the limit the first ones count.
 *
 * @param values address of n float32
 * @param weights address of n float32; may be `values`
 * @param k 1 to n
 */
export function topMean(values: usize, weights: usize, n: i32, k: i32, scratch: usize): void {
  let prefix: u32 = 0;
  let known: u32 = 0;
  /** How many are still wanted among the values that agree with the prefix. */
  let wanted = k;
  // 11 bits, 11 bits and 10 bits: the last digit overlaps the one before, whose bits are known by then.
  for (let pass = 0; pass < 3; pass++) {
    const shift = max(0, 21 - DIGIT * pass);
    memory.fill(scratch, 0, 4 << DIGIT);
    for (let from = 0; from < n; from += CHUNK) {
      countDigits(values + (<usize>from << 2), min(CHUNK, n - from), prefix, known, shift, scratch);
    }
    let digit: u32 = (1 << DIGIT) - 1;
    for (;;) {
      const count = load<i32>(scratch + (<usize>digit << 2));
      if (count >= wanted) break;
      wanted -= count;
      digit--;
    }
    prefix |= digit << shift;
    known = <u32>-1 << shift;
  }
  const weight = <f32>(1 / <f64>k);
  for (let from = 0; from < n; from += CHUNK) {
    const at = <usize>from << 2;
    wanted = mark(values + at, weights + at, min(CHUNK, n - from), prefix, wanted, weight);
  }
}
