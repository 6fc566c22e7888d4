// Errors of float32 results in units in the last place, and floats in steps through the whole range.

const bits = new DataView(new ArrayBuffer(8));

/** The distance between neighbouring float32 numbers around a number. */
export function ulpOf(exact: number): number {
  bits.setFloat64(0, exact);
  const exponent = ((bits.getUint32(0) >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.max(exponent, -126) - 23);
}

/** How far a result is off, in ULP of the exact number; 0 for equal ones, NaN and infinities among them. */
export function ulpError(result: number, exact: number): number {
  if (Object.is(result, exact) || result === exact) return 0;
  if (!Number.isFinite(exact) || !Number.isFinite(result)) {
    // Beyond the largest float an infinity is right.
    return result === Math.fround(exact) || (Number.isNaN(result) && Number.isNaN(exact))
      ? 0
      : Number.POSITIVE_INFINITY;
  }
  return Math.abs(result - exact) / ulpOf(exact);
}

/** Every `step`-th float32 from one number to another, both of one sign, smaller bits first. */
export function floatsBetween(from: number, to: number, step: number): Float32Array {
  const words = new Uint32Array(Float32Array.of(from, to).buffer);
  const [first, last] = words[0] <= words[1] ? [words[0], words[1]] : [words[1], words[0]];
  const count = Math.floor((last - first) / step) + 1;
  const pattern = new Uint32Array(count);
  for (let i = 0; i < count; i++) pattern[i] = first + i * step;
  pattern[count - 1] = last;
  return new Float32Array(pattern.buffer);
}

export interface LargestError {
  readonly ulp: number;
  /** Where it is. */
  readonly at: number;
  /** Largest |result - exact| / |exact|. */
  readonly relative: number;
}

/** Largest error of results against exact numbers. */
export function largestError(
  results: Float32Array,
  exact: (i: number) => number,
  argument: (i: number) => number,
): LargestError {
  let worst: LargestError = { ulp: 0, at: Number.NaN, relative: 0 };
  let relative = 0;
  results.forEach((result, i) => {
    const truth = exact(i);
    const ulp = ulpError(result, truth);
    if (ulp > worst.ulp) worst = { ulp, at: argument(i), relative };
    if (truth !== 0 && Number.isFinite(truth))
      relative = Math.max(relative, Math.abs(result - truth) / Math.abs(truth));
  });
  return { ...worst, relative };
}
