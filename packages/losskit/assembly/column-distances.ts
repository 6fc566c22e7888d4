// The distance transform along an axis that is not the fastest, which is where the time goes: min over p of value[p] + (step × (q - p))² for
// every q of every line along the axis.
//
// Which p is the best never falls with q (the parabolas have one shape, so two of them cross once). So the best p of every
// 2^k-th q bounds the search for those half-way between them: log2(extent) rounds that read each line about once, in whatever order
// the values are. Neighbouring lines are searched together, without a branch per line; the bounds are those of all of
// them. Where values are small the search ends earlier: p = q costs nothing but value[q], so no p farther than its root can be better.
//
// Along a row all values are finite or none is, and then in a whole slice: lines side by side are finite at the same places, and only these are
// searched.

/** Bytes of the values of one position of the lines that are searched together, a group: a cache line. */
const WIDTH: usize = 64;

// Parts of the scratch for lines of n positions, in bytes from its start. First the positions of the finite values: vectors of type T with
// the same in all lanes.

/** For each position the least and the largest index of the values that are best there, for either half of a group: four i32. */
function boundsAt(n: i32): usize {
  return 16 * n;
}

/** For each position how many of those before it have finite values: i32. */
function indicesAt(n: i32): usize {
  return 32 * n;
}

/** What each group has for itself, from a whole cache line on: its finite values, WIDTH bytes for a position, then its results. */
function groupAt(group: usize, n: i32): usize {
  return ((36 * n + 63) & ~63) + group * (2 * n + 3);
}

/** From the values of a group to its results, WIDTH bytes for a position, three of which may lie beyond the end. */
function resultsAfter(n: i32): usize {
  return WIDTH * n;
}

/**
 * Takes an axis into account that is not the fastest. The lines along it are taken in blocks of up to `width` bytes side by side.
 *
 * @param values address of the squared distances of type T
 * @param extent positions along the axis
 * @param lines lines side by side: the product of the extents of all faster axes
 * @param from the first block, `to` behind the last one; there are ⌈lines × sizeof T / width⌉ for every index of the slower axes
 * @param width a multiple of WIDTH: so much is read and written in a row
 * @param root 1 to write roots in place of squares
 * @param scratch 36 × extent + 64 + width × (2 × extent + 3) bytes
 */
export function columns<T extends number>(
  values: usize,
  extent: i32,
  lines: i32,
  step: T,
  from: i32,
  to: i32,
  width: usize,
  root: i32,
  scratch: usize,
): void {
  const stride = <usize>lines * sizeof<T>();
  const blocks = <i32>((stride + width - 1) / width);
  for (let block = from; block < to; block++) {
    const across = <usize>(block % blocks) * width;
    const first = values + <usize>(block / blocks) * stride * extent + across;
    const bytes = min(width, stride - across);
    const finite = readFinite<T>(first, stride, bytes, extent, scratch);
    if (finite == 0) continue;
    for (let group: usize = 0; group < bytes; group += WIDTH) {
      const own = scratch + groupAt(group, extent);
      let level = 1 << (31 - <i32>clz(extent));
      for (; level > 2; level >>= 1) searchLevel<T>(own, extent, finite, level, step, scratch);
      for (let half: usize = 0; half < 2; half++) searchBetween<T>(own, half, extent, finite, step, scratch);
    }
    writeResults<T>(first, stride, bytes, extent, root, scratch);
  }
}

/** Copies the values of a group at one position. */
function copyGroup(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
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
      const to = scratch + groupAt(group, extent) + WIDTH * count;
      const from = at + group;
      if (group + WIDTH <= bytes) {
        copyGroup(from, to);
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
    if (high - low > 8) {
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
    if (high - low > 12 && q + 1 < extent) {
      const own = load<i32>(scratch + indicesAt(extent) + (<usize>q << 2), 4);
      // The value there plus 1 is enough for the neighbours too, whose best values lie at most two positions farther from there.
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
  let at = first;
  for (let q = 0; q < extent; q++, at += stride) {
    for (let group: usize = 0; group < bytes; group += WIDTH) {
      const result = scratch + groupAt(group, extent) + resultsAfter(extent) + WIDTH * q;
      const to = at + group;
      if (root) {
        for (let part: usize = 0; part < WIDTH; part += 16) {
          v128.store(result + part, v128.sqrt<T>(v128.load(result + part)));
        }
      }
      if (group + WIDTH <= bytes) {
        copyGroup(result, to);
      } else {
        for (let part: usize = 0; part < bytes - group; part += sizeof<T>()) store<T>(to + part, load<T>(result + part));
      }
    }
  }
}
