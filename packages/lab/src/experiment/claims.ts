// Which differences between losses may be claimed: both over seeds and over cases, corrected for the number of pairs.

import { mean } from "d3-array";
import { bootstrapMean } from "./bootstrap.js";
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
  /** Mean Dice of the first minus that of the second, over the cases where both have one. */
  readonly difference: number;
  readonly cases: number;
  /** 95 % interval of the difference over seeds (Student t); undefined with one seed. */
  readonly seedInterval: readonly [number, number] | undefined;
  /** 95 % interval of the difference over cases (bootstrap); undefined with one case. */
  readonly caseInterval: readonly [number, number] | undefined;
  /** The larger of the two p-values, Holm-corrected over all pairs; undefined where nothing can be claimed. */
  readonly pValue: number | undefined;
  /** Both intervals exclude 0 at the corrected level. */
  readonly claimed: boolean;
}

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

/** All pairs of losses that have a finished trial. */
export function comparePairs(table: ScoreTable): PairComparison[] {
  const trained = table.losses.filter(({ seeds }) => seeds.length > 0);
  const spread = pooledSpread(trained.map((loss) => loss.dice.map((row) => mean(defined(row)) ?? 0)));
  const claimable = tooLittleToClaim(table) === undefined;
  const pairs = trained.flatMap((first, i) => trained.slice(i + 1).map((second) => comparePair(first, second, spread)));
  const adjusted = holm(pairs.map(({ rawPValue }) => rawPValue ?? 1));
  return pairs.map(({ rawPValue, ...pair }, i) => {
    const enough = claimable && rawPValue !== undefined && pair.cases >= MIN_CASES;
    return { ...pair, pValue: enough ? adjusted[i] : undefined, claimed: enough && adjusted[i] < 1 - LEVEL };
  });
}

const defined = (row: readonly (number | null)[]) => row.filter((value): value is number => value !== null);

type RawComparison = Omit<PairComparison, "pValue" | "claimed"> & { readonly rawPValue: number | undefined };

/**
 * Over seeds: the spread of trials is pooled over all losses, since two or three seeds of one loss estimate it badly; where the trials of these
 * two scatter more than that, their own spread is taken, so that a stable majority cannot lend certainty to an unstable loss.
 */
function comparePair(first: LossScores, second: LossScores, pooled: Spread): RawComparison {
  const meanAt = (loss: LossScores, c: number) => {
    const values = loss.dice.map((row) => row[c]);
    return values.some((value) => value === null) ? null : (mean(values as number[]) as number);
  };
  const differences: number[] = [];
  const counted: number[] = [];
  for (let c = 0; c < (first.dice[0]?.length ?? 0); c++) {
    const [a, b] = [meanAt(first, c), meanAt(second, c)];
    if (a === null || b === null) continue;
    differences.push(a - b);
    counted.push(c);
  }
  const difference = mean(differences) ?? Number.NaN;
  const trialMeans = (loss: LossScores) => loss.dice.map((row) => mean(counted, (c) => row[c] as number) ?? 0);
  const own = pooledSpread([trialMeans(first), trialMeans(second)]);
  const bothRepeated = Math.min(first.seeds.length, second.seeds.length) >= MIN_SEEDS;
  const spread = own.deviation > pooled.deviation ? own : pooled;
  const error = spread.deviation * Math.sqrt(1 / first.seeds.length + 1 / second.seeds.length);
  const overSeeds =
    bothRepeated && differences.length > 0 ? studentInterval(difference, error, spread.degrees, LEVEL) : undefined;
  const overCases = differences.length > 1 ? bootstrapMean(differences, LEVEL) : undefined;
  return {
    first: first.label,
    second: second.label,
    difference,
    cases: differences.length,
    seedInterval: overSeeds?.interval,
    caseInterval: overCases?.interval,
    rawPValue: overSeeds && overCases ? Math.max(overSeeds.pValue, overCases.pValue) : undefined,
  };
}

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
