// Two predictions of the same references: differences case by case, and which of them are more than chance.

import type { EmptyPolicy } from "losskit/metrics";
import { holm } from "../experiment/claims.js";
import { higherIsBetter, type MetricKey, metricOf } from "./metric-catalogue.js";
import type { MeasuredCase } from "./results.js";
import { type Structure, spoken } from "./structures.js";
import { countedValue, differenceInterval, MIN_CASES, meanOf, scoresOf } from "./summary.js";
import { signedRankTest } from "./wilcoxon.js";

const LEVEL = 0.05;

export interface CaseDifference {
  readonly case: string;
  readonly a: number;
  readonly b: number;
  /** b - a. */
  readonly difference: number;
}

export interface PairedComparison {
  readonly structure: string;
  readonly metric: MetricKey;
  /** Cases in which both have a value. */
  readonly cases: readonly CaseDifference[];
  /** Cases in which one of the two or both have no value. */
  readonly leftOut: number;
  readonly meanA: number | null;
  readonly meanB: number | null;
  /** Mean of b - a. */
  readonly difference: number | null;
  readonly medianDifference: number | null;
  /** 95 % bootstrap interval of the mean difference over cases; null with fewer than 6 cases, or where nearly all differences are the same. */
  readonly interval: readonly [number, number] | null;
  /** Two-sided, of the Wilcoxon signed-rank test, before and after Holm's correction over all rows; null with fewer than 6 cases. */
  readonly rawPValue: number | null;
  readonly pValue: number | null;
  /** Which is better by more than chance: the corrected p-value is below 0.05 and the interval excludes 0. */
  readonly better: "a" | "b" | "neither";
  /** The row in words. */
  readonly sentence: string;
}

export interface PairedNames {
  readonly a: string;
  readonly b: string;
}

/**
 * Compares two evaluations over the cases that both have.
 *
 * A difference is claimed where the signed-rank test, corrected over all structures and metrics compared, and the bootstrap interval of the mean agree:
 * the one sees whether most cases go one way, the other whether the mean does.
 */
export function comparePaired(
  a: readonly MeasuredCase[],
  b: readonly MeasuredCase[],
  structures: readonly Structure[],
  metrics: readonly MetricKey[],
  policy: EmptyPolicy,
  names: PairedNames,
): PairedComparison[] {
  const others = new Map(b.map((one) => [one.case, one]));
  const both = a.flatMap((one) => {
    const other = others.get(one.case);
    return other === undefined ? [] : [{ one, other }];
  });
  const rows = structures.flatMap((structure) =>
    metrics.map((metric) => {
      const cases = both.flatMap(({ one, other }): CaseDifference[] => {
        const first = countedValue(one, scoresOf(one, structure), metric, policy);
        const second = countedValue(other, scoresOf(other, structure), metric, policy);
        if (first === null || second === null) return [];
        return [{ case: one.case, a: first, b: second, difference: second - first }];
      });
      return { structure: structure.name, metric, cases, leftOut: both.length - cases.length };
    }),
  );
  const tested = rows.map(({ cases }) =>
    cases.length < MIN_CASES ? null : signedRankTest(cases.map(({ difference }) => difference)).pValue,
  );
  // Rows with too few cases are no tests, and count in no correction.
  const places = tested.flatMap((pValue, row) => (pValue === null ? [] : [row]));
  const corrected = holm(places.map((row) => tested[row]!));
  return rows.map((row, index) => {
    const place = places.indexOf(index);
    return describe(row, tested[index]!, place < 0 ? null : corrected[place]!, names);
  });
}

function describe(
  row: Pick<PairedComparison, "structure" | "metric" | "cases" | "leftOut">,
  rawPValue: number | null,
  pValue: number | null,
  names: PairedNames,
): PairedComparison {
  const differences = row.cases.map(({ difference }) => difference);
  const difference = meanOf(differences);
  const metric = metricOf(row.metric);
  const interval = differenceInterval(differences, metric);
  const higherWins = higherIsBetter(metric);
  const excludes = interval !== null && (interval[0] > 0 || interval[1] < 0);
  const claimed = excludes && pValue !== null && pValue < LEVEL && higherWins !== undefined;
  const better = !claimed ? "neither" : difference! > 0 === higherWins ? "b" : "a";
  const result = {
    ...row,
    meanA: meanOf(row.cases.map((one) => one.a)),
    meanB: meanOf(row.cases.map((one) => one.b)),
    difference,
    medianDifference: medianOf(differences),
    interval,
    rawPValue,
    pValue,
    better,
  } satisfies Omit<PairedComparison, "sentence">;
  return { ...result, sentence: sentenceOf(result, names) };
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function sentenceOf(
  { structure, metric, cases, difference, interval, pValue, better }: Omit<PairedComparison, "sentence">,
  { a, b }: PairedNames,
): string {
  const what = `${metricOf(metric).title} of ${spoken(structure)}`;
  if (difference === null) return `${what}: no case has a value in both ${a} and ${b}.`;
  const count = `${cases.length} case${cases.length === 1 ? "" : "s"}`;
  const fact = `over ${count} ${b} is on average ${amount(difference)} ${difference < 0 ? "below" : "above"} ${a}`;
  if (pValue === null) return `${what}: ${fact}; with fewer than ${MIN_CASES} cases nothing is claimed.`;
  const numbers =
    (interval === null
      ? "no interval, as nearly all differences are alike; "
      : `95 % interval ${signed(interval[0])} to ${signed(interval[1])}, `) +
    `Holm-corrected p ${pValue < 0.001 ? "< 0.001" : `= ${pValue.toFixed(3)}`}`;
  if (better === "neither") return `${what}: no difference can be claimed; ${fact} (${numbers}).`;
  const [winner, loser] = better === "b" ? [b, a] : [a, b];
  return `${what}: ${winner} is better than ${loser}; ${fact} (${numbers}).`;
}

const amount = (value: number): string => Math.abs(value).toFixed(3);
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${amount(value)}`;
