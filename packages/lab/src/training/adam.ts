// Adam (Kingma and Ba, ICLR 2015) with a one-cycle rate (Smith and Topin 2018).

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Moves parameters along a gradient, in place. */
export type Optimizer = (parameters: Float32Array, gradient: Float32Array, rate: number) => void;

export function createAdam(size: number): Optimizer {
  const first = new Float64Array(size);
  const second = new Float64Array(size);
  let step = 0;
  return (parameters, gradient, rate) => {
    step++;
    const correction1 = 1 - BETA1 ** step;
    const correction2 = 1 - BETA2 ** step;
    for (let i = 0; i < size; i++) {
      const g = gradient[i];
      first[i] += (1 - BETA1) * (g - first[i]);
      second[i] += (1 - BETA2) * (g * g - second[i]);
      parameters[i] -= (rate * (first[i] / correction1)) / (Math.sqrt(second[i] / correction2) + EPSILON);
    }
  };
}

/** Share of the steps in which the rate rises. */
const RISING = 0.25;
/** The rate begins at this fraction of its peak, and ends at the last. */
const FIRST = 1 / 25;
const LAST = 1 / 10_000;

/**
 * Learning rate of a step: up to the peak along half a cosine, then down to nearly 0.
 *
 * @param step from 0 to `steps` - 1
 */
export function oneCycleRate(step: number, steps: number, peak: number): number {
  const rising = Math.max(1, Math.round(RISING * steps));
  const cosine = (from: number, to: number, part: number) => from + ((to - from) * (1 - Math.cos(Math.PI * part))) / 2;
  return step < rising
    ? peak * cosine(FIRST, 1, step / rising)
    : peak * cosine(1, LAST, (step - rising) / Math.max(1, steps - 1 - rising));
}
