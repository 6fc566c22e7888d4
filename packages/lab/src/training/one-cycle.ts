// The one-cycle learning rate (Smith and Topin 2018).

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
