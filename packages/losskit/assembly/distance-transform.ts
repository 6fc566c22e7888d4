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

// Parts of the scratch of `columns` for lines of n positions, in bytes from its start. First the finite values, WIDTH bytes each.

/** Positions of the finite values: vectors of type T with the same in all lanes. */
function positionsAt(n: i32): usize {
  return WIDTH * n;
}

/** Results, WIDTH bytes each. */
function resultsAt(n: i32): usize {
  return (WIDTH + 16) * n;
}

/** For each position the least and the largest index of the values that are best there: two i32. */
function boundsAt(n: i32): usize {
  return (2 * WIDTH + 16) * n;
}

/** For each position how many of those before it have finite values: i32. */
function indicesAt(n: i32): usize {
  return (2 * WIDTH + 24) * n;
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
  let last = before;
  for (let x = 0; x < whole; x += 4) {
    let place = v128.bitselect(position, before, areSites(mask, x, bytes, flip));
    place = f32x4.pmax(place, v128.shuffle<f32>(before, place, 0, 4, 5, 6));
    place = f32x4.pmax(place, v128.shuffle<f32>(before, place, 0, 1, 4, 5));
    place = f32x4.pmax(place, last);
    v128.store(scratch + (<usize>x << 2), f32x4.sub(position, place));
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
 * Takes an axis into account that is not the fastest. The lines along it are taken in groups of up to WIDTH bytes side by side.
 *
 * @param values address of the squared distances of type T
 * @param extent positions along the axis
 * @param lines lines side by side: the product of the extents of all faster axes
 * @param from the first group, `to` behind the last one; there are ⌈lines × sizeof T / WIDTH⌉ for every index of the slower axes
 * @param root 1 to write roots in place of squares
 * @param scratch (2 × WIDTH + 28) × extent bytes
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
  const groups = <i32>((stride + WIDTH - 1) / WIDTH);
  for (let group = from; group < to; group++) {
    const across = <usize>(group % groups) * WIDTH;
    const first = values + <usize>(group / groups) * stride * extent + across;
    const bytes = min(WIDTH, stride - across);
    const finite = readFinite<T>(first, stride, bytes, extent, scratch);
    if (finite == 0) continue;
    let level = 1 << (31 - <i32>clz(extent));
    for (; level > 1; level >>= 1) searchLevel<T>(extent, finite, level, step, scratch);
    searchBetween<T>(extent, finite, step, scratch);
    writeResults<T>(first, stride, bytes, extent, root, scratch);
  }
}

/** Copies the finite values of a group of lines, and notes where they are; returns at how many positions. */
function readFinite<T extends number>(first: usize, stride: usize, bytes: usize, extent: i32, scratch: usize): i32 {
  const positions = scratch + positionsAt(extent);
  const indices = scratch + indicesAt(extent);
  let count = 0;
  let at = first;
  let to = scratch;
  for (let q = 0; q < extent; q++) {
    store<i32>(indices + (<usize>q << 2), count);
    if (load<T>(at) < <T>Infinity) {
      if (bytes == WIDTH) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
        v128.store(to, v128.load(at, 32), 32);
        v128.store(to, v128.load(at, 48), 48);
      } else {
        // The last line stands in for those that are missing.
        for (let part: usize = 0; part < WIDTH; part += sizeof<T>()) {
          store<T>(to + part, load<T>(at + min(part, bytes - sizeof<T>())));
        }
      }
      v128.store(positions + (<usize>count << 4), v128.splat<T>(<T>q));
      count++;
      to += WIDTH;
    }
    at += stride;
  }
  return count;
}

/** Results and bounds of every second of the positions that are `level` apart: the others are done. */
function searchLevel<T extends number>(extent: i32, finite: i32, level: i32, step: T, scratch: usize): void {
  const bounds = scratch + boundsAt(extent);
  const steps = v128.splat<T>(step);
  const one = v128.splat<T>(1);
  for (let q = level - 1; q < extent; q += 2 * level) {
    let low = q >= level ? load<i32>(bounds + (<usize>(q - level) << 3)) : 0;
    let high = q + level < extent ? load<i32>(bounds + (<usize>(q + level) << 3), 4) : finite - 1;
    if (high - low > 2) {
      const own = load<i32>(scratch + indicesAt(extent) + (<usize>q << 2));
      const reach = reachOf<T>(extent, finite, own, q, step, scratch);
      low = max(low, own - reach);
      high = min(high, own + reach);
    }
    let value = scratch + WIDTH * low;
    let position = scratch + positionsAt(extent) + (<usize>low << 4);
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
    const result = scratch + resultsAt(extent) + WIDTH * q;
    v128.store(result, best0);
    v128.store(result, best1, 16);
    v128.store(result, best2, 32);
    v128.store(result, best3, 48);
    const bound = bounds + (<usize>q << 3);
    const least = v128.pmin<T>(v128.pmin<T>(at0, at1), v128.pmin<T>(at2, at3));
    store<i32>(bound, <i32>-largestLane<T>(v128.neg<T>(least)));
    store<i32>(bound, <i32>largestLane<T>(v128.pmax<T>(v128.pmax<T>(at0, at1), v128.pmax<T>(at2, at3))), 4);
  }
}

/** Results of every second position, the last round: no one needs bounds any more. */
function searchBetween<T extends number>(extent: i32, finite: i32, step: T, scratch: usize): void {
  const bounds = scratch + boundsAt(extent);
  const steps = v128.splat<T>(step);
  for (let q = 0; q < extent; q += 2) {
    let low = q > 0 ? load<i32>(bounds + (<usize>q << 3) - 8) : 0;
    let high = q + 1 < extent ? load<i32>(bounds + (<usize>q << 3), 12) : finite - 1;
    if (high - low > 2) {
      const own = load<i32>(scratch + indicesAt(extent) + (<usize>q << 2));
      const reach = reachOf<T>(extent, finite, own, q, step, scratch);
      low = max(low, own - reach);
      high = min(high, own + reach);
    }
    let value = scratch + WIDTH * low;
    let position = scratch + positionsAt(extent) + (<usize>low << 4);
    const here = v128.splat<T>(<T>q);
    let square = squareBetween<T>(here, v128.load(position), steps);
    let best0 = v128.add<T>(v128.load(value), square);
    let best1 = v128.add<T>(v128.load(value, 16), square);
    let best2 = v128.add<T>(v128.load(value, 32), square);
    let best3 = v128.add<T>(v128.load(value, 48), square);
    for (let left = high - low; left > 0; left--) {
      value += WIDTH;
      position += 16;
      square = squareBetween<T>(here, v128.load(position), steps);
      best0 = v128.pmin<T>(best0, v128.add<T>(v128.load(value), square));
      best1 = v128.pmin<T>(best1, v128.add<T>(v128.load(value, 16), square));
      best2 = v128.pmin<T>(best2, v128.add<T>(v128.load(value, 32), square));
      best3 = v128.pmin<T>(best3, v128.add<T>(v128.load(value, 48), square));
    }
    const result = scratch + resultsAt(extent) + WIDTH * q;
    v128.store(result, best0);
    v128.store(result, best1, 16);
    v128.store(result, best2, 32);
    v128.store(result, best3, 48);
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
function reachOf<T extends number>(extent: i32, finite: i32, index: i32, q: i32, step: T, scratch: usize): i32 {
  if (index >= finite || load<T>(scratch + positionsAt(extent) + (<usize>index << 4)) != <T>q) return extent;
  const value = scratch + WIDTH * index;
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
  let from = scratch + resultsAt(extent);
  const end = from + WIDTH * extent;
  for (let at = first; from < end; from += WIDTH, at += stride) {
    if (root) {
      for (let part: usize = 0; part < WIDTH; part += 16) {
        v128.store(from + part, v128.sqrt<T>(v128.load(from + part)));
      }
    }
    if (bytes == WIDTH) {
      v128.store(at, v128.load(from));
      v128.store(at, v128.load(from, 16), 16);
      v128.store(at, v128.load(from, 32), 32);
      v128.store(at, v128.load(from, 48), 48);
    } else {
      for (let part: usize = 0; part < bytes; part += sizeof<T>()) store<T>(at + part, load<T>(from + part));
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
