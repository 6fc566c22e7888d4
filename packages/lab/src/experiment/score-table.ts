// Dice of every loss, seed and test case in one table: what the statistics and the ranking read.

import { mean } from "d3-array";
import type { CaseScore, CompareResult, TrialResult } from "./results.js";

/** Scores of one loss. */
export interface LossScores {
  readonly label: string;
  /** One entry per finished trial, in the order of the seeds. */
  readonly seeds: readonly number[];
  /** `[seed][case]`: Dice, the mean over the classes that have one; null where none has. In the order of `ScoreTable.cases`. */
  readonly dice: readonly (readonly (number | null)[])[];
}

export interface ScoreTable {
  readonly cases: readonly string[];
  readonly losses: readonly LossScores[];
}

/** Mean over the classes in which mask or prediction has a voxel; null where neither has in any. */
export function caseDice(scores: readonly CaseScore[]): number | null {
  return mean(scores, ({ dice }) => dice ?? undefined) ?? null;
}

export const finishedTrials = (result: CompareResult, label: string): readonly TrialResult[] =>
  result.trials.filter(({ loss, status }) => loss === label && status === "finished").sort((a, b) => a.seed - b.seed);

export function scoreTable(result: CompareResult): ScoreTable {
  const cases = [...new Set(result.trials.flatMap((trial) => trial.cases.map((score) => score.case)))];
  const losses = result.losses.map(({ label }) => {
    const trials = finishedTrials(result, label);
    const dice = trials.map((trial) => {
      const byCase = new Map<string, CaseScore[]>();
      for (const score of trial.cases) byCase.set(score.case, [...(byCase.get(score.case) ?? []), score]);
      return cases.map((id) => caseDice(byCase.get(id) ?? []));
    });
    return { label, seeds: trials.map(({ seed }) => seed), dice };
  });
  return { cases, losses };
}
