// The Lovász weights, the part that goes over voxels in the order of their indices; lovasz-layout.ts has the plan.

import {
  BINS,
  BUCKET_OF,
  BUCKETS,
  COMPACT,
  COUNTS,
  EXPAND,
  KEPT_AND_UNION,
  KEYS,
  NEGATIVE,
  NEXT,
  PADDING,
  POSITIVES,
  SORTED,
} from "./lovasz-layout";

/** Voxels handled by one call of a pass, so that its keys stay in the first-level cache. */
const CHUNK: i32 = 4096;
/**
 * Keys of one bucket, unless one bin holds more: few enough for the second-level cache, but of many keys more, since it takes time to fill
 * and empty many buckets by turns. Measured; half or twice as many make little difference.
 */
function bucketSize(n: i32): i32 {
  return max(max(8192, min(32768, n >> 8)), n >> 10);
}

/** Bytes of scratch for n voxels. */
export function scratchBytes(n: i32): usize {
  return n > SORTED ? KEYS + (<usize>n << 2) + PADDING * BUCKETS : KEYS;
}

/** Whether all targets are 0 or 1. */
export function areHard(targets: usize, n: i32): bool {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  let hard = i32x4.splat(-1);
  const end = targets + (<usize>(n & ~3) << 2);
  for (let at = targets; at < end; at += 16) {
    const target = v128.load(at);
    hard = v128.and(hard, v128.or(f32x4.eq(target, zero), f32x4.eq(target, one)));
  }
  if (!i32x4.all_true(hard)) return false;
  for (let at = end; at < targets + (<usize>n << 2); at += 4) {
    const target = load<f32>(at);
    if (target != 0 && target != 1) return false;
  }
  return true;
}

/**
 * Writes the keys of the errors above 0 to where the weights will be, which are written last.
 *
 * @returns how many there are; -1 where an error is below 0
 */
export function collectKeys(errors: usize, targets: usize, weights: usize, n: i32, scratch: usize): i32 {
  fillShuffles(scratch);
  store<i32>(scratch, 0, POSITIVES);
  store<i32>(scratch, 0, NEGATIVE);
  const many = n > SORTED;
  if (many) memory.fill(scratch + COUNTS, 0, 4 * BINS);
  let keys = weights;
  for (let from = 0; from < n; from += CHUNK) {
    const at = <usize>from << 2;
    const found = compact(errors + at, targets + at, min(CHUNK, n - from), keys, scratch);
    if (many) countBins(keys, found, scratch);
    keys += <usize>found << 2;
  }
  store<u64>(scratch, <u64>load<u32>(scratch, POSITIVES) * 0x100000001, KEPT_AND_UNION);
  return load<i32>(scratch, NEGATIVE) ? -1 : <i32>((keys - weights) >> 2);
}

/** Voxels of the class, once the keys are collected. */
export function positives(scratch: usize): i32 {
  return load<i32>(scratch, POSITIVES);
}

/** For each of the 16 sets of 4 lanes: which bytes bring its lanes to the front, and which bring them back. */
function fillShuffles(scratch: usize): void {
  for (let set = 0; set < 16; set++) {
    const compact = scratch + COMPACT + (set << 4);
    const expand = scratch + EXPAND + (set << 4);
    let to = 0;
    for (let lane = 0; lane < 4; lane++) {
      // The four bytes of a lane, and a byte beyond all lanes, which gives 0.
      const inSet = (set >> lane) & 1;
      store<u32>(expand + (lane << 2), inSet ? 0x03020100 + to * 0x04040404 : 0x80808080);
      if (inSet) store<u32>(compact + (to++ << 2), 0x03020100 + lane * 0x04040404);
    }
    for (; to < 4; to++) store<u32>(compact + (to << 2), 0x80808080);
  }
}

/** Writes the keys of the errors above 0 and returns how many; counts the voxels of the class. */
export function compact(errors: usize, targets: usize, n: i32, keys: usize, scratch: usize): i32 {
  const half = f32x4.splat(0.5);
  const one = i32x4.splat(1);
  const zero = i32x4.splat(0);
  let positives = zero;
  let negative = zero;
  let to = keys;
  const end = errors + (<usize>(n & ~3) << 2);
  const ahead = targets - errors;
  for (let at = errors; at < end; at += 16) {
    const error = v128.load(at);
    const label = v128.and(f32x4.gt(v128.load(at + ahead), half), one);
    positives = i32x4.add(positives, label);
    negative = v128.or(negative, f32x4.lt(error, zero));
    const set = i32x4.bitmask(i32x4.gt_s(error, zero));
    const key = v128.or(i32x4.shl(error, 1), label);
    v128.store(to, v128.swizzle(key, v128.load(scratch + (set << 4), COMPACT)));
    to += <usize>popcnt(set) << 2;
  }
  let count = i32x4.extract_lane(positives, 0) + i32x4.extract_lane(positives, 1);
  count += i32x4.extract_lane(positives, 2) + i32x4.extract_lane(positives, 3);
  let below = v128.any_true(negative);
  for (let at = end; at < errors + (<usize>n << 2); at += 4) {
    const label = load<f32>(at + ahead) > 0.5 ? 1 : 0;
    count += label;
    if (load<f32>(at) < 0) below = true;
    const bits = load<i32>(at);
    if (bits <= 0) continue;
    store<i32>(to, (bits << 1) | label);
    to += 4;
  }
  store<i32>(scratch, load<i32>(scratch, POSITIVES) + count, POSITIVES);
  if (below) store<i32>(scratch, 1, NEGATIVE);
  return <i32>((to - keys) >> 2);
}

export function countBins(keys: usize, n: i32, scratch: usize): void {
  const bins = scratch + COUNTS;
  for (let at = keys, end = keys + (<usize>n << 2); at < end; at += 4) {
    const bin = bins + (<usize>(load<u32>(at) >> 16) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
}

/** Without a voxel of the class, the first of the largest errors has all the weight. */
export function weighLargest(errors: usize, weights: usize, n: i32): f64 {
  let largest: f32 = 0;
  let place = -1;
  for (let i = 0; i < n; i++) {
    const error = load<f32>(errors + (<usize>i << 2));
    if (error > largest) {
      largest = error;
      place = i;
    }
  }
  memory.fill(weights, 0, <usize>n << 2);
  if (place >= 0) store<f32>(weights + (<usize>place << 2), 1);
  return largest;
}

/** Sorts the keys into buckets and returns how many these are; 0 where the keys are few enough to be ranked where they are. */
export function fillBuckets(keys: usize, n: i32, scratch: usize): i32 {
  if (n <= SORTED) return 0;
  const buckets = makeBuckets(bucketSize(n), scratch);
  for (let from = 0; from < n; from += CHUNK) scatter(keys + (<usize>from << 2), min(CHUNK, n - from), scratch);
  return buckets;
}

/**
 * Joins neighbouring bins to buckets of at most `size` keys, from the largest error down; a bin with more is a bucket of its own.
 * Any two neighbouring buckets hold more than `size` together, so there are at most 2 × keys / size + 1, here below 2^12.
 */
export function makeBuckets(size: i32, scratch: usize): i32 {
  let bucket = 0;
  let held = 0;
  let start = scratch + KEYS;
  store<u32>(scratch, <u32>start, NEXT);
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const count = load<i32>(scratch + COUNTS + (<usize>bin << 2));
    if (held > 0 && held + count > size) {
      start += (<usize>held << 2) + PADDING;
      held = 0;
      bucket++;
      store<u32>(scratch + NEXT + (<usize>bucket << 2), <u32>start);
    }
    held += count;
    store<u16>(scratch + BUCKET_OF + (<usize>bin << 1), <u16>bucket);
  }
  return bucket + 1;
}

export function scatter(keys: usize, n: i32, scratch: usize): void {
  const next = scratch + NEXT;
  const bucketOf = scratch + BUCKET_OF;
  for (let at = keys, end = keys + (<usize>n << 2); at < end; at += 4) {
    const key = load<u32>(at);
    const bucket = next + (<usize>load<u16>(bucketOf + (<usize>(key >> 16) << 1)) << 2);
    const to = load<u32>(bucket);
    store<u32>(to, key);
    store<u32>(bucket, to + 4);
  }
}

/**
 * Gives every voxel its weight, and 0 to those whose error is 0.
 *
 * @param count keys that were collected
 * @param buckets how many hold the weights; 0: these lie where the keys were
 */
export function giveWeights(errors: usize, weights: usize, n: i32, count: i32, buckets: i32, scratch: usize): void {
  // `end` is behind the last weight of the voxels before `from`; of these weights no more than a chunk can be of one chunk of voxels.
  let end = weights + (<usize>count << 2);
  let taken = end;
  for (let from = (n - 1) & ~(CHUNK - 1); from >= 0; from -= CHUNK) {
    if (buckets) {
      const first = <usize>max(<isize>weights, <isize>end - (CHUNK << 2));
      takeFromBuckets(first, taken, scratch);
      taken = first;
    }
    const at = <usize>from << 2;
    end = expand(errors + at, weights + at, min(CHUNK, n - from), end, scratch);
  }
}

/** Replaces keys, the last first, by the last weight of their bucket that is not yet taken. */
export function takeFromBuckets(keys: usize, end: usize, scratch: usize): void {
  const next = scratch + NEXT;
  const bucketOf = scratch + BUCKET_OF;
  for (let at = end - 4; at >= keys; at -= 4) {
    const bucket = next + (<usize>load<u16>(bucketOf + (<usize>(load<u32>(at) >> 16) << 1)) << 2);
    const from = load<u32>(bucket) - 4;
    store<u32>(bucket, from);
    store<u32>(at, load<u32>(from));
  }
}

/**
 * Moves weights to the voxels whose errors are above 0, the last first, and writes 0 to the others. The weights may lie in the same array: a
 * weight lies never behind its voxel.
 *
 * @param from behind the weight of the last of these voxels
 * @returns the address of the weight of the first
 */
export function expand(errors: usize, weights: usize, n: i32, from: usize, scratch: usize): usize {
  const zero = i32x4.splat(0);
  let at = <isize>(n - 1) << 2;
  for (const whole = <isize>(n & ~3) << 2; at >= whole; at -= 4) {
    const some = load<i32>(errors + at) > 0;
    if (some) from -= 4;
    store<f32>(weights + at, some ? load<f32>(from) : 0);
  }
  for (at -= 12; at >= 0; at -= 16) {
    const set = i32x4.bitmask(i32x4.gt_s(v128.load(errors + at), zero));
    from -= <usize>popcnt(set) << 2;
    v128.store(weights + at, v128.swizzle(v128.load(from), v128.load(scratch + (set << 4), EXPAND)));
  }
  return from;
}
