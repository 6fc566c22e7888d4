// Which differences between losses may be claimed: over seeds, over cases and over both, corrected for the number of pairs.

import { deviation, mean } from "d3-array";
import { bootstrapMean, RESAMPLES } from "./bootstrap.js";
import type { LossScores, ScoreTable } from "./score-table.js";
import { pooledSpread, type Spread, studentInterval } from "./seed-spread.js";

/** Fewest test cases with which a difference is claimed. */
export const MIN_CASES = 6;
/** Fewest seeds of each loss with which a difference is claimed. */
export const MIN_SEEDS = 2;
export const LEVEL = 0.95;

/** Two losses on the same cases. */
export interface PairComparison {
  readonly first: string;
  readonly second: string;
  /** Mean Dice of the first minus that of the second, as the ranking shows them. */
  readonly difference: number;
  /** Cases in which both have a Dice. */
  readonly cases: number;
  /** 95 % interval of the difference over seeds (Student t); undefined where a loss has one seed. */
  readonly seedInterval: readonly [number, number] | undefined;
  /** 95 % interval of the difference over cases (bootstrap); undefined with fewer than `MIN_CASES` cases. */
  readonly caseInterval: readonly [number, number] | undefined;
  /** 95 % interval of the difference with both spreads added up; undefined where one of them is not known. */
  readonly interval: readonly [number, number] | undefined;
  /** The largest of the three p-values, Holm-corrected over all pairs; undefined where nothing can be claimed. */
  readonly pValue: number | undefined;
  /** All three intervals exclude 0 at the corrected level, and the better loss finished every seed. */
  readonly claimed: boolean;
}

/** Whether one loss is claimed to be better than another. */
export const isClaimedBetter = (pairs: readonly PairComparison[], better: string, worse: string): boolean =>
  pairs.some(
    ({ first, second, claimed, difference }) =>
      claimed &&
      ((first === better && second === worse && difference > 0) ||
        (first === worse && second === better && difference < 0)),
  );

/** Why no difference can be claimed at all; undefined where one can. */
export function tooLittleToClaim({ cases, losses }: ScoreTable): string | undefined {
  const trained = losses.filter(({ seeds }) => seeds.length > 0);
  if (trained.length < 2) return "there are not two losses to compare";
  const scored = cases.filter((_, c) => trained.some(({ dice }) => dice.some((row) => row[c] !== null))).length;
  if (scored < MIN_CASES) {
    return `${scored} test case${scored === 1 ? " is" : "s are"} too few to claim a difference (at least ${MIN_CASES} are needed)`;
  }
  if (trained.every(({ seeds }) => seeds.length < MIN_SEEDS)) {
    return `one seed is too few to claim a difference (at least ${MIN_SEEDS} are needed)`;
  }
  return undefined;
}

/**
 * All pairs of losses that have a finished trial.
 *
 * Corrected over all pairs, not only over those of the best loss: which loss is best is itself read from the scores.
 *
 * @param resamples of the bootstrap
 */
export function comparePairs(table: ScoreTable, resamples = RESAMPLES): PairComparison[] {
  const trained = table.losses.filter(({ dice }) => dice.some((row) => row.some((value) => value !== null)));
  const seeds = new Set(trained.flatMap((loss) => loss.seeds)).size;
  const pooled = pooledTrialSpread(table);
  const claimable = tooLittleToClaim(table) === undefined;
  const pairs = trained.flatMap((first, i) =>
    trained.slice(i + 1).map((second) => comparePair(first, second, pooled, resamples)),
  );
  const adjusted = holm(pairs.map(({ rawPValue }) => rawPValue ?? 1));
  const finishedAll = new Map(trained.map((loss) => [loss.label, loss.seeds.length === seeds]));
  return pairs.map(({ rawPValue, ...pair }, i) => {
    const enough = claimable && rawPValue !== undefined;
    // Trials that diverged are not missing by chance: what is left of such a loss flatters it.
    const winner = pair.difference > 0 ? pair.first : pair.second;
    const claimed = enough && adjusted[i] < 1 - LEVEL && finishedAll.get(winner) === true;
    return { ...pair, pValue: enough ? adjusted[i] : undefined, claimed };
  });
}

/** Spread of the trials' means, pooled over all losses. */
export const pooledTrialSpread = ({ losses }: ScoreTable): Spread => pooledSpread(losses.map(trialMeans));

type RawComparison = Omit<PairComparison, "pValue" | "claimed"> & { readonly rawPValue: number | undefined };

/** Mean of each trial over the cases that have a Dice. */
const trialMeans = ({ dice }: LossScores): number[] =>
  dice.map((row) => mean(row, (value) => value ?? undefined)).filter((value): value is number => value !== undefined);

/**
 * Over seeds: the spread of trials is pooled over all losses, since two or three seeds of one loss estimate it badly; where the trials of these
 * two scatter more than that, their own spread is taken, so that a stable majority cannot lend certainty to an unstable loss. Seeds are not
 * paired: what a seed does to both losses alike only widens the interval.
 *
 * Over cases: the two losses are compared on the same cases, drawn together.
 *
 * Together: a difference can be chance of the seeds and of the cases at once. Each interval alone leaves the other chance out, and where the
 * two are alike, equal losses pass both in one comparison of six. So the variances are also added up, with Satterthwaite's degrees of freedom.
 */
function comparePair(first: LossScores, second: LossScores, pooled: Spread, resamples: number): RawComparison {
  const [means, others] = [caseMeans(first), caseMeans(second)];
  const either = means.map((_, c) => c).filter((c) => means[c] !== null || others[c] !== null);
  const [own, other] = [contributions(means, either), contributions(others, either)];
  const differences = own.map((value, i) => value - other[i]);
  const difference = mean(differences) ?? Number.NaN;
  const cases = either.filter((c) => means[c] !== null && others[c] !== null).length;

  const [trials, otherTrials] = [trialMeans(first), trialMeans(second)];
  const repeated = Math.min(trials.length, otherTrials.length) >= MIN_SEEDS;
  const ownSpread = pooledSpread([trials, otherTrials]);
  const spread = ownSpread.deviation > pooled.deviation ? ownSpread : pooled;
  const seedError = spread.deviation * Math.sqrt(1 / trials.length + 1 / otherTrials.length);
  const overSeeds = repeated ? studentInterval(difference, seedError, spread.degrees, LEVEL) : undefined;
  const overCases = cases >= MIN_CASES ? bootstrapMean(differences, LEVEL, resamples) : undefined;
  const caseError = (deviation(differences) ?? Number.NaN) / Math.sqrt(differences.length);
  const sum = addErrors([seedError, spread.degrees], [caseError, differences.length - 1]);
  const together = overSeeds && overCases ? studentInterval(difference, sum.error, sum.degrees, LEVEL) : undefined;
  return {
    first: first.label,
    second: second.label,
    difference,
    cases,
    seedInterval: clipped(overSeeds?.interval),
    caseInterval: clipped(overCases?.interval),
    interval: clipped(together?.interval),
    rawPValue:
      overSeeds && overCases && together ? Math.max(overSeeds.pValue, overCases.pValue, together.pValue) : undefined,
  };
}

/** Mean over seeds of each case; null where no seed has a Dice. */
const caseMeans = ({ dice }: LossScores): (number | null)[] =>
  (dice[0] ?? []).map((_, c) => mean(dice, (row) => row[c] ?? undefined) ?? null);

/**
 * What each case adds to the mean of a loss: numbers whose mean is the mean over the cases that have a Dice, and whose spread is that of this
 * mean (a ratio of sums, linearised). They are the Dice scores themselves where every case has one. So a loss that rightly marks nothing in a
 * case without the class, and one that gets 0 there for a false alarm, are compared by the same means that the ranking shows.
 */
function contributions(means: readonly (number | null)[], cases: readonly number[]): number[] {
  const scored = cases.filter((c) => means[c] !== null);
  const center = mean(scored, (c) => means[c] as number) as number;
  const scale = cases.length / scored.length;
  return cases.map((c) => {
    const value = means[c];
    return value === null ? center : center + scale * (value - center);
  });
}

/** Standard error of a sum of two, from (error, degrees of freedom) of each (Satterthwaite, Biometrics Bulletin 1946). */
function addErrors(a: readonly [number, number], b: readonly [number, number]): { error: number; degrees: number } {
  const [u, v] = [a[0] ** 2, b[0] ** 2];
  const degrees = u + v > 0 ? (u + v) ** 2 / (u ** 2 / a[1] + v ** 2 / b[1]) : a[1] + b[1];
  return { error: Math.sqrt(u + v), degrees };
}

/** A difference of two Dice scores lies between -1 and 1. */
const clipped = (interval: readonly [number, number] | undefined): readonly [number, number] | undefined =>
  interval && [Math.max(-1, interval[0]), Math.min(1, interval[1])];

/** Holm's correction (Scandinavian Journal of Statistics 1979): the k-th smallest of m is multiplied by m - k + 1, and never falls. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[index]));
    adjusted[index] = largest;
  });
  return adjusted;
}
