// What the two modules of the Lovász weights share: the plan, and where things lie in their scratch.
//
// The weight of a voxel depends on how many voxels of larger error there are, with and without the class. Sorting all of them
// by index would write every weight to a random place of memory. Instead:
//   1. collectKeys: the errors above 0 become keys, (float bits << 1) | label, in the order of their indices;
//   2. fillBuckets: the keys go to buckets of descending error, each small enough for the cache (stable);
//   3. rank: inside a bucket a radix sort by all digits but the highest; the highest needs no sorting, only running
//      counts per digit, which are what the weights are made of. A weight takes the place of its key;
//   4. giveWeights: the voxels are visited in the order of their indices again and take their weights from their buckets in turn,
//      which reads every bucket from one end to the other: whole cache lines, never a random place.
//
// Floats above 0 are ordered as their bits are, and the sign bit, which is then 0, leaves room for the label. The label takes no part in
// the order: equal errors keep the order of their indices.

/** Keys that fit one radix sort, whose places are numbers of 16 bits. Fewer keys than that are one bucket. */
export const SORTED: i32 = 65536;
/** Bins of the histogram that the buckets are made of: the upper 16 bits of a key. */
export const BINS: i32 = 65536;
/**
 * Bytes left free behind each bucket, an odd number of cache lines. All buckets are filled and read at the same pace: were they some power of
 * two apart, as buckets of one size are, their lines would compete for few sets of the cache.
 */
export const PADDING: usize = 17 * 64;
/** Most buckets there can be; see makeBuckets. */
export const BUCKETS: i32 = 2304;

// Parts of the scratch, in bytes from its start.
export const COMPACT: usize = 0;
export const EXPAND: usize = 256;
/** Two 32-bit counts: voxels of the class not yet marked wrong, and voxels of the class or wrongly marked as it. */
export const KEPT_AND_UNION: usize = 512;
export const POSITIVES: usize = 520;
export const NEGATIVE: usize = 524;
export const SPREAD: usize = 528;
export const NEXT: usize = 1024;
export const LOW_COUNTS: usize = NEXT + 4 * <usize>BUCKETS;
export const MIDDLE_COUNTS: usize = LOW_COUNTS + 4 * 2048;
export const BUCKET_OF: usize = MIDDLE_COUNTS + 4 * 2048;
export const COUNTS: usize = BUCKET_OF + 2 * <usize>BINS;
export const PLACES: usize = COUNTS + 4 * <usize>BINS;
export const MORE_PLACES: usize = PLACES + 2 * <usize>SORTED;
export const KEYS: usize = MORE_PLACES + 2 * <usize>SORTED;
