// Drives a computation that leaves parts of itself to threads: asleep until they are done, or by promises.

import type { Call } from "../../formula/options.js";
import type { Threaded } from "./run-kernel.js";
import { availableThreads, runJob, runJobAsync } from "./threads/pool.js";

/** Threads that a call may use here. */
export const threadsFor = (call: Call): number => Math.min(call.threads, availableThreads());

/** Errors of threads go through the computation, which gives back what it has reserved. */
export function drive<Result>(work: Threaded<Result>): Result {
  let step = work.next();
  while (!step.done) {
    const { job, threads } = step.value;
    let done: boolean | { readonly error: unknown };
    try {
      done = runJob(job, threads);
    } catch (error) {
      done = { error };
    }
    step = typeof done === "boolean" ? work.next(done) : work.throw(done.error);
  }
  return step.value;
}

export async function driveAsync<Result>(work: Threaded<Result>): Promise<Result> {
  let step = work.next();
  while (!step.done) {
    const { job, threads } = step.value;
    const done = await runJobAsync(job, threads).catch((error: unknown) => ({ error }));
    step = typeof done === "boolean" ? work.next(done) : work.throw(done.error);
  }
  return step.value;
}
