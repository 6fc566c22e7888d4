// The inputs of a formula as values of a kernel: target, weights, probabilities and their logarithms, and the way back to the logits.

import type { Activation } from "../formula/options.js";
import type { KernelValue } from "./kernel.js";
import { type KernelValues, LARGEST_FLOAT } from "./kernel-values.js";

/** With activation "none" the logarithms see probabilities of at least this: backends/reference/inputs.ts has the reason. */
const SMALLEST_PROBABILITY = 1e-12;

export interface Probabilities {
  p(): KernelValue;
  q(): KernelValue;
  logP(): KernelValue;
  logQ(): KernelValue;
  /** Whether p is above one half, where 1 - p must not be a difference. */
  large(): KernelValue;
  /** Of a softmax: the slope along the logits of something with this slope along log(1 - p). */
  slopeOfLogQ(slope: KernelValue): KernelValue;
}

/** Every value is made once, and only where something asks for it. */
const lazy = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const unavailable = (name: string) => (): never => {
  throw new Error(`a kernel cannot have ${name} here; the schedule should have seen to it`);
};

const slopeOfLogQ = unavailable("the slope of log(1 - p) of a softmax");

/**
 * How a sigmoid is computed: "fast", with logarithms of 1 + exp(-|x|), whose sum is one logarithm of a product; or "precise", with fewer roundings and
 * logarithms of the smaller probability.
 */
export type SigmoidForm = "fast" | "precise";

/** p and q from |x|, which cannot overflow; the smaller of the two keeps all its digits, the larger is 1 less that. */
export function sigmoidOf(k: KernelValues, x: KernelValue, form: SigmoidForm): Probabilities {
  const positive = () => k.compare("le", k.zero, x);
  const small = lazy(() => smallSide(k, x, form));
  const large = lazy(() => k.binary("sub", k.one, small()));
  // log(1 + exp(-|x|)) = -log(1 - small)
  const log = lazy(() =>
    form === "fast"
      ? k.unary("log1pUnit", k.unary("expNegative", minusAbs(k, x)))
      : k.unary("neg", k.unary("log1pUnit", k.unary("neg", small()))),
  );
  return {
    p: lazy(() => k.select(positive(), large(), small())),
    q: lazy(() => k.select(positive(), small(), large())),
    ...logarithmsOf(k, () => x, log),
    large: positive,
    slopeOfLogQ,
  };
}

/** log p = min(x, 0) - l and log(1 - p) = -max(x, 0) - l, l = log(1 + exp(-|x|)). */
const logarithmsOf = (k: KernelValues, x: () => KernelValue, l: () => KernelValue) => ({
  logP: lazy(() => k.binary("sub", k.binary("min", x(), k.zero), l())),
  logQ: lazy(() => k.binary("sub", k.unary("neg", k.binary("max", x(), k.zero)), l())),
});

const minusAbs = (k: KernelValues, x: KernelValue) => k.unary("neg", k.unary("abs", x));

const smallSide = (k: KernelValues, x: KernelValue, form: SigmoidForm) =>
  k.unary(form === "fast" ? "sigmoidNegative" : "preciseSigmoidNegative", minusAbs(k, x));

/**
 * Softmax of few classes, which are written out: with the exponentials of the other classes summed for each class, p and 1 - p are
 * quotients of sums of positive numbers, and nothing cancels.
 *
 * @param classes how many there are
 */
export function softmaxOfFew(k: KernelValues, x: KernelValue, classes: number): Probabilities {
  const m = lazy(() => k.overClasses("max", x));
  const e = lazy(() => k.binary("expDifference", x, m()));
  const others = lazy(() => k.otherClasses("add", e()));
  // Of the likeliest class, whose own exponential is 1.
  const rest = lazy(() => k.unary("neg", k.overClasses("max", k.unary("neg", others()))));
  const overZ = lazy(() => k.binary("div", k.one, k.binary("add", k.one, rest())));
  const logZ = lazy(() => k.unary("log1pPositive", rest()));
  const p = lazy(() => k.binary("mul", e(), overZ()));
  const q = lazy(() => k.binary("mul", others(), overZ()));
  const logP = lazy(() => k.binary("sub", k.binary("sub", x, m()), logZ()));
  const large = lazy(() => k.compare("lt", k.number(0.5), p()));
  if (classes === 2) {
    // 1 - p of a class is p of the other one.
    return {
      p,
      q,
      logP,
      logQ: lazy(() => k.otherClasses("add", logP())),
      large,
      slopeOfLogQ(slope) {
        const along = k.binary("mul", slope, p());
        return k.binary("sub", k.otherClasses("add", along), along);
      },
    };
  }
  const second = lazy(() => k.unary("neg", k.overClasses("max", k.unary("neg", k.otherClasses("max", x)))));
  return { p, q, logP, large, ...complementOf(k, x, { m, second, p, q, large, logZ }) };
}

/**
 * With m the largest logit, e = exp(x - m), `others` the sum of e over all classes but the largest, Z = 1 + others: p = e / Z, 1 - p =
 * others / Z for the largest class, where 1 - p would cancel, and log p = x - m - log Z.
 */
export function softmaxOf(k: KernelValues, x: KernelValue): Probabilities {
  const m = lazy(() => k.overClasses("max", x));
  const e = lazy(() => k.binary("expDifference", x, m()));
  const isTop = lazy(() => k.compare("eq", x, m()));
  const others = lazy(() => {
    const sum = k.overClasses("add", k.keep(k.not(isTop()), e()));
    // Of classes that share the first place all but one are others, each with an exponential of 1.
    const ties = k.binary("sub", k.overClasses("add", k.asFloat(isTop())), k.one);
    return k.binary("add", sum, ties);
  });
  const overZ = lazy(() => k.binary("div", k.one, k.binary("add", k.one, others())));
  const logZ = lazy(() => k.unary("log1pPositive", others()));
  const p = lazy(() => k.binary("mul", e(), overZ()));
  const large = lazy(() => k.compare("lt", k.number(0.5), p()));
  const q = lazy(() => k.select(large(), k.binary("mul", others(), overZ()), k.binary("sub", k.one, p())));
  // Where several classes share the first place this is not theirs, but then none has more than one half.
  const second = lazy(() => k.overClasses("max", k.select(isTop(), k.number(-LARGEST_FLOAT), x)));
  return {
    p,
    q,
    logP: lazy(() => k.binary("sub", k.binary("sub", x, m()), logZ())),
    large,
    ...complementOf(k, x, { m, second, p, q, large, logZ }),
  };
}

/**
 * log(1 - p) of a softmax and its slope. Up to one half it is log(1 + (-p)). At most one class has more; there 1 - p = R / Z, R the sum of the other exponentials
 * exp(x - m), which may all underflow: with the second largest logit s, log R = s - m + log S, where S is the sum of exp(x - s)
 * over the other classes, from 1 to their number.
 *
 * d log(1 - p_c) / dx_k is p_c p_k / (1 - p_c), and -p_c for k = c. Of the class t with more than one half p_k / (1 - p_t), a quotient of what may underflow, is
 * exp(x_k - s) / S; of all others 1 - p is one half or more. So the slope along x_k is p_k (G - g_k / (1 - p_k)) for slopes g along
 * log(1 - p) and G the sum of g p / (1 - p), both without t; for t itself p_t (G - g_t); and g_t p_t exp(x_k - s) / S is added for k ≠ t.
 */
function complementOf(
  k: KernelValues,
  x: KernelValue,
  { m, second, p, q, large, logZ }: Readonly<Record<"m" | "second" | "p" | "q" | "large" | "logZ", () => KernelValue>>,
): Pick<Probabilities, "logQ" | "slopeOfLogQ"> {
  // Of the largest class, whose own exponential is 1 here, and of the second.
  const decay = lazy(() => k.binary("expDifference", k.binary("min", x, second()), second()));
  const beyondTwo = lazy(() => k.binary("sub", k.overClasses("add", decay()), k.number(2)));
  return {
    logQ: lazy(() => {
      const logR = k.binary("add", k.binary("sub", second(), m()), k.unary("log1pPositive", beyondTwo()));
      const ofSmall = k.unary("log1pUnit", k.unary("neg", p()));
      return k.select(large(), k.binary("sub", logR, logZ()), ofSmall);
    }),
    slopeOfLogQ(slope) {
      const overQ = k.binary("div", slope, q());
      const all = k.overClasses("add", k.keep(k.not(large()), k.binary("mul", overQ, p())));
      const own = k.binary("mul", p(), k.binary("sub", all, k.select(large(), slope, overQ)));
      const ofLarge = k.overClasses("add", k.keep(large(), k.binary("mul", slope, p())));
      const share = k.binary("div", decay(), k.binary("add", k.one, beyondTwo()));
      return k.binary("add", own, k.keep(k.not(large()), k.binary("mul", ofLarge, share)));
    },
  };
}

/** Probabilities as given. */
export function givenProbabilities(k: KernelValues, x: KernelValue): Probabilities {
  const q = k.binary("sub", k.one, x);
  const least = k.number(SMALLEST_PROBABILITY);
  return {
    p: () => x,
    q: () => q,
    logP: lazy(() => k.unary("log", k.binary("max", x, least))),
    logQ: lazy(() =>
      k.select(
        k.compare("lt", q, least),
        k.number(Math.log(SMALLEST_PROBABILITY)),
        k.unary("log1p", k.unary("neg", x)),
      ),
    ),
    large: unavailable("the side of a given probability"),
    slopeOfLogQ,
  };
}

/**
 * The stash: of p and 1 - p the one that is at most one half (or nearly: the larger of two equal ones), with the sign that says which:
 * positive for 1 - p. The first pass leaves it where the gradient will be, and later passes need no exponential, and
 * lose no digit of a saturated probability.
 */
export function stashOf(
  k: KernelValues,
  activation: Activation,
  few: boolean,
  x: KernelValue,
  given: Probabilities,
  form: SigmoidForm,
): KernelValue {
  if (activation === "sigmoid") return k.binary("copySign", smallSide(k, x, form), x);
  const side = few ? k.binary("sub", given.p(), given.q()) : k.keep(k.not(given.large()), k.number(-1));
  return k.binary("copySign", k.binary("min", given.p(), given.q()), side);
}

/**
 * Both probabilities from the stash. It is never 0: exponentials stop at exp(-64).
 *
 * @param logits of a sigmoid, for its logarithms: they go on where the stash stops, and need no exponential with it
 */
export function fromStash(k: KernelValues, stash: KernelValue, logits?: () => KernelValue): Probabilities {
  const large = k.compare("lt", k.zero, stash);
  const small = k.unary("abs", stash);
  const rest = k.binary("sub", k.one, small);
  const log = lazy(() => k.unary("neg", k.unary("log1pUnit", k.unary("neg", small))));
  const logs = logits && logarithmsOf(k, logits, log);
  return {
    p: lazy(() => k.select(large, rest, small)),
    q: lazy(() => k.select(large, small, rest)),
    logP: logs?.logP ?? unavailable("log(p) from the stash"),
    logQ: logs?.logQ ?? unavailable("log(1 - p) from the stash"),
    large: () => large,
    slopeOfLogQ,
  };
}

/** Slopes of the loss along x, p, q, log p and log q. */
export type Slopes = readonly [KernelValue, KernelValue, KernelValue, KernelValue, KernelValue];

/** The slope along the raw output; backends/reference/activation-gradient.ts derives the forms. */
export function slopeAlongLogits(
  k: KernelValues,
  activation: Activation,
  few: boolean,
  [dx, dp, dq, dLogP, dLogQ]: Slopes,
  given: Probabilities,
): KernelValue {
  const times = (a: KernelValue, b: () => KernelValue) => (k.is(a, 0) ? k.zero : k.binary("mul", a, b()));
  const along = k.binary("sub", dp, dq);
  if (activation === "none") {
    const least = k.number(SMALLEST_PROBABILITY);
    const over = (a: KernelValue, b: () => KernelValue) =>
      k.is(a, 0) ? k.zero : k.binary("div", a, k.binary("max", b(), least));
    const logs = k.binary("sub", over(dLogP, given.p), over(dLogQ, given.q));
    return k.binary("add", k.binary("add", dx, along), logs);
  }
  if (activation === "sigmoid") {
    const region = times(along, () => k.binary("mul", given.p(), given.q()));
    const logs = k.binary("sub", times(dLogP, given.q), times(dLogQ, given.p));
    return k.binary("add", k.binary("add", region, logs), dx);
  }
  const slope = k.binary("add", times(along, given.p), dLogP);
  const regions = k.is(slope, 0) ? k.zero : slopeOfSoftmax(k, few, slope, given);
  const logs = k.is(dLogQ, 0) ? k.zero : given.slopeOfLogQ(dLogQ);
  return k.binary("add", k.binary("add", regions, logs), dx);
}

/** @param slope along log p */
function slopeOfSoftmax(k: KernelValues, few: boolean, slope: KernelValue, given: Probabilities): KernelValue {
  if (few) {
    const ofOthers = k.binary("mul", given.p(), k.otherClasses("add", slope));
    return k.binary("sub", k.binary("mul", slope, given.q()), ofOthers);
  }
  const large = given.large();
  const others = k.overClasses("add", k.keep(k.not(large), slope));
  const top = k.overClasses("add", k.keep(large, slope));
  const all = k.binary("add", others, top);
  const ofLarge = k.binary("sub", k.binary("mul", slope, given.q()), k.binary("mul", given.p(), others));
  const ofSmall = k.binary("sub", slope, k.binary("mul", given.p(), all));
  return k.select(large, ofLarge, ofSmall);
}
