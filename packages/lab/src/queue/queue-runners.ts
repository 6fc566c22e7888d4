// Measures cases and runs trials on other machines, behind the same interfaces as the pools of this one.

import type { CaseRunner } from "../evaluation/case-runner.js";
import { stampsOf } from "../evaluation/evaluation-folder.js";
import { readPlan } from "../experiment/output-folder.js";
import type { ExperimentPlan } from "../experiment/plan.js";
import { resultOf } from "../experiment/trial-answer.js";
import type { TrialRunner } from "../experiment/trial-pool.js";
import { openSender } from "./sender.js";

export interface QueueRunners {
  /** @param say where sentences on the queue go, such as that there is no worker */
  cases(say: (sentence: string) => void): CaseRunner;
  trials(say: (sentence: string) => void): TrialRunner;
  /** Takes back what has no answer. */
  close(): Promise<void>;
}

/**
 * Connects to the Redis server of a queue.
 *
 * @param url as `parseRedisUrl` gives it
 * @throws LabError QUEUE where the server cannot be used, or its workers are of another version
 */
export async function openQueue(url: string): Promise<QueueRunners> {
  const sender = await openSender(url);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= sender.close();
    return closed;
  };
  return {
    cases(say) {
      sender.sayTo(say);
      return {
        async run(request, signal) {
          const { pair } = request;
          const stamps = await stampsOf(pair);
          try {
            const record = await sender.send("case", { request, ...(stamps && { stamps }) }, { signal });
            // Another machine may see other times of the same files; a later run compares with those of this one.
            return { ...record, ...(stamps && { stamps }) };
          } catch (error) {
            if (signal.aborted) throw error;
            const message = (error as Error).message;
            return { ...pair, ...(stamps && { stamps }), status: "failed", error: { code: "QUEUE", message } };
          }
        },
        close,
      };
    },
    trials(say) {
      sender.sayTo(say);
      let plan: Promise<ExperimentPlan | undefined> | undefined;
      return {
        async run(request, { onStep, signal }) {
          plan ??= readPlan(request.out);
          const stored = await plan;
          let started = false;
          const onProgress = (step: number) => {
            // A trial whose worker was lost starts again.
            if (step > 0 || !started) onStep(step);
            started = true;
          };
          return resultOf(
            await sender.send("trial", { request, ...(stored && { plan: stored }) }, { signal, onProgress }),
          );
        },
        close,
      };
    },
    close,
  };
}
