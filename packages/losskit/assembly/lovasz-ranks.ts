// The Lovász weights, the part that ranks the keys of a bucket; lovasz-layout.ts has the plan.

import {
  COUNTS,
  KEPT_AND_UNION,
  KEYS,
  LOW_COUNTS,
  MIDDLE_COUNTS,
  MORE_PLACES,
  NEXT,
  PADDING,
  PLACES,
  SORTED,
  SPREAD,
} from "./lovasz-layout";

/** Bits of one digit of the radix sort. */
const DIGIT: i32 = 11;

/** Ranks bucket after bucket. */
export function rankBuckets(buckets: i32, scratch: usize): f64 {
  let sum: f64 = 0;
  let start = scratch + KEYS;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = <usize>load<u32>(scratch + NEXT + (<usize>bucket << 2));
    sum += rank(start, <i32>((end - start) >> 2), scratch);
    start = end + PADDING;
  }
  return sum;
}

/**
 * Replaces the keys of a bucket by their weights, and returns their sum of error × weight.
 *
 * @param n at most SORTED, or all keys agree in their upper 16 bits
 */
export function rank(keys: usize, n: i32, scratch: usize): f64 {
  if (n == 0) return 0;
  const least = leastAndSpread(keys, n, scratch);
  const bits = 32 - <i32>clz(load<u32>(scratch, SPREAD));
  const passes = bits <= DIGIT || n > SORTED ? 1 : bits <= 2 * DIGIT ? 2 : 3;
  const width = (bits + passes - 1) / passes;
  const shift = width * (passes - 1);
  memory.fill(scratch + COUNTS, 0, <usize>8 << (bits - shift));
  if (passes == 1) {
    count1(keys, n, least, scratch);
    startRanks(bits, scratch);
    return weigh1(keys, n, least, scratch);
  }
  memory.fill(scratch + LOW_COUNTS, 0, <usize>4 << width);
  if (passes == 2) count2(keys, n, least, width, scratch);
  else {
    memory.fill(scratch + MIDDLE_COUNTS, 0, <usize>4 << width);
    count3(keys, n, least, width, scratch);
  }
  startRanks(bits - shift, scratch);
  let places = scratch + PLACES;
  startPlaces(LOW_COUNTS, width, places, scratch);
  sortKeys(keys, n, least, width, scratch);
  if (passes == 3) {
    places = scratch + MORE_PLACES;
    startPlaces(MIDDLE_COUNTS, width, places, scratch);
    sortPlaces(keys, n, least, width, scratch);
  }
  return weigh(keys, places, n, least, shift, scratch);
}

/** Least of the keys without their labels; writes the largest minus it to SPREAD. */
export function leastAndSpread(keys: usize, n: i32, scratch: usize): u32 {
  let least: u32 = u32.MAX_VALUE;
  let largest: u32 = 0;
  let at = keys;
  const end = keys + (<usize>n << 2);
  if (n >= 4) {
    let low = v128.load(at);
    let high = low;
    for (; at + 16 <= end; at += 16) {
      const key = v128.load(at);
      low = i32x4.min_u(low, key);
      high = i32x4.max_u(high, key);
    }
    low = i32x4.min_u(low, v128.shuffle<u32>(low, low, 2, 3, 0, 1));
    high = i32x4.max_u(high, v128.shuffle<u32>(high, high, 2, 3, 0, 1));
    least = min<u32>(i32x4.extract_lane(low, 0), i32x4.extract_lane(low, 1));
    largest = max<u32>(i32x4.extract_lane(high, 0), i32x4.extract_lane(high, 1));
  }
  for (; at < end; at += 4) {
    least = min(least, load<u32>(at));
    largest = max(largest, load<u32>(at));
  }
  store<u32>(scratch, (largest >> 1) - (least >> 1), SPREAD);
  return least >> 1;
}

/** Counts a key under its highest digit: those with the label in the low half, those without in the high half. */
function countRank(digit: u32, key: u32, scratch: usize): void {
  const at = scratch + (<usize>digit << 3);
  store<u64>(at, load<u64>(at, COUNTS) + ((<u64>1 << 32) >> ((key & 1) << 5)), COUNTS);
}

function countDigit(digit: u32, place: usize, scratch: usize): void {
  const at = scratch + (<usize>digit << 2) + place;
  store<u32>(at, load<u32>(at) + 1);
}

export function count1(keys: usize, n: i32, least: u32, scratch: usize): void {
  for (let at = keys, end = keys + (<usize>n << 2); at < end; at += 4) {
    const key = load<u32>(at);
    countRank((key >> 1) - least, key, scratch);
  }
}

export function count2(keys: usize, n: i32, least: u32, width: i32, scratch: usize): void {
  const mask: u32 = (1 << width) - 1;
  for (let at = keys, end = keys + (<usize>n << 2); at < end; at += 4) {
    const key = load<u32>(at);
    const place = (key >> 1) - least;
    countDigit(place & mask, LOW_COUNTS, scratch);
    countRank(place >> width, key, scratch);
  }
}

export function count3(keys: usize, n: i32, least: u32, width: i32, scratch: usize): void {
  const mask: u32 = (1 << width) - 1;
  for (let at = keys, end = keys + (<usize>n << 2); at < end; at += 4) {
    const key = load<u32>(at);
    const place = (key >> 1) - least;
    countDigit(place & mask, LOW_COUNTS, scratch);
    countDigit((place >> width) & mask, MIDDLE_COUNTS, scratch);
    countRank(place >> (width << 1), key, scratch);
  }
}

/** Turns the counts of each highest digit into the kept and union that its first key meets, and moves on behind all of them. */
export function startRanks(width: i32, scratch: usize): void {
  let current = load<u64>(scratch, KEPT_AND_UNION);
  for (let at = scratch + (<usize>8 << width) - 8; at >= scratch; at -= 8) {
    const counts = load<u64>(at, COUNTS);
    store<u64>(at, current, COUNTS);
    current += (counts & ~(<u64>u32.MAX_VALUE)) - (counts & u32.MAX_VALUE);
  }
  store<u64>(scratch, current, KEPT_AND_UNION);
}

/** Turns the counts of a digit into where its keys go, the largest digit first. */
export function startPlaces(digit: usize, width: i32, to: usize, scratch: usize): void {
  const first = scratch + digit;
  for (let at = first + (<usize>4 << width) - 4; at >= first; at -= 4) {
    const count = load<u32>(at);
    store<u32>(at, <u32>to);
    to += <usize>count << 1;
  }
}

/** Sorts the places 0, 1, … by the lowest digit of their keys. */
export function sortKeys(keys: usize, n: i32, least: u32, width: i32, scratch: usize): void {
  const mask: u32 = (1 << width) - 1;
  for (let place = 0; place < n; place++) {
    const key = load<u32>(keys + (<usize>place << 2));
    const next = scratch + (<usize>(((key >> 1) - least) & mask) << 2);
    const to = load<u32>(next, LOW_COUNTS);
    store<u16>(to, <u16>place);
    store<u32>(next, to + 2, LOW_COUNTS);
  }
}

/** Sorts places on by the middle digit. */
export function sortPlaces(keys: usize, n: i32, least: u32, width: i32, scratch: usize): void {
  const mask: u32 = (1 << width) - 1;
  for (let at = scratch + PLACES, end = at + (<usize>n << 1); at < end; at += 2) {
    const place = load<u16>(at);
    const key = load<u32>(keys + (<usize>place << 2));
    const next = scratch + (<usize>((((key >> 1) - least) >> width) & mask) << 2);
    const to = load<u32>(next, MIDDLE_COUNTS);
    store<u16>(to, place);
    store<u32>(next, to + 2, MIDDLE_COUNTS);
  }
}

/**
 * The weight of the next key of a digit: what 1 - kept / union grows by, in closed form, since differences of neighbouring losses
 * would lose the digits. It is 1 / union for a voxel of the class, else kept / (union × (union + 1)). Labels come in no order, so there is
 * no branch on them; all products are below 2^53.
 */
function nextWeight(digit: u32, key: u32, scratch: usize): f64 {
  const at = scratch + (<usize>digit << 3);
  const counts = load<u64>(at, COUNTS);
  const label = key & 1;
  // 1 less kept with the label, else 1 more in the union.
  store<u64>(at, counts + (<u64>(1 - label) << 32) - <u64>label, COUNTS);
  const union = <u32>(counts >> 32);
  const unlessLabelled = label - 1;
  return (
    <f64>(<i32>((<u32>counts & unlessLabelled) | label)) / (<f64>(<i32>union) * <f64>(<i32>((union & unlessLabelled) + 1)))
  );
}

/** Weighs keys that differ in one digit only. */
export function weigh1(keys: usize, n: i32, least: u32, scratch: usize): f64 {
  let sum: f64 = 0;
  for (let place = 0; place < n; place++) {
    const key = load<u32>(keys + (<usize>place << 2));
    const weight = nextWeight((key >> 1) - least, key, scratch);
    sum += <f64>reinterpret<f32>(key >> 1) * weight;
    store<f32>(keys + (<usize>place << 2), <f32>weight);
  }
  return sum;
}

/** Weighs keys whose places are sorted by all digits but the highest. */
export function weigh(keys: usize, places: usize, n: i32, least: u32, shift: i32, scratch: usize): f64 {
  let sum: f64 = 0;
  for (let at = places, end = places + (<usize>n << 1); at < end; at += 2) {
    const place = <usize>load<u16>(at) << 2;
    const key = load<u32>(keys + place);
    const weight = nextWeight(((key >> 1) - least) >> shift, key, scratch);
    sum += <f64>reinterpret<f32>(key >> 1) * weight;
    store<f32>(keys + place, <f32>weight);
  }
  return sum;
}
