// The tail of the normal distribution.

/**
 * P(Z > z) for z from 0, by the continued fraction of the complementary error function for large z and the series of the error function for small
 * (Abramowitz and Stegun 26.2.10, 26.2.14); to about 1e-14 relative.
 */
export function normalTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 3; Math.abs(term) > 1e-17 * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = 0;
  for (let k = 200; k >= 1; k--) fraction = k / (z + fraction);
  return density / (z + fraction);
}
