// Comparisons with known truth: case effects, run effects and noise drawn from a seed, and results made of given scores.

import type { CaseScore, CompareResult, TrialResult } from "../../src/experiment/results.js";
import type { LossScores, ScoreTable } from "../../src/experiment/score-table.js";
import { normal } from "./normal.js";

export interface Simulation {
  readonly losses: number;
  readonly seeds: number;
  readonly cases: number;
  /** Standard deviations of: cases, whole runs, one case in one run, how a loss suits a case. */
  readonly caseEffect: number;
  readonly runEffect: number;
  readonly noise: number;
  readonly lossCaseEffect: number;
  /** Added to the mean of the first loss. */
  readonly lead: number;
  /** How many times as much the runs of the first loss scatter. */
  readonly unstable?: number;
  /** Scores bunched under 1 with a long tail below, as those of easy cases are. */
  readonly skewed?: boolean;
}

/** Standard deviation 1 and mean 0, bunched above and with a long tail below: a lognormal's mirror image. */
const SKEW = 0.75;
function skew(z: number): number {
  const variance = Math.exp(SKEW ** 2);
  return (Math.exp(SKEW ** 2 / 2) - Math.exp(-SKEW * z)) / Math.sqrt(variance * (variance - 1));
}

/** Scores around 0.7; equal losses when `lead` is 0: no loss has the better mean over all runs and all cases there could be. */
export function simulate(simulation: Simulation, random: () => number): ScoreTable {
  const { losses, seeds, cases, caseEffect, runEffect, noise, lossCaseEffect, lead, unstable = 1 } = simulation;
  const draw = simulation.skewed ? () => skew(normal(random)) : () => normal(random);
  const difficulty = Array.from({ length: cases }, () => caseEffect * draw());
  const table: LossScores[] = Array.from({ length: losses }, (_, l) => {
    const suits = Array.from({ length: cases }, () => lossCaseEffect * draw());
    const dice = Array.from({ length: seeds }, () => {
      const run = runEffect * normal(random) * (l === 0 ? unstable : 1);
      return difficulty.map((d, c) => 0.7 + (l === 0 ? lead : 0) + d + suits[c] + run + noise * draw());
    });
    return { label: `loss ${l}`, seeds: dice.map((_, s) => s), dice };
  });
  return { cases: difficulty.map((_, c) => `case ${c}`), losses: table };
}

/** A comparison whose Dice scores are given as `scores[loss][seed][case]`; null for an undefined score. */
export function resultOf(scores: Readonly<Record<string, readonly (readonly (number | null)[])[]>>): CompareResult {
  const trials = Object.entries(scores).flatMap(([loss, bySeed]) =>
    bySeed.map(
      (row, s): TrialResult => ({
        loss,
        seed: s + 1,
        status: "finished",
        seconds: 1,
        curve: [],
        validation: [],
        cases: row.map((dice, c): CaseScore => score(`case ${c + 1}`, "lesion", dice)),
      }),
    ),
  );
  const counts = trials[0]?.cases.length ?? 0;
  return {
    schema: "losskit-compare/1",
    versions: {},
    command: "losskit compare",
    started: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    dataset: {
      name: "simulated",
      dimension: 2,
      classes: ["lesion"],
      cases: { train: 10, validation: 0, test: counts },
      splitNote: "simulated",
      regionOfInterest: false,
    },
    settings: { steps: 1, batch: 1, crop: 8, seeds: [1, 2, 3], peakRate: 1e-3, baseChannels: 4, depth: 1 },
    losses: Object.keys(scores).map((label) => ({ label, specification: label, formulas: [], references: [] })),
    trials,
  };
}

export function score(id: string, className: string, dice: number | null): CaseScore {
  return {
    case: id,
    class: className,
    truePositives: 1,
    falsePositives: 1,
    falseNegatives: 1,
    dice,
    iou: dice === null ? null : dice / (2 - dice),
    sensitivity: dice,
    precision: dice,
  };
}
