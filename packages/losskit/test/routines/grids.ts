// Random small images for the property tests, and the neighbourhoods of their voxels spelled out coordinate by coordinate.

import fc from "fast-check";

export interface Image {
  readonly space: number[];
  readonly spacing: number[];
  readonly values: Float64Array;
}

/** Images of 1 to 3 axes with at most 6 voxels along each, spacings from 0.3 to 4, and values from `value`. */
export const images = (value: fc.Arbitrary<number>): fc.Arbitrary<Image> =>
  fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }).chain((space) =>
    fc.record({
      space: fc.constant(space),
      spacing: fc.array(fc.double({ min: 0.3, max: 4, noNaN: true }), {
        minLength: space.length,
        maxLength: space.length,
      }),
      values: fc
        .array(value, { minLength: product(space), maxLength: product(space) })
        .map((array) => Float64Array.from(array)),
    }),
  );

/** 0 or 1, and now and then a whole image of one of them. */
export const masks: fc.Arbitrary<Image> = fc.oneof(
  { weight: 8, arbitrary: images(fc.constantFrom(0, 1)) },
  { weight: 1, arbitrary: images(fc.constant(0)) },
  { weight: 1, arbitrary: images(fc.constant(1)) },
);

export const product = (numbers: readonly number[]) => numbers.reduce((a, b) => a * b, 1);

/** Coordinates of every voxel, in the order of the array. */
export function coordinates(space: readonly number[]): number[][] {
  return space.reduce<number[][]>(
    (points, extent) => points.flatMap((point) => Array.from({ length: extent }, (_, i) => [...point, i])),
    [[]],
  );
}

/** Indices of the voxels around each voxel and itself: those `close` says yes to, given the distance along each axis. */
export function neighbourhoods(space: readonly number[], close: (steps: number[]) => boolean): number[][] {
  const points = coordinates(space);
  return points.map((a) => points.flatMap((b, j) => (close(a.map((x, axis) => Math.abs(x - b[axis]))) ? [j] : [])));
}

export const box = (steps: readonly number[]) => Math.max(...steps) <= 1;
export const cross = (steps: readonly number[]) => steps.reduce((a, b) => a + b, 0) <= 1;

/** Gradient of a function of many values by central differences. */
export function centralDifferences(f: (values: Float64Array) => number, at: Float64Array, step: number): Float64Array {
  return at.map((_, i) => {
    const moved = (by: number) => f(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

/** Largest absolute difference between two lists; infinite where they are not of one length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** Distinct values, none nearer to another than the step of a central difference: a shuffled ramp. */
export const distinct = (count: number, seed: number) =>
  Float64Array.from({ length: count }, (_, i) => ((i * 7919 + seed * 104729) % 100003) / 100003);
