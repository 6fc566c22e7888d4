// What goes through the queue: a case or a trial, whose it is, and how it ended.

import { version } from "losskit";
import type { CaseRequest } from "../evaluation/case-runner.js";
import type { CaseRecord, FileStamp } from "../evaluation/results.js";
import type { ExperimentPlan } from "../experiment/plan.js";
import type { TrialRequest } from "../experiment/trial.js";
import type { TrialAnswer } from "../experiment/trial-answer.js";

/** Each version has a queue of its own: a worker cannot take a job of another version, whose numbers may differ. */
export const QUEUE_NAME = `jobs-${version}`;

/**
 * How long a job is a worker's without a word from it. It says so every half of this time, from a thread that does nothing else; a job of a
 * worker that was killed is another's after this time and one check, 9 seconds at most.
 */
export const LOCK_MS = 6_000;
export const STALLED_CHECK_MS = 3_000;
/** A job whose workers die this often is most likely why they do. */
export const MOST_LOST_WORKERS = 3;

/** The reason of a job that a worker gave up because its sender was gone. */
export const ABANDONED = "its sender is gone";

export interface CaseJob {
  readonly request: CaseRequest;
  /** Of the files as the sender sees them. */
  readonly stamps?: readonly [FileStamp, FileStamp];
}

export interface TrialJob {
  readonly request: TrialRequest;
  /** Of the output folder as the sender sees it. */
  readonly plan?: ExperimentPlan;
}

/** Every kind of job: what is asked, what is answered, and what it is called for people. */
export interface Jobs {
  readonly case: { readonly asked: CaseJob; readonly answer: CaseRecord };
  readonly trial: { readonly asked: TrialJob; readonly answer: TrialAnswer };
}

export type JobKind = keyof Jobs;

export interface JobData<K extends JobKind = JobKind> {
  /** Id of the sender's run. */
  readonly run: string;
  readonly asked: Jobs[K]["asked"];
}
