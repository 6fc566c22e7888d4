// From squared distances to distances, for squares in float32 (whole distances) and in float64 (any spacing).
//
// Numbers that are not whole come by their addresses (of float64), so that all arguments are: threads are given them as such.

/**
 * Writes distances: the roots of squares, times the length of their unit.
 *
 * @param squares address of n squares of type T
 * @param to address of n float32; may be `squares` where these are float32
 */
function roots<T extends number>(squares: usize, to: usize, n: i32, unit: f64): void {
  const units = f64x2.splat(unit);
  let i: usize = 0;
  for (; i + 2 <= <usize>n; i += 2) {
    const at = squares + i * sizeof<T>();
    const pair = sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load64_zero(at)) : v128.load(at);
    v128.store_lane<u64>(to + (i << 2), f32x4.demote_f64x2_zero(f64x2.mul(f64x2.sqrt(pair), units)), 0);
  }
  if (i < <usize>n) store<f32>(to + (i << 2), <f32>(sqrt<f64>(load<T>(squares + i * sizeof<T>())) * unit));
}

/**
 * Writes the distances inside a mask into the field of those outside it: what the inner border has, less the distance to the outside.
 *
 * @param squares address of n squared distances to the outside, of type T
 * @param field address of n float32
 */
function rootsInside<T extends number>(squares: usize, field: usize, n: i32, unit: f64, innerBorder: f64): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const square = <f64>load<T>(squares + i * sizeof<T>());
    if (square > 0) store<f32>(field + (i << 2), <f32>(innerBorder - sqrt<f64>(square) * unit));
  }
}

export function wholeRoots(squares: usize, to: usize, n: i32, unit: usize): void {
  roots<f32>(squares, to, n, load<f64>(unit));
}

export function wholeRootsInside(squares: usize, field: usize, n: i32, unit: usize, innerBorder: usize): void {
  rootsInside<f32>(squares, field, n, load<f64>(unit), load<f64>(innerBorder));
}

export function spacedRoots(squares: usize, to: usize, n: i32, unit: usize): void {
  roots<f64>(squares, to, n, load<f64>(unit));
}

export function spacedRootsInside(squares: usize, field: usize, n: i32, unit: usize, innerBorder: usize): void {
  rootsInside<f64>(squares, field, n, load<f64>(unit), load<f64>(innerBorder));
}
