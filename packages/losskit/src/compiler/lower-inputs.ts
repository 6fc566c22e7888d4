// The inputs of a formula as values of a kernel: target, weights, probabilities and their logarithms, and the way back to the logits.

import type { Activation } from "../formula/options.js";
import type { KernelValue } from "./kernel.js";
import type { KernelValues } from "./kernel-values.js";

/** With activation "none" the logarithms see probabilities of at least this: backends/reference/inputs.ts has the reason. */
const SMALLEST_PROBABILITY = 1e-12;

export interface Probabilities {
  p(): KernelValue;
  q(): KernelValue;
  logP(): KernelValue;
  logQ(): KernelValue;
  /** Whether p is above one half, where 1 - p must not be a difference. */
  large(): KernelValue;
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

/**
 * What a sigmoid is made from: "exponential" exp(-|x|), of whose 1 + exp(-|x|) a sum of logarithms is one logarithm of a product, or
 * "probability" the smaller probability itself, which then has fewer roundings.
 */
export type SigmoidSource = "exponential" | "probability";

/** p and q from |x|, which cannot overflow; the smaller of the two keeps all its digits, the larger is 1 less that. */
export function sigmoidOf(k: KernelValues, x: KernelValue, source: SigmoidSource): Probabilities {
  const positive = () => k.compare("le", k.zero, x);
  const small = lazy(() => smallSide(k, x, source));
  const large = lazy(() => k.binary("sub", k.one, small()));
  // log(1 + exp(-|x|)) = -log(1 - small)
  const log = lazy(() =>
    source === "exponential"
      ? k.unary("log1pUnit", decayOf(k, x))
      : k.unary("neg", k.unary("log1pUnit", k.unary("neg", small()))),
  );
  return {
    p: lazy(() => k.select(positive(), large(), small())),
    q: lazy(() => k.select(positive(), small(), large())),
    ...logarithmsOf(k, () => x, log),
    large: positive,
  };
}

/** log p = min(x, 0) - l and log(1 - p) = -max(x, 0) - l, l = log(1 + exp(-|x|)). */
const logarithmsOf = (k: KernelValues, x: () => KernelValue, l: () => KernelValue) => ({
  logP: lazy(() => k.binary("sub", k.binary("min", x(), k.zero), l())),
  logQ: lazy(() => k.binary("sub", k.unary("neg", k.binary("max", x(), k.zero)), l())),
});

const decayOf = (k: KernelValues, x: KernelValue) => k.unary("expNegative", k.unary("neg", k.unary("abs", x)));

function smallSide(k: KernelValues, x: KernelValue, source: SigmoidSource): KernelValue {
  if (source === "probability") return k.unary("sigmoidOfNegative", k.unary("abs", x));
  const e = decayOf(k, x);
  return k.binary("div", e, k.binary("add", k.one, e));
}

/**
 * Softmax of few classes, which are written out: with the exponentials of the other classes summed for each class, p and 1 - p are
 * quotients of sums of positive numbers, and nothing cancels.
 */
export function softmaxOfFew(k: KernelValues, x: KernelValue): Probabilities {
  const m = lazy(() => k.overClasses("max", x));
  const e = lazy(() => k.binary("expDifference", x, m()));
  const others = lazy(() => k.otherClasses(e()));
  // Of the likeliest class, whose own exponential is 1.
  const rest = lazy(() => k.unary("neg", k.overClasses("max", k.unary("neg", others()))));
  const overZ = lazy(() => k.binary("div", k.one, k.binary("add", k.one, rest())));
  const logZ = lazy(() => k.unary("log1pPositive", rest()));
  return {
    p: lazy(() => k.binary("mul", e(), overZ())),
    q: lazy(() => k.binary("mul", others(), overZ())),
    logP: lazy(() => k.binary("sub", k.binary("sub", x, m()), logZ())),
    logQ: unavailable("log(1 - p) of a softmax"),
    large: unavailable("the side of a probability"),
  };
}

/**
 * With m the largest logit, e = exp(x - m), `others` the sum of e over all classes but the largest, Z = 1 + others: p = e / Z, 1 - p =
 * others / Z for the largest class, where 1 - p would cancel, and log p = x - m - log Z.
 */
export function softmaxOf(k: KernelValues, x: KernelValue): Probabilities {
  const m = lazy(() => k.overClasses("max", x));
  const e = lazy(() => k.binary("expDifference", x, m()));
  const others = lazy(() => {
    const isTop = k.compare("eq", x, m());
    const sum = k.overClasses("add", k.keep(k.not(isTop), e()));
    // Of classes that share the first place all but one are others, each with an exponential of 1.
    const ties = k.binary("sub", k.overClasses("add", k.asFloat(isTop)), k.one);
    return k.binary("add", sum, ties);
  });
  const overZ = lazy(() => k.binary("div", k.one, k.binary("add", k.one, others())));
  const logZ = lazy(() => k.unary("log1pPositive", others()));
  const p = lazy(() => k.binary("mul", e(), overZ()));
  const large = lazy(() => k.compare("lt", k.number(0.5), p()));
  return {
    p,
    q: lazy(() => k.select(large(), k.binary("mul", others(), overZ()), k.binary("sub", k.one, p()))),
    logP: lazy(() => k.binary("sub", k.binary("sub", x, m()), logZ())),
    logQ: unavailable("log(1 - p) of a softmax"),
    large,
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
  source: SigmoidSource,
): KernelValue {
  if (activation === "sigmoid") return k.binary("copySign", smallSide(k, x, source), x);
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
  if (k.is(slope, 0)) return dx;
  if (few) {
    const ofOthers = k.binary("mul", given.p(), k.otherClasses(slope));
    return k.binary("add", k.binary("sub", k.binary("mul", slope, given.q()), ofOthers), dx);
  }
  const large = given.large();
  const others = k.overClasses("add", k.keep(k.not(large), slope));
  const top = k.overClasses("add", k.keep(large, slope));
  const all = k.binary("add", others, top);
  const ofLarge = k.binary("sub", k.binary("mul", slope, given.q()), k.binary("mul", given.p(), others));
  const ofSmall = k.binary("sub", slope, k.binary("mul", given.p(), all));
  return k.binary("add", k.select(large, ofLarge, ofSmall), dx);
}
