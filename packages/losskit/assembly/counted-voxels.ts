// Brings the numbers of the voxels that count side by side, and what is made of them back to their voxels.

/**
 * Copies the numbers of voxels whose `valid` is not 0, one behind the other. Every number is written and the next is written over it where it does not
 * count: a branch that nobody can foresee would take longer.
 *
 * @returns how many they are
 */
export function gather(from: usize, valid: usize, n: i32, to: usize): i32 {
  let next = to;
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 4) {
    store<f32>(next, load<f32>(from + at));
    next += <usize>(load<f32>(valid + at) != 0) << 2;
  }
  return <i32>((next - to) >> 2);
}

/**
 * The way back: gives every voxel that counts the next number, and 0 to the others.
 *
 * @returns how many numbers it has taken
 */
export function spread(from: usize, valid: usize, n: i32, to: usize): i32 {
  let next = from;
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 4) {
    const counts = load<f32>(valid + at) != 0;
    store<f32>(to + at, counts ? load<f32>(next) : 0);
    next += <usize>counts << 2;
  }
  return <i32>((next - from) >> 2);
}
