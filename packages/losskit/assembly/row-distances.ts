// The distance transform along the fastest axis, where the distance is that to the nearer of the last and the next voxel of the mask.

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
  const sixteen = f32x4.splat(16);
  let last = before;
  for (let x = 0; x < whole; x += 4) {
    const to = scratch + (<usize>x << 2);
    if ((x & 15) == 0 && x + 16 <= whole) {
      const sites = howMany(mask, x, bytes, inverted);
      if (sites < 2) {
        // Backward asks again, and needs the last site only.
        if (sites == 1) last = f32x4.splat(<f32>(x + 15));
        else v128.store(to, last);
        position = f32x4.add(position, sixteen);
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
    const infinite = v128.splat<T>(<T>Infinity);
    const end = values + <usize>extent * sizeof<T>();
    let at = values;
    for (; at + 16 <= end; at += 16) v128.store(at, infinite);
    for (; at < end; at += sizeof<T>()) store<T>(at, <T>Infinity);
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
      const end = x - 12;
      const sites = howMany(mask, end, bytes, inverted);
      if (sites == 1) {
        const first = values + <usize>end * sizeof<T>();
        for (let at = first; at < first + 16 * sizeof<T>(); at += 16) v128.store(at, i32x4.splat(0));
        next = f32x4.splat(<f32>end);
        position = f32x4.sub(position, sixteen);
        x = end;
        continue;
      }
      if (sites == 0) {
        const previous = v128.load(scratch + (<usize>end << 2));
        for (; x >= end; x -= 4) {
          position = f32x4.sub(position, four);
          const distance = f32x4.pmin(f32x4.sub(position, previous), f32x4.sub(next, position));
          storeSquares<T>(values + <usize>x * sizeof<T>(), distance, step);
        }
        x = end;
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
