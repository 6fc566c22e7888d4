// Random pairs of small masks with shapes and spacings, for property tests of surface metrics, and brute-force surfaces of them.

import fc from "fast-check";

export interface RandomPair {
  readonly shape: number[];
  readonly spacing: number[];
  readonly reference: Uint8Array;
  readonly prediction: Uint8Array;
}

const mask = (voxels: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: voxels, maxLength: voxels, max: 1 }),
    // Few voxels in, or few out: surfaces that are far apart, and masks with an inside.
    fc.uint8Array({ minLength: voxels, maxLength: voxels }).map((values) => values.map((v) => (v < 20 ? 1 : 0))),
    fc.uint8Array({ minLength: voxels, maxLength: voxels }).map((values) => values.map((v) => (v < 20 ? 0 : 1))),
  );

export const randomPair: fc.Arbitrary<RandomPair> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.constantFrom(0.3, 0.75, 1, 2, 3.1)), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((axes) => {
    const shape = axes.map(([extent]) => extent);
    const spacing = axes.map(([, step]) => step);
    const voxels = shape.reduce((product, extent) => product * extent, 1);
    return fc.record({
      shape: fc.constant(shape),
      spacing: fc.constant(spacing),
      reference: mask(voxels),
      prediction: mask(voxels),
    });
  });

/** Index in each axis of a place in the flat array. */
export function indicesOf(at: number, shape: readonly number[]): number[] {
  const indices: number[] = [];
  let rest = at;
  for (const extent of [...shape].reverse()) {
    indices.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return indices;
}

/** Value of a mask at indices that may lie beyond it, where it is 0. */
export function valueAt(values: ArrayLike<number>, indices: readonly number[], shape: readonly number[]): number {
  if (indices.some((index, axis) => index < 0 || index >= shape[axis])) return 0;
  return values[indices.reduce((at, index, axis) => at * shape[axis] + index, 0)];
}
