// Runs a job of the queue on this machine: cases in threads, trials in processes of their own.

import { type CaseRunner, threadRunner } from "../evaluation/case-runner.js";
import type { CaseRecord } from "../evaluation/results.js";
import { failedAnswer, type TrialAnswer } from "../experiment/trial-answer.js";
import { type TrialRunner, trialPool } from "../experiment/trial-pool.js";
import type { CaseJob, JobKind, Jobs, TrialJob } from "./job.js";
import { hiddenFromCase, hiddenFromTrial } from "./visible-files.js";

export type Answer = Jobs[JobKind]["answer"];

export interface JobRunner {
  /**
   * @param onStep called with 0 when a trial starts, then after each training step
   * @returns the answer, also where the job could not be done; rejects after the signal
   */
  run(
    kind: string,
    asked: Jobs[JobKind]["asked"],
    signal: AbortSignal,
    onStep: (step: number) => void,
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** Its threads and processes are started when the first job of their kind comes. */
export function jobRunner(jobs: number): JobRunner {
  let cases: CaseRunner | undefined;
  let trials: TrialRunner | undefined;
  return {
    run(kind, asked, signal, onStep) {
      if (kind === "trial") {
        trials ??= trialPool(jobs);
        return runTrial(asked as TrialJob, trials, signal, onStep);
      }
      cases ??= threadRunner(jobs);
      return measureCase(asked as CaseJob, cases, signal);
    },
    async close() {
      await Promise.all([cases?.close(), trials?.close()]);
    },
  };
}

async function measureCase(asked: CaseJob, runner: CaseRunner, signal: AbortSignal): Promise<CaseRecord> {
  const hidden = await hiddenFromCase(asked);
  if (hidden === undefined) return runner.run(asked.request, signal);
  return { ...asked.request.pair, status: "failed", error: { code: "UNREADABLE_FILE", message: hidden } };
}

async function runTrial(
  asked: TrialJob,
  runner: TrialRunner,
  signal: AbortSignal,
  onStep: (step: number) => void,
): Promise<TrialAnswer> {
  const hidden = await hiddenFromTrial(asked);
  if (hidden !== undefined) return failedAnswer(new Error(hidden));
  try {
    return { ok: true, result: await runner.run(asked.request, { onStep, signal }) };
  } catch (error) {
    if (signal.aborted) throw error;
    return failedAnswer(error);
  }
}

/** What people know the job by. */
export function nameOf(kind: string, asked: Jobs[JobKind]["asked"]): string {
  return kind === "trial" ? (asked as TrialJob).request.trial.name : (asked as CaseJob).request.pair.case;
}

/** Why the job could not be done; undefined where it was. */
export function failureOf(answer: Answer): string | undefined {
  if ("ok" in answer) return answer.ok ? undefined : answer.error.message;
  return answer.status === "failed" ? answer.error.message : undefined;
}
