// exp, log and their kin for 4 float32 lanes, as polynomials. Errors are in units in the last place (ULP) of the exact number; the tests
// measure them through the whole range of floats.

import type { LaneCode, LaneNode } from "./lane-code.js";

/** ln 2 in two parts; the first has 9 bits, so that its products with exponents are exact (Cody and Waite). */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
/** 1.5 × 2^23: adding it leaves a whole number in the low bits of a float. */
const ROUNDER = 12582912;
const SIGN = 0x80000000 | 0;

/** exp is taken of at least this (kernel.ts has the reason), … */
const SMALLEST_ARGUMENT = -64;
/** … and of at most this: beyond 127.5 ln 2 the power of two would be 2^128, which is no float. */
const LARGEST_ARGUMENT = 88.37;

/** More than a difference between -64 and 0 can have lost, which is half a unit in its last place: 2^-19. */
const MOST_LOST = 2 ** -18;

interface Reduced {
  /** Bits of 1.5 × 2^23 + k. */
  readonly kBits: LaneNode;
  readonly r: LaneNode;
}

/** t = k ln 2 + r with |r| ≤ ln 2 / 2. */
function reduce(c: LaneCode, t: LaneNode): Reduced {
  const kBits = c.add(c.mul(t, c.float(Math.LOG2E)), c.float(ROUNDER));
  const k = c.sub(kBits, c.float(ROUNDER));
  const r = c.sub(c.sub(t, c.mul(k, c.float(LN2_HIGH))), c.mul(k, c.float(LN2_LOW)));
  return { kBits, r };
}

/**
 * exp(r) - 1 - r over r², |r| ≤ ln 2 / 2; minimax by Lawson's iteration, relative error of exp 3.1e-9. Split in two,
 * so that the chain of dependent operations is short.
 */
function expTail(c: LaneCode, r: LaneNode, square: LaneNode): LaneNode {
  const low = c.add(c.float(0.49999994), c.mul(c.float(0.16666521), r));
  const high = c.add(c.add(c.float(0.04166839), c.mul(c.float(0.00836874), r)), c.mul(square, c.float(0.00138145)));
  return c.add(low, c.mul(square, high));
}

function scaledExp(c: LaneCode, t: LaneNode): LaneNode {
  const { kBits, r } = reduce(c, t);
  return scaled(c, kBits, r);
}

/** 2^k exp(r). */
function scaled(c: LaneCode, kBits: LaneNode, r: LaneNode): LaneNode {
  const square = c.mul(r, r);
  // 1 last: what the other additions round away is small against it.
  const e = c.add(c.float(1), c.add(r, c.mul(square, expTail(c, r, square))));
  // k into the exponent: the bits of the rounder above it are shifted out.
  return c.op("i32x4.add", e, c.shift("i32x4.shl", kBits, 23));
}

/** pmax(a, b) is a where b is not larger, so a NaN in the first place stays one. */
const atLeast = (c: LaneCode, a: LaneNode, bound: number) => c.op("f32x4.pmax", a, c.float(bound));
const atMost = (c: LaneCode, a: LaneNode, bound: number) => c.op("f32x4.pmin", a, c.float(bound));

/**
 * exp(r) for |r| ≤ ln 2 / 2 as a quotient (Padé's of the third order): A + B over A - B, A = 120 + 12 r², B = r (60 + r²); relative error
 * r^7 / 100800, here 6e-9. For a division more it needs fewer operations than the polynomial, in shorter chains, and a sigmoid has a division anyway. Of
 * exp(t) for t ≤ 0 the numerator has the 2^k, which would make a large one overflow.
 */
function quotientOfExp(
  c: LaneCode,
  { kBits, r }: Reduced,
): { readonly numerator: LaneNode; readonly denominator: LaneNode } {
  const square = c.mul(r, r);
  const even = c.add(c.float(120), c.mul(c.float(12), square));
  const odd = c.mul(r, c.add(c.float(60), square));
  const numerator = c.op("i32x4.add", c.add(even, odd), c.shift("i32x4.shl", kBits, 23));
  return { numerator, denominator: c.sub(even, odd) };
}

/** exp(t) for t ≤ 0, taken as at least exp(-64). At most 1.9 ULP off. */
export function expNegative(c: LaneCode, t: LaneNode): LaneNode {
  const { numerator, denominator } = quotientOfExp(c, reduce(c, atLeast(c, t, SMALLEST_ARGUMENT)));
  return c.div(numerator, denominator);
}

/**
 * sigmoid(t) for t ≤ 0, taken as at least sigmoid(-64): the smaller of the two probabilities of a logit ±t. At most 2.5 ULP off, and 1.9e-7 of
 * itself. With exp(t) beside it, it costs two operations.
 */
export function sigmoidNegative(c: LaneCode, t: LaneNode): LaneNode {
  const { numerator, denominator } = quotientOfExp(c, reduce(c, atLeast(c, t, SMALLEST_ARGUMENT)));
  return c.div(numerator, c.add(denominator, numerator));
}

/** exp(t), taken as at least exp(-64) and at most 2.3e38. At most 1 ULP off. */
export const exp = (c: LaneCode, t: LaneNode): LaneNode =>
  scaledExp(c, atMost(c, atLeast(c, t, SMALLEST_ARGUMENT), LARGEST_ARGUMENT));

/**
 * exp(a - b) for a ≤ b, taken as at least exp(-64). The difference rounds, by 1.9e-6 for logits of ±20, and the exponential with it; what it
 * has lost (Knuth's sum of two numbers) goes into r. At most 1.2 ULP off.
 */
export function expDifference(c: LaneCode, a: LaneNode, b: LaneNode): LaneNode {
  const t = c.sub(a, b);
  const minusB = c.sub(t, a);
  const lost = c.sub(c.sub(a, c.sub(t, minusB)), c.add(b, minusB));
  // Of differences beyond -64 it can be large, or NaN where they overflow; the bounds come first, so that NaN becomes one of them.
  const bounded = c.op("f32x4.pmin", c.float(MOST_LOST), c.op("f32x4.pmax", c.float(-MOST_LOST), lost));
  const { kBits, r } = reduce(c, atLeast(c, t, SMALLEST_ARGUMENT));
  return scaled(c, kBits, c.add(r, bounded));
}

/**
 * sigmoid(t) for t ≤ 0 with fewer roundings: with exp(-t) = 2^k (1 + v) it is 2^-k / (2^-k + 1 + v), whose numerator is exact. At most 2 ULP off,
 * and 1.2e-7 of itself.
 */
export function preciseSigmoidNegative(c: LaneCode, t: LaneNode): LaneNode {
  const { kBits, r } = reduce(c, atMost(c, neg(c, t), -SMALLEST_ARGUMENT));
  const square = c.mul(r, r);
  const v = c.add(r, c.mul(square, expTail(c, r, square)));
  const power = c.op("i32x4.sub", c.float(1), c.shift("i32x4.shl", kBits, 23));
  return c.div(power, c.add(c.float(1), c.add(power, v)));
}

/** exp(t) - 1 = 2^k (exp(r) - 1) + (2^k - 1): both parts are exact near 0, where exp(t) - 1 would cancel. At most 1.6 ULP off. */
export function expm1(c: LaneCode, t: LaneNode): LaneNode {
  const { kBits, r } = reduce(c, atMost(c, atLeast(c, t, SMALLEST_ARGUMENT), LARGEST_ARGUMENT));
  const square = c.mul(r, r);
  const minusOne = c.add(r, c.mul(square, expTail(c, r, square)));
  const power = c.op("i32x4.add", c.float(1), c.shift("i32x4.shl", kBits, 23));
  return c.add(c.mul(power, minusOne), c.sub(power, c.float(1)));
}

/**
 * log(1 + f) = f - f²/2 + s (f²/2 + R) with s = f / (2 + f) and R = log((1 + s) / (1 - s)) - 2s over s, which is small: f itself is exact, so
 * only the last subtraction rounds anything large. For -½ ≤ f ≤ 1; R is minimax in z = s² ≤ 1/9 as above, relative
 * error of the logarithm 4.5e-9.
 *
 * @param small something to add before the last rounding: small against f
 */
function logOfOnePlus(c: LaneCode, f: LaneNode, small?: LaneNode): LaneNode {
  const s = c.div(f, c.add(f, c.float(2)));
  const z = c.mul(s, s);
  const low = c.add(c.float(0.66666418), c.mul(c.float(0.40021526), z));
  const high = c.add(c.float(0.28001806), c.mul(c.float(0.28011986), z));
  const rest = c.mul(z, c.add(low, c.mul(c.mul(z, z), high)));
  const half = c.mul(f, c.mul(f, c.float(0.5)));
  const product = c.mul(s, c.add(half, rest));
  return c.sub(f, c.sub(half, small ? c.add(product, small) : product));
}

/** log(1 + a) for -½ ≤ a ≤ 1. At most 1.2 ULP off; 0.9 for a ≤ 0. */
export const log1pUnit = (c: LaneCode, a: LaneNode): LaneNode => logOfOnePlus(c, a);

/** Bits of the square root of one half: mantissas are taken from there to its double. */
const ROOT_HALF_BITS = 0x3f3504f3;

/** a = 2^k m with √½ ≤ m < √2: k as a float, and m - 1. For positive, normal a. */
function splitExponent(c: LaneCode, a: LaneNode): { readonly k: LaneNode; readonly f: LaneNode } {
  const exponent = c.shift("i32x4.shr_s", c.op("i32x4.sub", a, c.int(ROOT_HALF_BITS)), 23);
  const m = c.op("i32x4.sub", a, c.shift("i32x4.shl", exponent, 23));
  return { k: c.op("f32x4.convert_i32x4_s", exponent), f: c.sub(m, c.float(1)) };
}

/** log of a positive, normal a, and something small to add to it. */
function logOfPositive(c: LaneCode, a: LaneNode, small?: LaneNode): LaneNode {
  const { k, f } = splitExponent(c, a);
  const low = c.mul(k, c.float(LN2_LOW));
  return c.add(c.mul(k, c.float(LN2_HIGH)), logOfOnePlus(c, f, small ? c.add(low, small) : low));
}

/** `inside` where 0 < a < ∞; -∞ at 0, NaN below it and for NaN, ∞ at ∞. Subnormal a count as 0. */
function whereLogExists(c: LaneCode, a: LaneNode, inside: LaneNode): LaneNode {
  const isZero = c.op("f32x4.lt", abs(c, a), c.float(SMALLEST_NORMAL));
  const isPositive = c.op("f32x4.le", c.float(SMALLEST_NORMAL), a);
  const isBounded = c.op("f32x4.lt", a, c.float(Number.POSITIVE_INFINITY));
  const elsewhere = select(c, isZero, c.float(Number.NEGATIVE_INFINITY), select(c, isPositive, a, c.float(Number.NaN)));
  return select(c, c.op("v128.and", isPositive, isBounded), inside, elsewhere);
}

const SMALLEST_NORMAL = 2 ** -126;

/** log(a) as `whereLogExists` says. At most 0.81 ULP off. */
export const log = (c: LaneCode, a: LaneNode): LaneNode => whereLogExists(c, a, logOfPositive(c, a));

/**
 * log(1 + a) for 0 ≤ a ≤ 2^126. At most 1.4 ULP off. 1 + a = 2^k m; m - 1 is taken as a 2^-k + (2^-k - 1), which for k = 0 is a itself: no digit of a small a is lost to
 * the sum 1 + a.
 */
export function log1pPositive(c: LaneCode, a: LaneNode): LaneNode {
  const u = c.add(c.float(1), a);
  const exponent = c.shift("i32x4.shr_s", c.op("i32x4.sub", u, c.int(ROOT_HALF_BITS)), 23);
  const scale = c.op("i32x4.sub", c.float(1), c.shift("i32x4.shl", exponent, 23));
  const f = c.add(c.mul(a, scale), c.sub(scale, c.float(1)));
  const k = c.op("f32x4.convert_i32x4_s", exponent);
  return c.add(c.mul(k, c.float(LN2_HIGH)), logOfOnePlus(c, f, c.mul(k, c.float(LN2_LOW))));
}

/** log(1 + a): of u = 1 + a, rounded, and what the rounding has lost, divided by u. At most 0.86 ULP off. */
export function log1p(c: LaneCode, a: LaneNode): LaneNode {
  const u = c.add(c.float(1), a);
  const lost = c.div(c.sub(a, c.sub(u, c.float(1))), u);
  return whereLogExists(c, u, logOfPositive(c, u, lost));
}

/** Splits a float into its first 12 bits and the rest (both exact). */
function firstBits(c: LaneCode, b: LaneNode): { readonly high: LaneNode; readonly low: LaneNode } {
  const high = c.op("v128.and", b, c.int(0xfffff000 | 0));
  return { high, low: c.sub(b, high) };
}

/**
 * a^b = 2^(b k + b log2 m) for a = 2^k m ≥ 0. The product b k can have 32 bits, of which a float would lose the last 8: b is split, so that
 * b_high k is exact, and the whole part is taken off before the rest is added. At most 1.2 + 0.7 |b| ULP off; powers below 2^-125.5 and above
 * 2^127.5 are taken as those, to within a factor of √2. 0^b is 0, 1 or ∞; subnormal a count as 0.
 */
export function pow(c: LaneCode, a: LaneNode, b: LaneNode): LaneNode {
  const { k, f } = splitExponent(c, a);
  const log2m = c.mul(logOfOnePlus(c, f), c.float(Math.LOG2E));
  const { high, low } = firstBits(c, b);
  const exactPart = c.mul(high, k);
  const rest = c.add(c.mul(low, k), c.mul(b, log2m));
  const total = atMost(c, atLeast(c, c.add(exactPart, rest), -125.49), 127.49);
  const kBits = c.add(total, c.float(ROUNDER));
  const whole = c.sub(kBits, c.float(ROUNDER));
  // Out of range the difference is meaningless, and is bounded so that the result saturates.
  const fraction = atMost(c, atLeast(c, c.add(c.sub(exactPart, whole), rest), -0.51), 0.51);
  const r = c.mul(fraction, c.float(Math.LN2));
  const square = c.mul(r, r);
  const mantissa = c.add(c.float(1), c.add(r, c.mul(square, expTail(c, r, square))));
  const power = c.op("i32x4.add", mantissa, c.shift("i32x4.shl", kBits, 23));
  const zero = c.float(0);
  const atZero = select(
    c,
    c.op("f32x4.lt", zero, b),
    zero,
    select(c, c.op("f32x4.eq", b, zero), c.float(1), c.float(Number.POSITIVE_INFINITY)),
  );
  const positive = c.op("f32x4.le", c.float(SMALLEST_NORMAL), a);
  const isZero = c.op("f32x4.lt", abs(c, a), c.float(SMALLEST_NORMAL));
  return select(c, positive, power, select(c, isZero, atZero, c.float(Number.NaN)));
}

/**
 * a where the mask is set, b elsewhere. Three instructions, as bitselect is on x86, but two selections that swap their
 * arguments (p and 1 - p) share two of them.
 */
export function select(c: LaneCode, mask: LaneNode, a: LaneNode, b: LaneNode): LaneNode {
  const [first, second] = a.id <= b.id ? [a, b] : [b, a];
  return c.op("v128.xor", b, c.op("v128.and", mask, c.op("v128.xor", first, second)));
}

/**
 * |a| and -a by their bits: V8 makes the mask of `f32x4.abs` and `f32x4.neg` anew each time, by two instructions, and keeps a constant.
 */
export const abs = (c: LaneCode, a: LaneNode): LaneNode => c.op("v128.and", a, c.int(~SIGN));
export const neg = (c: LaneCode, a: LaneNode): LaneNode => c.op("v128.xor", a, c.int(SIGN));

/** |a| with its sign set: -|a|. */
export const negativeAbs = (c: LaneCode, a: LaneNode): LaneNode => c.op("v128.or", a, c.int(SIGN));

/** An a that is not negative, with the sign of b. */
export const copySign = (c: LaneCode, a: LaneNode, b: LaneNode): LaneNode =>
  a === abs(c, b) ? b : c.op("v128.or", a, c.op("v128.and", b, c.int(SIGN)));

/**
 * Of p and 1 - p, of which `small` is the smaller one, p or the other: p = 1 - small where x is positive, small where it is negative. With s = small with
 * the sign of x, which is often there as the stash, that is 1 - s and 0 - s, and for 1 - p it is 0 + s and 1 + s: the bits of the selection, by fewer operations. At
 * x = -0, which counts as negative here, both are one half.
 */
export function sideBySign(c: LaneCode, small: LaneNode, x: LaneNode, isP: boolean): LaneNode {
  const negative = c.op("i32x4.lt_s", x, c.int(0));
  const signed = copySign(c, small, x);
  return isP
    ? c.sub(c.op("v128.andnot", c.float(1), negative), signed)
    : c.add(c.op("v128.and", c.float(1), negative), signed);
}
