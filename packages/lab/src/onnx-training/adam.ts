// Adam (Kingma and Ba, ICLR 2015).

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
