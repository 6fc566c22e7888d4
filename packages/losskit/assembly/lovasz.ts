// Weights of the Lovász extension of the Jaccard loss, exact, in linear time: the twin of src/routines/lovasz.ts.
//
// The weight of a voxel depends on how many voxels of larger error there are, with and without the class. Sorting all of them
// by index would write every weight to a random place of memory. Instead:
//   1. compact: the errors above 0 become keys, (float bits << 1) | label, in the order of their indices;
//   2. scatter: the keys go to buckets of descending error, each small enough for the cache (stable);
//   3. rank: inside a bucket a radix sort by all digits but the highest; the highest needs no sorting, only running
//      counts per digit, which are what the weights are made of. A weight takes the place of its key;
//   4. collect: the voxels are visited in the order of their indices again and take their weights from their buckets in turn,
//      which reads every bucket from its start to its end: whole cache lines, never a random place.
//
// Floats above 0 are ordered as their bits are, and the sign bit, which is then 0, leaves room for the label. The label takes no part in
// the order: equal errors keep the order of their indices.

/** Voxels handled by one call of a pass, so that its keys stay in the first-level cache. */
const CHUNK: i32 = 4096;
/** Keys that fit one radix sort, whose places are numbers of 16 bits. Fewer keys than that are one bucket. */
const SORTED: i32 = 65536;
/** Keys of one bucket, unless there are very many keys or one bin holds more. */
const BUCKET: i32 = 8192;
/** Bins of the histogram that the buckets are made of: the upper 16 bits of a key. */
const BINS: i32 = 65536;
/** Bits of one digit of the radix sort. */
const DIGIT: i32 = 11;
/**
 * Bytes left free behind each bucket, an odd number of cache lines. All buckets are filled and read at the same pace: were they some power of
 * two apart, as buckets of one size are, their lines would compete for few sets of the cache.
 */
const PADDING: usize = 17 * 64;
/** Most buckets there can be; see makeBuckets. */
const BUCKETS: i32 = 2304;

// Parts of the scratch, in bytes from its start.
const COMPACT: usize = 0;
const EXPAND: usize = 256;
/** Two 32-bit counts: voxels of the class not yet marked wrong, and voxels of the class or wrongly marked as it. */
const KEPT_AND_UNION: usize = 512;
const POSITIVES: usize = 520;
const NEGATIVE: usize = 524;
const SPREAD: usize = 528;
const NEXT: usize = 1024;
const LOW_COUNTS: usize = NEXT + 4 * <usize>BUCKETS;
const MIDDLE_COUNTS: usize = LOW_COUNTS + 4 * 2048;
const BUCKET_OF: usize = MIDDLE_COUNTS + 4 * 2048;
const COUNTS: usize = BUCKET_OF + 2 * <usize>BINS;
const PLACES: usize = COUNTS + 4 * <usize>BINS;
const MORE_PLACES: usize = PLACES + 2 * <usize>SORTED;
const KEYS: usize = MORE_PLACES + 2 * <usize>SORTED;

export function scratchBytes(n: i32): usize {
  return n > SORTED ? KEYS + (<usize>n << 2) + PADDING * BUCKETS : KEYS;
}

/**
 * Writes the weights and returns Σ error × weight in float64; NaN, and nothing useful written, where an error is below 0.
 * Voxels whose error is 0 get weight 0: whatever theirs is, it adds nothing to the sum.
 *
 * @param errors address of n float32 from 0, without NaN
 * @param targets address of n float32; above 0.5 belongs to the class
 * @param weights address of n float32, not those of the errors or targets
 * @param n at most 2^26: counts, and the products of two of them, are exact in float64
 */
export function lovasz(errors: usize, targets: usize, weights: usize, n: i32, scratch: usize): f64 {
  fillShuffles(scratch);
  store<i32>(scratch, 0, POSITIVES);
  store<i32>(scratch, 0, NEGATIVE);
  const many = n > SORTED;
  if (many) memory.fill(scratch + COUNTS, 0, 4 * BINS);
  // The keys lie where the weights will: those are written last.
  let keys = weights;
  for (let from = 0; from < n; from += CHUNK) {
    const at = <usize>from << 2;
    const found = compact(errors + at, targets + at, min(CHUNK, n - from), keys, scratch);
    if (many) countBins(keys, found, scratch);
    keys += <usize>found << 2;
  }
  if (load<i32>(scratch, NEGATIVE)) return NaN;
  if (load<i32>(scratch, POSITIVES) == 0) return weighLargest(errors, weights, n);
  const count = <i32>((keys - weights) >> 2);
  store<u64>(scratch, <u64>load<u32>(scratch, POSITIVES) * 0x100000001, KEPT_AND_UNION);
  const buckets = count > SORTED;
  let sum: f64;
  if (buckets) {
    const last = makeBuckets(max(BUCKET, count >> 10), scratch);
    for (let from = 0; from < count; from += CHUNK) {
      scatter(weights + (<usize>from << 2), min(CHUNK, count - from), scratch);
    }
    sum = rankBuckets(last, scratch);
  } else {
    sum = rank(weights, count, scratch);
  }
  // From here on `keys` is behind the last key of the voxels before `from`; no more than a chunk of them can be of one chunk of voxels.
  let taken = keys;
  for (let from = (n - 1) & ~(CHUNK - 1); from >= 0; from -= CHUNK) {
    if (buckets) {
      const first = <usize>max(<isize>(weights), <isize>keys - (CHUNK << 2));
      takeFromBuckets(first, taken, scratch);
      taken = first;
    }
    const at = <usize>from << 2;
    keys = expand(errors + at, weights + at, min(CHUNK, n - from), keys, scratch);
  }
  return sum;
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
  return bucket;
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

export function rankBuckets(last: i32, scratch: usize): f64 {
  let sum: f64 = 0;
  let start = scratch + KEYS;
  for (let bucket = 0; bucket <= last; bucket++) {
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
