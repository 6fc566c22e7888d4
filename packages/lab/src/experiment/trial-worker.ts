// The program of one process of the pool: runs the trials it is sent, and tells how far they are.

import type { Dataset } from "../datasets/dataset.js";
import { train } from "../training/train.js";
import { openSource } from "./data-source.js";
import { runTrial, type TrialRequest } from "./trial.js";
import { failedAnswer, type TrialAnswer } from "./trial-answer.js";

/** What a process of the pool sends while a trial runs: step 0 when it starts. */
export interface TrialProgress {
  readonly trialStep: number;
}

// Ctrl-C in a terminal goes to every process at once; the parent decides what ends, and does it with SIGTERM.
process.on("SIGINT", () => {});
// Without a parent nobody reads the results.
process.on("disconnect", () => process.exit(1));

let opened: { readonly key: string; readonly dataset: Dataset } | undefined;

export default async function answer(request: TrialRequest): Promise<TrialAnswer> {
  const send = (trialStep: number) => process.send?.({ trialStep } satisfies TrialProgress);
  try {
    send(0);
    const key = JSON.stringify(request.data);
    if (opened?.key !== key) opened = { key, dataset: await openSource(request.data) };
    return { ok: true, result: await runTrial(request, opened.dataset, train, { onStep: send }) };
  } catch (error) {
    return failedAnswer(error);
  }
}
