// Squared Euclidean distances of all voxels to a mask, exact, axis by axis: the twin of src/routines/distance-transform.ts.
//
// Along the fastest axis the distance is that to the nearer of the last and the next voxel of the mask. Along every other axis a value
// becomes min over p of value[p] + (step × (q - p))². Which p is the best never falls with q (the parabolas have one shape, so two of them
// cross once). So the best p of every 2^k-th q bounds the search for those half-way between them: log2(extent) rounds that
// read each line about once, in whatever order the values are. Sixteen neighbouring lines are searched together, without a
// branch per line; the bounds are those of all of them. Where values are small the search ends earlier: p = q costs nothing but value[q], so
// no p farther than its root can be better.
//
// After the first axis the values of a row are all finite or all infinite, after the second those of a slice: lines side by side are finite at
// the same places, and only these are searched.
//
// T is f32 for whole distances, whose squares are exact below 2^24, and f64 for all others.

/** Bytes of the values of one position of the lines that are searched together: a cache line. */
const WIDTH: usize = 64;
/** Groups of such lines that are read and written together: whole cache lines in a row, which memory gives faster. */
const GROUPS: usize = 4;

// Parts of the scratch of `columns` for lines of n positions, in bytes from its start. First the positions of the finite values: vectors of
// type T with the same in all lanes.

/** Finite values of each group, WIDTH bytes for a position. */
function valuesAt(n: i32): usize {
  return 16 * n;
}

/** From the values of a group to its results, WIDTH bytes for a position, three of which may lie beyond the end. */
function resultsAfter(n: i32): usize {
  return GROUPS * WIDTH * n;
}

/** For each position the least and the largest index of the values that are best there, for either half of the lines: four i32. */
function boundsAt(n: i32): usize {
  return valuesAt(n) + 2 * resultsAfter(n) + 3 * WIDTH;
}

/** For each position how many of those before it have finite values: i32. */
function indicesAt(n: i32): usize {
  return boundsAt(n) + 16 * n;
}

/** Whether a voxel belongs to the mask, or does not where `inverted` is 1. */
function isSite(mask: usize, at: i32, bytes: i32, inverted: i32): bool {
  const inMask = bytes ? load<u8>(mask + at) != 0 : load<f32>(mask + (<usize>at << 2)) > 0.5;
  return inMask != <bool>inverted;
}

/** The same for four voxels: all bits of a lane set where it belongs. */
function areSites(mask: usize, at: i32, bytes: i32, inverted: v128): v128 {
  const inMask = bytes
    ? i32x4.ne(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(mask + at))), i32x4.splat(0))
    : f32x4.gt(v128.load(mask + (<usize>at << 2)), f32x4.splat(0.5));
  return v128.xor(inMask, inverted);
}

/** Of 16 voxels: whether none belongs (0), all do (1), or some do (2). Most voxels are far from any border. */
function howMany(mask: usize, at: i32, bytes: i32, inverted: i32): i32 {
  let some: bool;
  let all: bool;
  if (bytes) {
    const voxels = v128.load(mask + at);
    some = v128.any_true(voxels);
    all = i8x16.all_true(voxels);
  } else {
    const first = mask + (<usize>at << 2);
    const half = f32x4.splat(0.5);
    const in0 = f32x4.gt(v128.load(first), half);
    const in1 = f32x4.gt(v128.load(first, 16), half);
    const in2 = f32x4.gt(v128.load(first, 32), half);
    const in3 = f32x4.gt(v128.load(first, 48), half);
    some = v128.any_true(v128.or(v128.or(in0, in1), v128.or(in2, in3)));
    all = i32x4.all_true(v128.and(v128.and(in0, in1), v128.and(in2, in3)));
  }
  if (some != all) return 2;
  return <i32>some ^ inverted;
}

/**
 * Squared distances along rows, to the voxels of the mask in the row; infinite in rows without any.
 *
 * @param mask address of bytes (not 0 belongs) or, where `bytes` is 0, of float32 (above 0.5 belongs)
 * @param inverted 1 to take the distance to the voxels outside the mask
 * @param values address of the result of type T, row after row
 * @param from the first row, `to` behind the last one
 * @param scratch 4 × (extent + 4) bytes
 * @param found address of an i32 that becomes 1 where any of these rows holds a site
 */
export function rows<T extends number>(
  mask: usize,
  bytes: i32,
  inverted: i32,
  values: usize,
  extent: i32,
  step: T,
  from: i32,
  to: i32,
  found: usize,
  scratch: usize,
): void {
  let any = 0;
  for (let row = from; row < to; row++) {
    const first = <usize>row * extent;
    any |= distancesInRow<T>(
      mask + (bytes ? first : first << 2),
      bytes,
      inverted,
      values + first * sizeof<T>(),
      extent,
      step,
      scratch,
    );
  }
  if (any) store<i32>(found, 1);
}

/** Beyond all positions; its distance to any of them is exact enough to stay beyond all distances. */
const FAR: f32 = 1e30;

function distancesInRow<T extends number>(
  mask: usize,
  bytes: i32,
  inverted: i32,
  values: usize,
  extent: i32,
  step: T,
  scratch: usize,
): i32 {
  const flip = i32x4.splat(-inverted);
  const whole = extent & ~3;
  const far = f32x4.splat(FAR);
  // Forward: the place of the last site, the running maximum of the places of sites.
  let position = f32x4(0, 1, 2, 3);
  const four = f32x4.splat(4);
  const before = f32x4.splat(-FAR);
  const none = f32x4.splat(0);
  let last = before;
  for (let x = 0; x < whole; x += 4) {
    const to = scratch + (<usize>x << 2);
    if ((x & 15) == 0 && x + 16 <= whole) {
      const sites = howMany(mask, x, bytes, inverted);
      if (sites < 2) {
        if (sites == 1) last = f32x4.splat(<f32>(x + 15));
        for (let part: usize = 0; part < 64; part += 16) {
          // All 0 where all are sites.
          v128.store(to + part, f32x4.pmax(f32x4.sub(position, last), none));
          position = f32x4.add(position, four);
        }
        x += 12;
        continue;
      }
    }
    let place = v128.bitselect(position, before, areSites(mask, x, bytes, flip));
    place = f32x4.pmax(place, v128.shuffle<f32>(before, place, 0, 4, 5, 6));
    place = f32x4.pmax(place, v128.shuffle<f32>(before, place, 0, 1, 4, 5));
    place = f32x4.pmax(place, last);
    v128.store(to, f32x4.sub(position, place));
    last = v128.shuffle<f32>(place, place, 3, 3, 3, 3);
    position = f32x4.add(position, four);
  }
  let lastSite = f32x4.extract_lane(last, 0);
  for (let x = whole; x < extent; x++) {
    if (isSite(mask, x, bytes, inverted)) lastSite = <f32>x;
    store<f32>(scratch + (<usize>x << 2), <f32>x - lastSite);
  }
  if (lastSite < 0) {
    for (let at = values, end = values + <usize>extent * sizeof<T>(); at < end; at += sizeof<T>()) {
      store<T>(at, <T>Infinity);
    }
    return 0;
  }
  // Backward: the place of the next site.
  let nextSite = FAR;
  for (let x = extent - 1; x >= whole; x--) {
    if (isSite(mask, x, bytes, inverted)) nextSite = <f32>x;
    const distance = <T>min(load<f32>(scratch + (<usize>x << 2)), nextSite - <f32>x) * step;
    store<T>(values + <usize>x * sizeof<T>(), distance * distance);
  }
  let next = f32x4.splat(nextSite);
  for (let x = whole - 4; x >= 0; x -= 4) {
    if ((x & 15) == 12) {
      const sites = howMany(mask, x - 12, bytes, inverted);
      if (sites < 2) {
        if (sites == 1) next = f32x4.splat(<f32>(x - 12));
        for (let end = x - 12; x >= end; x -= 4) {
          position = f32x4.sub(position, four);
          const distance = f32x4.pmin(v128.load(scratch + (<usize>x << 2)), f32x4.sub(next, position));
          storeSquares<T>(values + <usize>x * sizeof<T>(), f32x4.pmax(distance, none), step);
        }
        x += 4;
        continue;
      }
    }
    position = f32x4.sub(position, four);
    let place = v128.bitselect(position, far, areSites(mask, x, bytes, flip));
    place = f32x4.pmin(place, v128.shuffle<f32>(place, far, 1, 2, 3, 4));
    place = f32x4.pmin(place, v128.shuffle<f32>(place, far, 2, 3, 4, 5));
    place = f32x4.pmin(place, next);
    const distance = f32x4.pmin(v128.load(scratch + (<usize>x << 2)), f32x4.sub(place, position));
    storeSquares<T>(values + <usize>x * sizeof<T>(), distance, step);
    next = v128.shuffle<f32>(place, place, 0, 0, 0, 0);
  }
  return 1;
}

function storeSquares<T extends number>(at: usize, distance: v128, step: T): void {
  if (sizeof<T>() == 4) {
    v128.store(at, f32x4.mul(distance, distance));
  } else {
    const low = f64x2.mul(f64x2.promote_low_f32x4(distance), f64x2.splat(step));
    const high = f64x2.mul(
      f64x2.promote_low_f32x4(v128.shuffle<f32>(distance, distance, 2, 3, 2, 3)),
      f64x2.splat(step),
    );
    v128.store(at, f64x2.mul(low, low));
    v128.store(at, f64x2.mul(high, high), 16);
  }
}

/**
 * Takes an axis into account that is not the fastest. The lines along it are taken in blocks of up to GROUPS × WIDTH bytes side by side.
 *
 * @param values address of the squared distances of type T
 * @param extent positions along the axis
 * @param lines lines side by side: the product of the extents of all faster axes
 * @param from the first block, `to` behind the last one; there are ⌈lines × sizeof T / (GROUPS × WIDTH)⌉ for every index of the slower axes
 * @param root 1 to write roots in place of squares
 * @param scratch (2 × GROUPS × WIDTH + 36) × extent + 3 × WIDTH bytes
 */
export function columns<T extends number>(
  values: usize,
  extent: i32,
  lines: i32,
  step: T,
  from: i32,
  to: i32,
  root: i32,
  scratch: usize,
): void {
  const stride = <usize>lines * sizeof<T>();
  const most = GROUPS * WIDTH;
  const blocks = <i32>((stride + most - 1) / most);
  for (let block = from; block < to; block++) {
    const across = <usize>(block % blocks) * most;
    const first = values + <usize>(block / blocks) * stride * extent + across;
    const bytes = min(most, stride - across);
    const finite = readFinite<T>(first, stride, bytes, extent, scratch);
    if (finite == 0) continue;
    for (let group: usize = 0; group < bytes; group += WIDTH) {
      const own = scratch + valuesAt(extent) + group * extent;
      let level = 1 << (31 - <i32>clz(extent));
      for (; level > 2; level >>= 1) searchLevel<T>(own, extent, finite, level, step, scratch);
      for (let half: usize = 0; half < 2; half++) searchBetween<T>(own, half, extent, finite, step, scratch);
    }
    writeResults<T>(first, stride, bytes, extent, root, scratch);
  }
}

/** Copies the finite values of a block of lines, and notes where they are; returns at how many positions. */
function readFinite<T extends number>(first: usize, stride: usize, bytes: usize, extent: i32, scratch: usize): i32 {
  const indices = scratch + indicesAt(extent);
  let count = 0;
  let at = first;
  for (let q = 0; q < extent; q++, at += stride) {
    store<i32>(indices + (<usize>q << 2), count);
    if (load<T>(at) == <T>Infinity) continue;
    for (let group: usize = 0; group < bytes; group += WIDTH) {
      const to = scratch + valuesAt(extent) + group * extent + WIDTH * count;
      const from = at + group;
      if (group + WIDTH <= bytes) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        v128.store(to, v128.load(from, 32), 32);
        v128.store(to, v128.load(from, 48), 48);
      } else {
        // The last line stands in for those that are missing.
        for (let part: usize = 0; part < WIDTH; part += sizeof<T>()) {
          store<T>(to + part, load<T>(from + min(part, bytes - group - sizeof<T>())));
        }
      }
    }
    v128.store(scratch + (<usize>count << 4), v128.splat<T>(<T>q));
    count++;
  }
  return count;
}

/** Results and bounds of every second of the positions that are `level` apart: the others are done. */
function searchLevel<T extends number>(
  values: usize,
  extent: i32,
  finite: i32,
  level: i32,
  step: T,
  scratch: usize,
): void {
  const bounds = scratch + boundsAt(extent);
  const steps = v128.splat<T>(step);
  const one = v128.splat<T>(1);
  for (let q = level - 1; q < extent; q += 2 * level) {
    const before = bounds + (<usize>(q - level) << 4);
    const behind = bounds + (<usize>(q + level) << 4);
    let low = q >= level ? min(load<i32>(before), load<i32>(before, 8)) : 0;
    let high = q + level < extent ? max(load<i32>(behind, 4), load<i32>(behind, 12)) : finite - 1;
    if (high - low > 2) {
      const own = load<i32>(scratch + indicesAt(extent) + (<usize>q << 2));
      const reach = reachOf<T>(values, extent, finite, own, q, step, scratch);
      low = max(low, own - reach);
      high = min(high, own + reach);
    }
    let value = values + WIDTH * low;
    let position = scratch + (<usize>low << 4);
    const here = v128.splat<T>(<T>q);
    let square = squareBetween<T>(here, v128.load(position), steps);
    let best0 = v128.add<T>(v128.load(value), square);
    let best1 = v128.add<T>(v128.load(value, 16), square);
    let best2 = v128.add<T>(v128.load(value, 32), square);
    let best3 = v128.add<T>(v128.load(value, 48), square);
    let index = v128.splat<T>(<T>low);
    let at0 = index;
    let at1 = index;
    let at2 = index;
    let at3 = index;
    for (let left = high - low; left > 0; left--) {
      value += WIDTH;
      position += 16;
      square = squareBetween<T>(here, v128.load(position), steps);
      // Indices only grow, so that the largest one that was an improvement is the best.
      index = v128.add<T>(index, one);
      const next0 = v128.add<T>(v128.load(value), square);
      const next1 = v128.add<T>(v128.load(value, 16), square);
      const next2 = v128.add<T>(v128.load(value, 32), square);
      const next3 = v128.add<T>(v128.load(value, 48), square);
      at0 = v128.pmax<T>(at0, v128.and(index, v128.lt<T>(next0, best0)));
      at1 = v128.pmax<T>(at1, v128.and(index, v128.lt<T>(next1, best1)));
      at2 = v128.pmax<T>(at2, v128.and(index, v128.lt<T>(next2, best2)));
      at3 = v128.pmax<T>(at3, v128.and(index, v128.lt<T>(next3, best3)));
      best0 = v128.pmin<T>(best0, next0);
      best1 = v128.pmin<T>(best1, next1);
      best2 = v128.pmin<T>(best2, next2);
      best3 = v128.pmin<T>(best3, next3);
    }
    const result = values + resultsAfter(extent) + WIDTH * q;
    v128.store(result, best0);
    v128.store(result, best1, 16);
    v128.store(result, best2, 32);
    v128.store(result, best3, 48);
    const bound = bounds + (<usize>q << 4);
    store<i32>(bound, <i32>-largestLane<T>(v128.neg<T>(v128.pmin<T>(at0, at1))));
    store<i32>(bound, <i32>largestLane<T>(v128.pmax<T>(at0, at1)), 4);
    store<i32>(bound, <i32>-largestLane<T>(v128.neg<T>(v128.pmin<T>(at2, at3))), 8);
    store<i32>(bound, <i32>largestLane<T>(v128.pmax<T>(at2, at3)), 12);
  }
}

/**
 * Results of the last rounds: of the three positions between those that are done, at once and without bounds, which no one needs any more.
 *
 * @param half which half of the lines: fewer lines have closer bounds
 */
function searchBetween<T extends number>(
  values: usize,
  half: usize,
  extent: i32,
  finite: i32,
  step: T,
  scratch: usize,
): void {
  const bounds = scratch + boundsAt(extent) + (half << 3);
  const part = values + (half << 5);
  const steps = v128.splat<T>(step);
  for (let q = 0; q < extent; q += 4) {
    const bound = bounds + (<usize>q << 4);
    let low = q > 0 ? load<i32>(bound - 16) : 0;
    let high = q + 3 < extent ? load<i32>(bound, 52) : finite - 1;
    if (high - low > 6 && q + 1 < extent) {
      const own = load<i32>(scratch + indicesAt(extent) + (<usize>q << 2), 4);
      // A neighbour's best value lies at most two positions farther away.
      const reach = reachOf<T>(values, extent, finite, own, q + 1, step, scratch) + 2;
      low = max(low, own - reach);
      high = min(high, own + reach);
    }
    let value = part + WIDTH * low;
    let position = scratch + (<usize>low << 4);
    const last = part + WIDTH * high;
    const here0 = v128.splat<T>(<T>q);
    const here1 = v128.splat<T>(<T>(q + 1));
    const here2 = v128.splat<T>(<T>(q + 2));
    let best00 = v128.splat<T>(<T>Infinity);
    let best01 = best00;
    let best10 = best00;
    let best11 = best00;
    let best20 = best00;
    let best21 = best00;
    for (; value <= last; value += WIDTH) {
      const there = v128.load(position);
      const square0 = squareBetween<T>(here0, there, steps);
      const square1 = squareBetween<T>(here1, there, steps);
      const square2 = squareBetween<T>(here2, there, steps);
      const value0 = v128.load(value);
      const value1 = v128.load(value, 16);
      best00 = v128.pmin<T>(best00, v128.add<T>(value0, square0));
      best01 = v128.pmin<T>(best01, v128.add<T>(value1, square0));
      best10 = v128.pmin<T>(best10, v128.add<T>(value0, square1));
      best11 = v128.pmin<T>(best11, v128.add<T>(value1, square1));
      best20 = v128.pmin<T>(best20, v128.add<T>(value0, square2));
      best21 = v128.pmin<T>(best21, v128.add<T>(value1, square2));
      position += 16;
    }
    const result = part + resultsAfter(extent) + WIDTH * q;
    v128.store(result, best00);
    v128.store(result, best01, 16);
    v128.store(result, best10, 64);
    v128.store(result, best11, 80);
    v128.store(result, best20, 128);
    v128.store(result, best21, 144);
  }
}

/** Squared distances between two positions, the same in all lanes. */
function squareBetween<T extends number>(a: v128, b: v128, step: v128): v128 {
  let distance = v128.sub<T>(a, b);
  // Whole distances are in units of the step.
  if (sizeof<T>() == 8) distance = v128.mul<T>(distance, step);
  return v128.mul<T>(distance, distance);
}

/** How many positions away the best value of a position can be: where its own is finite, the root of the largest of them. */
function reachOf<T extends number>(
  values: usize,
  extent: i32,
  finite: i32,
  index: i32,
  q: i32,
  step: T,
  scratch: usize,
): i32 {
  if (index >= finite || load<T>(scratch + (<usize>index << 4)) != <T>q) return extent;
  const value = values + WIDTH * index;
  const largest = v128.pmax<T>(
    v128.pmax<T>(v128.load(value), v128.load(value, 16)),
    v128.pmax<T>(v128.load(value, 32), v128.load(value, 48)),
  );
  const reach = sqrt<T>(largestLane<T>(largest)) / step;
  // One more for what was rounded.
  return reach < <T>extent ? <i32>reach + 1 : extent;
}

function largestLane<T extends number>(vector: v128): T {
  let largest = v128.pmax<T>(vector, v128.shuffle<u64>(vector, vector, 1, 0));
  if (sizeof<T>() == 4) largest = v128.pmax<T>(largest, v128.shuffle<u32>(largest, largest, 1, 0, 3, 2));
  return v128.extract_lane<T>(largest, 0);
}

function writeResults<T extends number>(
  first: usize,
  stride: usize,
  bytes: usize,
  extent: i32,
  root: i32,
  scratch: usize,
): void {
  let from = scratch + valuesAt(extent) + resultsAfter(extent);
  let at = first;
  for (let q = 0; q < extent; q++, at += stride, from += WIDTH) {
    for (let group: usize = 0; group < bytes; group += WIDTH) {
      const result = from + group * extent;
      const to = at + group;
      if (root) {
        for (let part: usize = 0; part < WIDTH; part += 16) {
          v128.store(result + part, v128.sqrt<T>(v128.load(result + part)));
        }
      }
      if (group + WIDTH <= bytes) {
        v128.store(to, v128.load(result));
        v128.store(to, v128.load(result, 16), 16);
        v128.store(to, v128.load(result, 32), 32);
        v128.store(to, v128.load(result, 48), 48);
      } else {
        for (let part: usize = 0; part < bytes - group; part += sizeof<T>()) store<T>(to + part, load<T>(result + part));
      }
    }
  }
}

/**
 * Writes distances: the roots of squares, times the length of their unit.
 *
 * @param squares address of n squares of type T
 * @param to address of n float32; may be `squares` where these are float32
 */
export function distances<T extends number>(squares: usize, to: usize, n: i32, unit: f64): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<f32>(to + (i << 2), <f32>(sqrt<f64>(load<T>(squares + i * sizeof<T>())) * unit));
  }
}

/**
 * Writes the distances inside a mask into the field of those outside it: what the inner border has, less the distance to the outside.
 *
 * @param squares address of n squared distances to the outside, of type T
 * @param field address of n float32
 */
export function inside<T extends number>(squares: usize, field: usize, n: i32, unit: f64, innerBorder: f64): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const square = <f64>load<T>(squares + i * sizeof<T>());
    if (square > 0) store<f32>(field + (i << 2), <f32>(innerBorder - sqrt<f64>(square) * unit));
  }
}
