// The working side of the queue: takes one job after the other, and runs it in a thread or process of its own, so that this thread can say that the job is alive.

import { randomUUID } from "node:crypto";
import { type Job, UnrecoverableError, WaitingError, Worker } from "bullmq";
import { version } from "losskit";
import { CLOSE_MS, connect, isOutage, queueOptions, sayOutages } from "./connection.js";
import { ABANDONED, type JobData, LOCK_MS, MOST_LOST_WORKERS, QUEUE_NAME, STALLED_CHECK_MS } from "./job.js";
import { announce, describeMembers, HEARTBEAT_MS, present, thisProcess, withdraw } from "./presence.js";
import { hidePassword } from "./redis-url.js";
import { type Answer, failureOf, jobRunner, nameOf } from "./run-job.js";
import { atMost, repeat } from "./timing.js";

/** How soon a running job ends after its sender did. */
const SENDER_CHECK_MS = 1_000;
/** Every report of progress is kept in Redis for a while. */
const PROGRESS_MS = 1_000;

/** Why a running job is stopped: its sender ended, another worker has it, or this worker ends. */
type StopReason = "abandoned" | "lost" | "given back";

interface Running {
  readonly run: string;
  readonly kind: string;
  readonly name: string;
  readonly stop: AbortController;
}

/**
 * Does jobs until the signal; then cases that run are finished, trials are given back, and others go on with them.
 *
 * @param url as `parseRedisUrl` gives it
 * @param jobs side by side
 * @param say where sentences for people go
 * @throws LabError QUEUE where the server cannot be used
 */
export async function runWorker(
  url: string,
  jobs: number,
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const redis = await connect(url);
  const member = thisProcess(randomUUID(), jobs);
  const running = new Map<string, Running>();
  const runner = jobRunner(jobs);
  const stop = (job: Running, reason: StopReason) => job.stop.abort(reason);

  async function work(job: Job<JobData>, token?: string): Promise<Answer> {
    const id = job.id!;
    const { run, asked } = job.data;
    const name = nameOf(job.name, asked);
    const mine: Running = { run, kind: job.name, name, stop: new AbortController() };
    running.set(id, mine);
    try {
      if (!(await isThere(run))) throw new UnrecoverableError(ABANDONED);
      // It came while this worker was about to end.
      if (signal.aborted) stop(mine, "given back");
      else say(`${name}: started`);
      const started = performance.now();
      const answer = await runner.run(job.name, asked, mine.stop.signal, slowly(job));
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const failure = failureOf(answer);
      say(failure === undefined ? `${name}: done in ${seconds} s` : `${name}: ${failure}`);
      return answer;
    } catch (error) {
      if (!mine.stop.signal.aborted) throw error;
      const reason = mine.stop.signal.reason as StopReason;
      if (reason === "given back") {
        await job.moveToWait(token);
        say(`${name}: given back`);
        throw new WaitingError();
      }
      say(reason === "lost" ? `${name}: left, since another worker has taken it` : `${name}: left, since ${ABANDONED}`);
      throw new UnrecoverableError(ABANDONED);
    } finally {
      // After a lock was lost the same job may be here a second time.
      if (running.get(id) === mine) running.delete(id);
    }
  }

  const isThere = async (run: string) => (await present(redis, "senders")).some(({ id }) => id === run);

  let worker: Worker<JobData> | undefined;
  let stopLoops: (() => Promise<void>)[] = [];
  try {
    await announce(redis, "workers", member);
    const stopSaying = sayOutages(redis, url, say);
    const others = (await present(redis, "senders")).filter(({ losskit }) => losskit !== version);
    stopLoops = [
      async () => stopSaying(),
      repeat(HEARTBEAT_MS, () => announce(redis, "workers", member)),
      repeat(SENDER_CHECK_MS, async () => {
        if (running.size === 0) return;
        const senders = new Set((await present(redis, "senders")).map(({ id }) => id));
        for (const job of running.values()) if (!senders.has(job.run)) stop(job, "abandoned");
      }),
    ];
    worker = new Worker<JobData>(QUEUE_NAME, work, {
      ...queueOptions(url),
      concurrency: jobs,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MOST_LOST_WORKERS,
    });
    worker.on("error", (error) => {
      // That a lock is lost is said with the name of the job.
      if (!isOutage(error) && !/\block\b/iu.test(error.message)) say(`The queue reports: ${error.message}`);
    });
    worker.on("lockRenewalFailed", (ids) => {
      for (const id of ids) {
        const job = running.get(id);
        if (job !== undefined) stop(job, "lost");
      }
    });
    say(`Waiting for work at ${hidePassword(url)}, ${jobs} side by side; losskit ${version}`);
    if (others.length > 0) {
      say(
        `Left to workers of their version: the jobs of ${describeMembers(others)}; this worker is losskit ${version}`,
      );
    }
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    if (running.size > 0) {
      say("Stopping: cases that run are finished, trials are given back (Ctrl-C again: quit at once)");
    }
    // No new job is taken from here on.
    const ended = worker.close();
    for (const job of running.values()) if (job.kind === "trial") stop(job, "given back");
    if (running.size > 0) await ended;
    else await atMost(CLOSE_MS, ended);
  } finally {
    await atMost(CLOSE_MS, Promise.all(stopLoops.map((end) => end())));
    await atMost(CLOSE_MS, withdraw(redis, "workers", member));
    redis.disconnect();
    await runner.close();
  }
}

/** Reports the start at once, then the last step now and then. */
function slowly(job: Job<JobData>): (step: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (step) => {
    const now = performance.now();
    if (step > 0 && now - last < PROGRESS_MS) return;
    last = now;
    // Progress that gets lost is no loss.
    job.updateProgress(step).catch(() => {});
  };
}
