// Runs the trials of a comparison and gathers their results, whatever happens to single ones.

import { setMaxListeners } from "node:events";
import type { Dataset } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
import { describeLoss, type SpecifiedLoss } from "./loss-specification.js";
import { removeUnfinished, type Trial } from "./output-folder.js";
import type { ExperimentPlan } from "./plan.js";
import type { CompareResult, TrialResult } from "./results.js";
import { writeTrial } from "./trial.js";
import type { TrialRunner } from "./trial-pool.js";

export interface Comparison {
  readonly plan: ExperimentPlan;
  readonly losses: readonly SpecifiedLoss[];
  readonly trials: readonly Trial[];
  /** Results that an earlier run left, by trial name; these do not run again. */
  readonly done: ReadonlyMap<string, TrialResult>;
  readonly dataset: Dataset;
  readonly regionOfInterest: boolean;
  readonly out: string;
  readonly command: string;
  /** Versions that the record names beside those of the plan. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Told of each trial as it goes on. */
export interface CompareObserver {
  onStart(trial: Trial): void;
  onStep(trial: Trial, step: number): void;
  onEnd(trial: Trial, result: TrialResult): void;
}

export interface CompareOutcome {
  /** Holds the trials that came to an end. */
  readonly result: CompareResult;
  /** True where the signal stopped it before the last trial. */
  readonly interrupted: boolean;
}

/**
 * Runs every trial that is not done yet.
 *
 * A trial that diverges or crashes is a row of the result and the others go on. Data that cannot be read or a disk that
 * cannot be written ends all of it, since no other trial would fare better; what is done stays in the folder.
 *
 * @param signal stops the running trials; the outcome then holds those that are done
 * @throws LabError of the data, or WRITE_FAILED.
 */
export async function runComparison(
  comparison: Comparison,
  runner: TrialRunner,
  observer: CompareObserver,
  signal: AbortSignal,
): Promise<CompareOutcome> {
  const { plan, trials, done, out } = comparison;
  const started = new Date();
  const { seeds: _, ...settings } = plan.settings;
  const results = new Map(done);
  const stop = new AbortController();
  // One listener for each trial is no leak.
  setMaxListeners(0, stop.signal);
  const stopAll = () => stop.abort();
  if (signal.aborted) stop.abort();
  signal.addEventListener("abort", stopAll, { once: true });
  let fatal: unknown;

  async function runOne(trial: Trial): Promise<void> {
    let start = performance.now();
    let result: TrialResult;
    try {
      result = await runner.run(
        { trial, data: plan.data, settings, out },
        {
          signal: stop.signal,
          onStep(step) {
            if (step > 0) return observer.onStep(trial, step);
            start = performance.now();
            observer.onStart(trial);
          },
        },
      );
    } catch (error) {
      if (stop.signal.aborted) return;
      if (error instanceof LabError) {
        fatal ??= error;
        stop.abort();
        return;
      }
      result = {
        loss: trial.label,
        seed: trial.seed,
        status: "failed",
        message: error instanceof Error ? error.message : String(error),
        seconds: (performance.now() - start) / 1000,
        curve: [],
        validation: [],
        cases: [],
      };
      try {
        await writeTrial(out, trial, result);
      } catch (writeError) {
        fatal ??= writeError;
        stop.abort();
        return;
      }
    }
    results.set(trial.name, result);
    observer.onEnd(trial, result);
  }

  try {
    await Promise.all(trials.filter(({ name }) => !done.has(name)).map(runOne));
  } finally {
    signal.removeEventListener("abort", stopAll);
    await runner.close();
    await removeUnfinished(out);
  }
  if (fatal !== undefined) throw fatal;
  return {
    result: gather(comparison, results, started),
    interrupted: signal.aborted && results.size < trials.length,
  };
}

function gather(
  { plan, losses, trials, dataset, regionOfInterest, command, versions }: Comparison,
  results: ReadonlyMap<string, TrialResult>,
  started: Date,
): CompareResult {
  const { splits } = dataset;
  return {
    schema: "losskit-compare/1",
    versions: { ...plan.versions, ...versions },
    command,
    started: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    dataset: {
      name: dataset.name,
      dimension: dataset.dimension,
      classes: dataset.classes,
      cases: { train: splits.train.length, validation: splits.validation.length, test: splits.test.length },
      splitNote: dataset.splitNote,
      regionOfInterest,
    },
    settings: plan.settings,
    losses: losses.map((loss) => describeLoss(loss, dataset.classes)),
    // In the order of the plan, so that the record does not depend on which trial ended first.
    trials: trials.flatMap(({ name }) => results.get(name) ?? []),
  };
}
