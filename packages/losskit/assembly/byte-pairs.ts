// How often each pair of labels stands at the same place of two byte arrays, for labels below 16.
//
// Label maps are mostly alike from one voxel to the next. Blocks that only repeat the last vector before them are passed over without a
// branch that could be guessed wrong; the others are listed, and counted after: the places of each pair in a block as the bits of a
// number, those in its last vector once more for each vector that repeats it.

/** Voxels that are looked at together: four vectors of each array. */
const BLOCK: usize = 64;
const VECTOR: usize = 16;
/** Different pairs of a block after which its other voxels are counted one by one. */
const FEW: i32 = 4;
/** Bits that labels below 16 do not have. */
const HIGH: i32 = 0xf0;

/** Where four vectors differ from one. */
function unlike(at: usize, last: v128): v128 {
  const first = v128.or(v128.xor(v128.load(at), last), v128.xor(v128.load(at, 16), last));
  return v128.or(first, v128.or(v128.xor(v128.load(at, 32), last), v128.xor(v128.load(at, 48), last)));
}

/**
 * Lists the first block, and all that do more than repeat the last vector before them.
 *
 * @param list address of a u32 for each block and one more: where it begins; n behind the last
 * @returns how many are listed
 */
function listChanges(a: usize, b: usize, n: usize, list: usize): i32 {
  store<u32>(list, 0);
  let next = list + 4;
  for (let at = BLOCK; at < n; at += BLOCK) {
    const ofFirst = unlike(a + at, v128.load(a + at - VECTOR));
    const ofSecond = unlike(b + at, v128.load(b + at - VECTOR));
    store<u32>(next, <u32>at);
    next += <usize>v128.any_true(v128.or(ofFirst, ofSecond)) << 2;
  }
  store<u32>(next, <u32>n);
  return <i32>((next - list) >> 2);
}

/** Two vectors of labels as one of pairs, 16 × first + second; shifting in 16 bits will do where labels are below 16. */
function pairsOf(first: v128, second: v128): v128 {
  return v128.or(i16x8.shl(first, 4), second);
}

/** Where a vector holds a pair, as bits. */
function placesIn(pairs: v128, pair: v128): u64 {
  return <u64>i8x16.bitmask(i8x16.eq(pairs, pair));
}

/** Adds to the u32 count of a pair. */
function add(counts: usize, pair: usize, times: i32): void {
  const at = counts + (pair << 2);
  store<i32>(at, load<i32>(at) + times);
}

/**
 * Counts a block, its last vector `repeats` times more.
 *
 * @returns a vector with all bits that some label has
 */
function countBlock(a: usize, b: usize, repeats: i32, counts: usize): v128 {
  const a0 = v128.load(a);
  const a1 = v128.load(a, 16);
  const a2 = v128.load(a, 32);
  const a3 = v128.load(a, 48);
  const b0 = v128.load(b);
  const b1 = v128.load(b, 16);
  const b2 = v128.load(b, 32);
  const b3 = v128.load(b, 48);
  const pairs0 = pairsOf(a0, b0);
  const pairs1 = pairsOf(a1, b1);
  const pairs2 = pairsOf(a2, b2);
  const pairs3 = pairsOf(a3, b3);
  let left: u64 = u64.MAX_VALUE;
  for (let different = 0; different < FEW && left != 0; different++) {
    const at = <usize>ctz(left);
    // A byte, so that no label that is too large leads out of the counts.
    const number = <u8>((load<u8>(a + at) << 4) | load<u8>(b + at));
    const pair = i8x16.splat(number);
    const low = placesIn(pairs0, pair) | (placesIn(pairs1, pair) << 16);
    const last = placesIn(pairs3, pair);
    const places = low | (placesIn(pairs2, pair) << 32) | (last << 48);
    add(counts, number, <i32>popcnt(places) + repeats * <i32>popcnt(last));
    // Its own place too, where a label that is too large makes it another pair.
    left &= ~(places | (<u64>1 << at));
  }
  for (; left != 0; left &= left - 1) {
    const at = <usize>ctz(left);
    const number = <u8>((load<u8>(a + at) << 4) | load<u8>(b + at));
    add(counts, number, at < BLOCK - VECTOR ? 1 : 1 + repeats);
  }
  return v128.or(v128.or(v128.or(a0, a1), v128.or(a2, a3)), v128.or(v128.or(b0, b1), v128.or(b2, b3)));
}

/**
 * Adds to the counts of pairs: a u32 at 16 × first label + second.
 *
 * @param a address of n bytes, n a multiple of 64, at least 64
 * @param b address of n bytes
 * @param counts address of 256 u32
 * @param list address of n / 64 + 1 u32: scratch
 * @returns 1; 0 where a label is 16 or more: then the counts are of no use
 */
export function countPairs(a: usize, b: usize, n: i32, counts: usize, list: usize): i32 {
  const end = list + (<usize>listChanges(a, b, n, list) << 2);
  let bits = i8x16.splat(0);
  for (let next = list; next < end; next += 4) {
    const at = <usize>load<u32>(next);
    const repeats = (<usize>load<u32>(next, 4) - at - BLOCK) / VECTOR;
    bits = v128.or(bits, countBlock(a + at, b + at, <i32>repeats, counts));
  }
  return i32(!v128.any_true(v128.and(bits, i8x16.splat(<i8>HIGH))));
}
