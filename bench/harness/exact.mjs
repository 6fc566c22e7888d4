// The losses of the cases in float64, in forms that do not cancel: what all contestants' values and gradients are held against.

/**
 * @typedef {{ value: number, gradient: Float64Array }} Exact
 */

const SMOOTH = 1;
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** 1 - Dice as its complement, the sum of |p - y| over the bottom: near-perfect masks leave nothing of the plain form. */
function bceDice(x, y) {
  const n = x.length;
  let [wrong, bottom, entropy] = [0, SMOOTH, 0];
  for (let i = 0; i < n; i++) {
    wrong += y[i] ? sigmoid(-x[i]) : sigmoid(x[i]);
    bottom += sigmoid(x[i]) + y[i];
    entropy += y[i] ? softplus(-x[i]) : softplus(x[i]);
  }
  const gradient = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const p = sigmoid(x[i]);
    const rest = sigmoid(-x[i]);
    const slope = ((y[i] ? -1 : 1) * bottom - wrong) / bottom ** 2;
    gradient[i] = (y[i] ? -rest : p) / n + slope * p * rest;
  }
  return { value: entropy / n + wrong / bottom, gradient };
}

function focalTversky(x, y) {
  const [missed, marked, exponent] = [0.7, 0.3, 0.75];
  const n = x.length;
  let [right, wrong] = [SMOOTH, 0];
  for (let i = 0; i < n; i++) {
    if (y[i]) {
      right += sigmoid(x[i]);
      wrong += missed * sigmoid(-x[i]);
    } else {
      wrong += marked * sigmoid(x[i]);
    }
  }
  // wrong / (right + wrong), and its slope by the quotient rule.
  const bottom = right + wrong;
  const outer = exponent * (wrong / bottom) ** (exponent - 1);
  const onForeground = (-missed * right - wrong) / bottom ** 2;
  const onBackground = (marked * right) / bottom ** 2;
  const gradient = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    gradient[i] = outer * (y[i] ? onForeground : onBackground) * sigmoid(x[i]) * sigmoid(-x[i]);
  }
  return { value: (wrong / bottom) ** exponent, gradient };
}

/** Softmax cross entropy plus the mean of the classes' Dice losses. */
function ceDice(x, labels) {
  const n = labels.length;
  const classes = x.length / n;
  const p = new Float64Array(x.length);
  const [wrong, bottom] = [new Float64Array(classes), new Float64Array(classes).fill(SMOOTH)];
  let entropy = 0;
  const powers = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    const own = labels[i];
    // Relative to the own class the others' sum is (1 - p) / p of it, which keeps its digits where p is nearly 1.
    let [largest, others] = [Number.NEGATIVE_INFINITY, 0];
    for (let c = 0; c < classes; c++) largest = Math.max(largest, x[c * n + i]);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      powers[c] = Math.exp(x[c * n + i] - largest);
      sum += powers[c];
      if (c !== own) others += powers[c];
    }
    entropy += Math.log1p(others / powers[own]);
    for (let c = 0; c < classes; c++) {
      const share = powers[c] / sum;
      p[c * n + i] = share;
      wrong[c] += c === own ? others / sum : share;
      bottom[c] += share + (c === own ? 1 : 0);
    }
  }
  let value = entropy / n;
  for (let c = 0; c < classes; c++) value += wrong[c] / bottom[c] / classes;
  const gradient = new Float64Array(x.length);
  const slopes = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    const own = labels[i];
    let mean = 0;
    let others = 0;
    for (let c = 0; c < classes; c++) {
      slopes[c] = ((c === own ? -1 : 1) * bottom[c] - wrong[c]) / bottom[c] ** 2 / classes;
      mean += p[c * n + i] * slopes[c];
      if (c !== own) others += p[c * n + i];
    }
    for (let c = 0; c < classes; c++) {
      const share = p[c * n + i];
      gradient[c * n + i] = (c === own ? -others : share) / n + share * (slopes[c] - mean);
    }
  }
  return { value, gradient };
}

/** Errors are rounded to float32, so that voxels rank as they do for contestants that work in float32. */
function lovaszHinge(x, y) {
  const n = x.length;
  const keys = new BigUint64Array(n);
  const words = new Uint32Array(keys.buffer);
  const bits = new Float32Array(1);
  const word = new Uint32Array(bits.buffer);
  let [kept, positives] = [0, 0];
  for (let i = 0; i < n; i++) {
    positives += y[i];
    bits[0] = 1 - (2 * y[i] - 1) * x[i];
    if (!(bits[0] > 0)) continue;
    words[2 * kept] = i;
    words[2 * kept + 1] = word[0];
    kept++;
  }
  keys.subarray(0, kept).sort();
  const gradient = new Float64Array(n);
  let [value, intersection, union] = [0, positives, positives];
  for (let k = kept - 1; k >= 0; k--) {
    const i = words[2 * k];
    // Differences of neighbouring Jaccard losses in closed form: 1 / union, and intersection / (union (union + 1)).
    const step = y[i] ? 1 / union : intersection / (union * (union + 1));
    if (y[i]) intersection--;
    else union++;
    const side = 2 * y[i] - 1;
    value += (1 - side * x[i]) * step;
    gradient[i] = -side * step;
  }
  return { value, gradient };
}

const EXACT = { "bce-dice": bceDice, "focal-tversky": focalTversky, "ce-dice": ceDice, "lovasz-hinge": lovaszHinge };

/**
 * Value and gradient in float64; undefined for work that is not written here.
 *
 * @param {string} work
 * @param {Float32Array} logits channels first
 * @param {Uint8Array} labels
 * @returns {Exact | undefined}
 */
export const exactly = (work, logits, labels) => EXACT[work]?.(logits, labels);

/** Relative error; absolute where the exact number is 0. */
const relative = (got, exact) => Math.abs(got - exact) / (Math.abs(exact) || 1);

/**
 * How far a value and a gradient are off.
 *
 * @param {Exact} exact
 * @param {number} value
 * @param {Float32Array} gradient
 * @returns {{ value: number, element: number, ofLargest: number, ulps: number }} relative error of the value, the largest relative
 *   error of an element, the largest error of an element relative to the largest element, and the error of the value in units of
 *   the last place of float32
 */
export function errors(exact, value, gradient) {
  let [element, largest, furthest] = [0, 0, 0];
  const valueError = relative(value, exact.value);
  for (let i = 0; i < gradient.length; i++) {
    const expected = exact.gradient[i];
    const off = Math.abs(gradient[i] - expected);
    // NaN would lose every comparison below and pass.
    if (!(off >= 0)) return { value: valueError, element: Infinity, ofLargest: Infinity, ulps: Infinity };
    furthest = Math.max(furthest, off);
    largest = Math.max(largest, Math.abs(expected));
    // Below the normal range float32 has fewer digits, whoever computes.
    if (Math.abs(expected) > 2 ** -126) element = Math.max(element, off / Math.abs(expected));
  }
  const ulps = Math.abs(value - exact.value) / 2 ** (Math.floor(Math.log2(Math.abs(exact.value) || 1)) - 23);
  return { value: valueError, element, ofLargest: furthest / (largest || 1), ulps };
}
