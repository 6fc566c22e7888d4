// Runs trials side by side, each in a process of its own.

import Tinypool from "tinypool";
import { LabError } from "../errors.js";
import type { TrialResult } from "./results.js";
import type { TrialRequest } from "./trial.js";
import { resultOf, type TrialAnswer } from "./trial-answer.js";
import type { TrialProgress } from "./trial-worker.js";

/** Runs trials; `run` may be called for all of them at once, and decides itself how many run side by side. */
export interface TrialRunner {
  /**
   * @param onStep called with 0 when the trial starts, then after each training step
   * @returns the result; rejects with the error of the trial, or with LabError INTERRUPTED after the signal
   */
  run(request: TrialRequest, hooks: { onStep(step: number): void; signal: AbortSignal }): Promise<TrialResult>;
  /** Ends all processes. */
  close(): Promise<void>;
}

/** A process of the pool ended by itself: out of memory, or a fault of native code. */
export class TrialCrash extends Error {
  override readonly name = "TrialCrash";
}

/** After a process died, time for the signal handler of Ctrl-C to say that this was why. */
const SIGNAL_GRACE_MS = 200;

/**
 * Every training step asks for the same large pieces of memory and gives them back. The C library of Linux returns such pieces to the system at once, and
 * getting them again costs a tenth of the step (251 ms against 220 at 8 crops of 128²); these thresholds, in bytes, make it keep them.
 */
const KEEP_MEMORY = { MALLOC_TRIM_THRESHOLD_: "4000000000", MALLOC_MMAP_THRESHOLD_: "4000000000" } as const;

/**
 * A pool of processes, by tinypool: no dependencies, kept by the people of Vitest, and the one pool on npm that runs
 * processes as well as threads. Processes, because a fault in the native code of ONNX Runtime or a lack of memory then ends
 * one trial and not the comparison, and because a running trial is ended for good by a signal. Each trains with one
 * thread, so the numbers do not depend on how many run side by side.
 *
 * @param jobs processes side by side
 * @param worker the program of a process, as built
 */
export function trialPool(jobs: number, worker = new URL("./trial-worker.js", import.meta.url)): TrialRunner {
  const pool = new Tinypool({
    runtime: "child_process",
    filename: worker.href,
    // As many at least as at most: a process that died is then replaced, and the queue goes on.
    minThreads: jobs,
    maxThreads: jobs,
    env: { ...KEEP_MEMORY, ...(process.env as Record<string, string>) },
    serialization: "advanced",
  });
  // A process that dies between two trials; the next trial gets a new one.
  (pool as unknown as NodeJS.EventEmitter).on("error", () => {});
  return {
    async run(request, { onStep, signal }) {
      const channel = {
        postMessage: (message: TrialProgress) => onStep(message.trialStep),
      };
      let answer: TrialAnswer;
      try {
        answer = (await pool.run(request, { signal, channel })) as TrialAnswer;
      } catch (error) {
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, SIGNAL_GRACE_MS));
        if (signal.aborted) throw new LabError("INTERRUPTED", "the trial was stopped");
        const advice = "as it does when memory runs out: fewer --jobs or a smaller --batch need less";
        throw new TrialCrash(`its process ended by itself, ${advice}`, { cause: error });
      }
      return resultOf(answer);
    },
    close: () => pool.destroy(),
  };
}
