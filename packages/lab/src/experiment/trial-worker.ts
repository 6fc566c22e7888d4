// The program of one process of the pool: runs the trials it is sent, and tells how far they are.

import { LosskitError } from "losskit";
import type { Dataset } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
import { train } from "../training/train.js";
import { openSource } from "./data-source.js";
import type { TrialResult } from "./results.js";
import { runTrial, type TrialRequest } from "./trial.js";

/** What a process of the pool sends while a trial runs: step 0 when it starts. */
export interface TrialProgress {
  readonly trialStep: number;
}

/** How a trial ended, in a form that survives the way between processes. */
export type TrialAnswer =
  | { readonly ok: true; readonly result: TrialResult }
  | {
      readonly ok: false;
      readonly error: { readonly kind: "lab" | "losskit" | "other"; readonly code?: string } & {
        readonly message: string;
        readonly stack?: string;
      };
    };

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
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const kind = error instanceof LabError ? "lab" : error instanceof LosskitError ? "losskit" : "other";
    const code = error instanceof LabError || error instanceof LosskitError ? error.code : undefined;
    return { ok: false, error: { kind, code, message, stack } };
  }
}
