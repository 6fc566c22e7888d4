// The Wilcoxon signed-rank test: whether paired differences lie to one side of 0.

import { normalTail } from "./normal.js";

export interface SignedRankTest {
  /** Two-sided. */
  readonly pValue: number;
  /** Sum of the ranks of positive and of negative differences. */
  readonly positive: number;
  readonly negative: number;
  /** Differences that are not 0. */
  readonly pairs: number;
  readonly method: "exact" | "normal";
}

/** Up to here the distribution of the rank sum is counted out, with ties as they are; beyond, the normal distribution differs by less than 1e-3. */
const MOST_EXACT = 200;
/** Differences of scores that are alike but for rounding are 0. */
const ROUNDING = 1e-12;

/**
 * Wilcoxon, Biometrics Bulletin 1945. Differences of 0 are left out, as he did; equal ones share their ranks' mean, and the distribution is that of all
 * signs on these very ranks, so that ties need no correction. With more than 200 differences it is the normal distribution, with the variance
 * corrected for ties and a continuity correction of one half.
 */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  const kept = differences.filter((difference) => Math.abs(difference) > ROUNDING);
  const n = kept.length;
  if (n === 0) return { pValue: 1, positive: 0, negative: 0, pairs: 0, method: "exact" };
  const ranks = doubledRanks(kept);
  const sums = { positive: 0, negative: 0 };
  for (const [i, difference] of kept.entries()) sums[difference > 0 ? "positive" : "negative"] += ranks[i]! / 2;
  const smaller = Math.min(sums.positive, sums.negative);
  const exact = n <= MOST_EXACT;
  const tail = exact ? exactTail(ranks, 2 * smaller) : approximateTail(ranks, smaller);
  return { pValue: Math.min(1, 2 * tail), ...sums, pairs: n, method: exact ? "exact" : "normal" };
}

/** Twice the rank of each size, which is whole also where ties share a rank. */
function doubledRanks(differences: readonly number[]): number[] {
  const order = differences.map((_, i) => i).sort((a, b) => Math.abs(differences[a]!) - Math.abs(differences[b]!));
  const ranks = new Array<number>(differences.length);
  for (let first = 0; first < order.length; ) {
    const size = Math.abs(differences[order[first]!]!);
    let last = first;
    while (last + 1 < order.length && Math.abs(differences[order[last + 1]!]!) - size <= ROUNDING) last++;
    // Ranks first + 1 to last + 1, of which the mean is shared.
    for (let at = first; at <= last; at++) ranks[order[at]!] = first + last + 2;
    first = last + 1;
  }
  return ranks;
}

/** P(sum <= bound) where each rank counts with probability one half. */
function exactTail(ranks: readonly number[], bound: number): number {
  const most = ranks.reduce((sum, rank) => sum + rank, 0);
  let share = new Float64Array(most + 1);
  share[0] = 1;
  for (const rank of ranks) {
    const next = new Float64Array(most + 1);
    for (let sum = 0; sum <= most; sum++) {
      if (share[sum] === 0) continue;
      next[sum]! += share[sum]! / 2;
      next[sum + rank]! += share[sum]! / 2;
    }
    share = next;
  }
  let tail = 0;
  for (let sum = 0; sum <= bound; sum++) tail += share[sum]!;
  return tail;
}

/** The variance of the sum of random ranks is a quarter of the sum of their squares, ties included. */
function approximateTail(ranks: readonly number[], smaller: number): number {
  const center = ranks.reduce((sum, rank) => sum + rank / 2, 0) / 2;
  const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + (rank / 2) ** 2, 0)) / 2;
  return normalTail(Math.max(0, center - smaller - 0.5) / deviation);
}
