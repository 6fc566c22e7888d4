// Weights that make the mean of the k largest values a sum over all, by selection: the twin of src/routines/top-mean.ts.
//
// The k-th largest value is found by the digits of its bits, the highest first: each pass counts, among the values that agree with
// it so far, how many have each next digit. No value is moved. Bits are turned so that they order as the values do.

const DIGIT: i32 = 11;
/** Bytes of the counts of one lane of the vectors: were they shared, one count would wait for the one before where values are alike. */
const LANE: usize = 4 << DIGIT;
/** Values handled by one call of a pass: a long first call would run in code that is not optimized yet. */
const CHUNK: i32 = 16384;

/** Bytes of scratch: a count for each digit and lane. */
export function scratchBytes(): usize {
  return 4 * LANE;
}

/** Bits as numbers that order as the floats do: all bits of a negative one turned, else the sign. Adding 0 makes 0 of -0. */
function ordersOf(values: v128): v128 {
  const bits = f32x4.add(values, f32x4.splat(0));
  return v128.xor(bits, v128.or(i32x4.shr_s(bits, 31), i32x4.splat(i32.MIN_VALUE)));
}

function orderOf(value: f32): u32 {
  const bits = reinterpret<i32>(value + 0);
  return bits ^ ((bits >> 31) | i32.MIN_VALUE);
}

/** Counts a digit in a lane, or does not where `some` is 0. */
function count(lane: usize, digit: i32, some: i32): void {
  const at = lane + (<usize>digit << 2);
  store<i32>(at, load<i32>(at) + some);
}

/** Counts the next digit of the values whose order agrees with `prefix` in the bits of `known`. */
export function countDigits(values: usize, n: i32, prefix: u32, known: u32, shift: i32, scratch: usize): void {
  const mask = (1 << DIGIT) - 1;
  const prefixes = i32x4.splat(prefix);
  const knowns = i32x4.splat(known);
  const whole = values + (<usize>(n & ~3) << 2);
  for (let at = values; at < whole; at += 16) {
    const order = ordersOf(v128.load(at));
    const set = i32x4.bitmask(i32x4.eq(v128.and(v128.xor(order, prefixes), knowns), i32x4.splat(0)));
    if (set == 0) continue;
    const digit = v128.and(i32x4.shr_u(order, shift), i32x4.splat(mask));
    count(scratch, i32x4.extract_lane(digit, 0), set & 1);
    count(scratch + LANE, i32x4.extract_lane(digit, 1), (set >> 1) & 1);
    count(scratch + 2 * LANE, i32x4.extract_lane(digit, 2), (set >> 2) & 1);
    count(scratch + 3 * LANE, i32x4.extract_lane(digit, 3), set >> 3);
  }
  for (let at = whole; at < values + (<usize>n << 2); at += 4) {
    const order = orderOf(load<f32>(at));
    count(scratch, (order >> shift) & mask, ((order ^ prefix) & known) == 0 ? 1 : 0);
  }
}

/**
 * Writes `weight` for values above the one with order `limit` and for the first `ties` equal to it, 0 for the others.
 *
 * @returns how many ties are left
 */
export function mark(values: usize, weights: usize, n: i32, limit: u32, ties: i32, weight: f32): i32 {
  const ahead = weights - values;
  const limits = i32x4.splat(limit);
  const weightIn4 = f32x4.splat(weight);
  const end = values + (<usize>n << 2);
  let at = values;
  for (; at + 16 <= end; at += 16) {
    const order = ordersOf(v128.load(at));
    if (ties > 0 && v128.any_true(i32x4.eq(order, limits))) {
      ties = markSingly(at, at + 16, ahead, limit, ties, weight);
    } else {
      v128.store(at + ahead, v128.and(i32x4.gt_u(order, limits), weightIn4));
    }
  }
  return markSingly(at, end, ahead, limit, ties, weight);
}

function markSingly(at: usize, end: usize, ahead: usize, limit: u32, ties: i32, weight: f32): i32 {
  for (; at < end; at += 4) {
    const order = orderOf(load<f32>(at));
    const tie = order == limit && ties > 0;
    ties -= <i32>tie;
    store<f32>(at + ahead, order > limit || tie ? weight : 0);
  }
  return ties;
}

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
    memory.fill(scratch, 0, 4 * LANE);
    for (let from = 0; from < n; from += CHUNK) {
      countDigits(values + (<usize>from << 2), min(CHUNK, n - from), prefix, known, shift, scratch);
    }
    let digit: u32 = (1 << DIGIT) - 1;
    for (;;) {
      const at = scratch + (<usize>digit << 2);
      const counted = load<i32>(at) + load<i32>(at, LANE) + load<i32>(at, 2 * LANE) + load<i32>(at, 3 * LANE);
      if (counted >= wanted) break;
      wanted -= counted;
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
