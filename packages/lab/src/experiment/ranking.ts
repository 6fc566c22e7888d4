// The ranking of a comparison: what table, report and verdict show, as plain data.

import { deviation, mean } from "d3-array";
import {
  comparePairs,
  LEVEL,
  MIN_CASES,
  MIN_SEEDS,
  type PairComparison,
  pooledTrialSpread,
  tooLittleToClaim,
} from "./claims.js";
import type { CaseScore, CompareResult } from "./results.js";
import { finishedTrials, scoreTable } from "./score-table.js";
import { studentInterval } from "./seed-spread.js";
import { verdictOf } from "./verdict.js";

/** Means over the cases and seeds that have a score, of one class; null where none has. */
export interface ClassFigures {
  readonly class: string;
  readonly dice: number | null;
  readonly iou: number | null;
  readonly sensitivity: number | null;
  readonly precision: number | null;
}

export interface RankingRow {
  readonly label: string;
  /** From 1; undefined for a loss without a finished trial. */
  readonly place: number | undefined;
  /** Mean over cases of the mean over seeds. */
  readonly dice: number | null;
  /** 95 % interval of the mean over seeds, with the spread pooled over losses, within 0 … 1; undefined with one seed. */
  readonly interval: readonly [number, number] | undefined;
  /** Standard deviation between cases, of their mean over seeds. */
  readonly caseDeviation: number | undefined;
  /** Means over the classes, cases and seeds that have the score; so are the next two. */
  readonly iou: number | null;
  readonly sensitivity: number | null;
  readonly precision: number | null;
  readonly classes: readonly ClassFigures[];
  readonly cases: number;
  /** Finished trials. */
  readonly seeds: number;
  /** Scores left out because neither mask nor prediction has a voxel of the class. */
  readonly undefinedScores: number;
  /** What went wrong in trials that did not finish. */
  readonly problems: readonly string[];
}

export interface Ranking {
  /** Best first; losses without a finished trial last. */
  readonly rows: readonly RankingRow[];
  readonly pairs: readonly PairComparison[];
  /** Why nothing is claimed, if so. */
  readonly nothingClaimed: string | undefined;
  /** One plain sentence. */
  readonly verdict: string;
  /** How a difference comes to be claimed. */
  readonly rule: string;
}

const RULE =
  `A difference is claimed only where its ${100 * LEVEL} % interval over seeds (Student t, the spread between seeds pooled over the losses, or the ` +
  `pair's own where that is larger), its bootstrap interval over cases (studentised) and the interval of both chances together all exclude 0 after ` +
  `Holm's correction for all pairs, with at least ${MIN_CASES} test cases and ${MIN_SEEDS} seeds; a loss with a trial that did not finish is never ` +
  `claimed to be better. A score is the Dice of a case, averaged over its classes; a class that neither mask nor prediction has is left out and counted.`;

export function rank(result: CompareResult): Ranking {
  const table = scoreTable(result);
  const spread = pooledTrialSpread(table);
  const rows = result.losses.map(({ label }, i): RankingRow => {
    const { dice, seeds } = table.losses[i];
    const trials = finishedTrials(result, label);
    const scores = trials.flatMap(({ cases }) => cases);
    const caseMeans = table.cases
      .map((_, c) => mean(dice, (row) => row[c] ?? undefined))
      .filter((value): value is number => value !== undefined);
    const center = mean(caseMeans) ?? null;
    const interval =
      center !== null && seeds.length > 1
        ? withinDice(
            studentInterval(center, spread.deviation / Math.sqrt(seeds.length), spread.degrees, LEVEL).interval,
          )
        : undefined;
    return {
      label,
      place: undefined,
      dice: center,
      interval,
      caseDeviation: deviation(caseMeans),
      iou: meanOf(scores, "iou"),
      sensitivity: meanOf(scores, "sensitivity"),
      precision: meanOf(scores, "precision"),
      classes: result.dataset.classes.map((name) => {
        const own = scores.filter((score) => score.class === name);
        return {
          class: name,
          dice: meanOf(own, "dice"),
          iou: meanOf(own, "iou"),
          sensitivity: meanOf(own, "sensitivity"),
          precision: meanOf(own, "precision"),
        };
      }),
      cases: caseMeans.length,
      seeds: seeds.length,
      undefinedScores: scores.filter((score) => score.dice === null).length,
      problems: result.trials
        .filter(({ loss, status }) => loss === label && status !== "finished")
        .map(({ seed, status, message }) => `seed ${seed} ${status}${message ? `: ${message}` : ""}`),
    };
  });
  const ordered = [...rows]
    .sort((a, b) => (b.dice ?? -1) - (a.dice ?? -1))
    .map((row, i) => ({ ...row, place: row.dice === null ? undefined : i + 1 }));
  const pairs = comparePairs(table);
  const nothingClaimed = tooLittleToClaim(table);
  return { rows: ordered, pairs, nothingClaimed, verdict: verdictOf(ordered, pairs, nothingClaimed), rule: RULE };
}

const withinDice = ([low, high]: readonly [number, number]): readonly [number, number] => [
  Math.max(0, low),
  Math.min(1, high),
];

function meanOf(scores: readonly CaseScore[], key: "dice" | "iou" | "sensitivity" | "precision"): number | null {
  return mean(scores, (score) => score[key] ?? undefined) ?? null;
}
