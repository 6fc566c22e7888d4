// The sending side of the queue: puts jobs in, waits for the first answer to each, and says when there is nobody to do them.

import { randomUUID } from "node:crypto";
import { type Job, Queue, QueueEvents } from "bullmq";
import { version } from "losskit";
import { LabError } from "../errors.js";
import { CLOSE_MS, connect, isOutage, queueOptions, sayOutages } from "./connection.js";
import { ABANDONED, type JobData, type JobKind, type Jobs, QUEUE_NAME } from "./job.js";
import { announce, describeMembers, HEARTBEAT_MS, type Member, present, thisProcess, withdraw } from "./presence.js";
import { hidePassword } from "./redis-url.js";
import { atMost, repeat } from "./timing.js";

/** Between two sentences on there being no workers. */
const SAY_AGAIN_MS = 60_000;
/** Answers reach the sender as events; the longest unanswered jobs are looked at beside that, since events can be lost while Redis is away. */
const SWEEP_JOBS = 100;
/** Events hold answers too, so the stream of them is kept short. */
const MOST_EVENTS = 1_000;
/** An answer that nobody fetched, of a sender that was killed, goes with the first job that ends after this time. */
const KEEP_ANSWER_SECONDS = 86_400;

export interface SendHooks {
  readonly signal: AbortSignal;
  onProgress?(progress: number): void;
}

export interface Sender {
  /**
   * @returns the first answer to the job
   * @throws LabError INTERRUPTED after the signal; Error where the workers could not do it
   */
  send<K extends JobKind>(kind: K, asked: Jobs[K]["asked"], hooks: SendHooks): Promise<Jobs[K]["answer"]>;
  /** Where sentences for people go. */
  sayTo(say: (sentence: string) => void): void;
  /** Takes back all jobs without an answer; workers stop those that run. */
  close(): Promise<void>;
}

interface Pending {
  readonly kind: JobKind;
  readonly data: JobData;
  /** Whether Redis has it. */
  added: boolean;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress?: (progress: number) => void;
}

/**
 * Connects to Redis, and checks that its workers are of this version where there are any.
 *
 * @throws LabError QUEUE
 */
export async function openSender(url: string): Promise<Sender> {
  const redis = await connect(url);
  const shown = hidePassword(url);
  const run = randomUUID();
  const member = thisProcess(run);
  let say: (sentence: string) => void = () => {};
  try {
    refuseOtherVersions(await present(redis, "workers"), shown);
    await announce(redis, "senders", member);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const [seconds] = await redis.time();
  const queue = new Queue<JobData>(QUEUE_NAME, {
    ...queueOptions(url),
    streams: { events: { maxLen: MOST_EVENTS } },
    defaultJobOptions: { removeOnComplete: { age: KEEP_ANSWER_SECONDS }, removeOnFail: true },
  });
  const events = new QueueEvents(QUEUE_NAME, { ...queueOptions(url), lastEventId: `${Number(seconds) * 1000}-0` });
  const onError = (error: Error) => {
    if (!isOutage(error)) say(`The queue reports: ${error.message}`);
  };
  queue.on("error", onError);
  events.on("error", onError);
  const stopSaying = sayOutages(redis, url, (sentence) => say(sentence));

  const pending = new Map<string, Pending>();
  /** Ids of jobs that Redis may hold. */
  const left = new Set<string>();
  let count = 0;
  const remove = async (id: string) => {
    await queue.remove(id);
    left.delete(id);
  };
  const add = async (id: string, job: Pending) => {
    left.add(id);
    await queue.add(job.kind, job.data, { jobId: id });
    job.added = true;
  };
  const settle = (id: string, end: (job: Pending) => void) => {
    const job = pending.get(id);
    // Of another sender, or answered before.
    if (job === undefined) return;
    pending.delete(id);
    end(job);
    remove(id).catch(() => {});
  };
  const complete = (id: string, answer: unknown) => settle(id, ({ resolve }) => resolve(answer as never));
  const fail = (id: string, reason: string) => {
    const job = pending.get(id);
    // This computer slept so long that it was taken for gone.
    if (job !== undefined && reason === ABANDONED) add(id, job).catch(() => {});
    else settle(id, ({ reject }) => reject(new Error(describeFailure(reason))));
  };
  events.on("completed", ({ jobId, returnvalue }) => complete(jobId, returnvalue));
  events.on("failed", ({ jobId, failedReason }) => fail(jobId, failedReason));
  events.on("progress", ({ jobId, data }) => pending.get(jobId)?.onProgress?.(Number(data)));

  async function sweep(): Promise<void> {
    for (const [id, job] of [...pending].slice(0, SWEEP_JOBS)) {
      if (!job.added) continue;
      const found = (await queue.getJob(id)) as Job<JobData> | undefined;
      if (!pending.has(id)) continue;
      // Redis lost it: it was restarted, or emptied.
      if (found === undefined) await add(id, job);
      else if (found.finishedOn !== undefined && found.failedReason) fail(id, found.failedReason);
      else if (found.finishedOn !== undefined) complete(id, found.returnvalue);
    }
  }

  const watch = watchWorkers(shown, (sentence) => say(sentence));
  const lookForWorkers = async () => {
    if (pending.size > 0) watch(await present(redis, "workers"));
  };
  const stopHeartbeat = repeat(HEARTBEAT_MS, async () => {
    await announce(redis, "senders", member);
    await lookForWorkers();
    await sweep();
  });

  return {
    async send(kind, asked, { signal, onProgress }) {
      if (signal.aborted) throw stopped();
      const id = `${run}-${count++}`;
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          pending.delete(id);
          reject(stopped());
        };
        signal.addEventListener("abort", onAbort, { once: true });
        const finish =
          <T>(end: (value: T) => void) =>
          (value: T) => {
            signal.removeEventListener("abort", onAbort);
            end(value);
          };
        const data: JobData = { run, asked };
        const job: Pending = { kind, data, added: false, resolve: finish(resolve), reject: finish(reject), onProgress };
        pending.set(id, job);
        if (pending.size === 1) lookForWorkers().catch(() => {});
        add(id, job).catch((error: Error) => settle(id, () => job.reject(error)));
      });
    },
    sayTo(to) {
      say = to;
    },
    async close() {
      say = () => {};
      pending.clear();
      const takeBack = async () => {
        await stopHeartbeat();
        await withdraw(redis, "senders", member);
        // Those that run are locked and stay: their workers see that the sender is gone.
        await Promise.all([...left].map(remove));
      };
      await atMost(CLOSE_MS, takeBack());
      await atMost(CLOSE_MS, Promise.all([events.close(), queue.close()]));
      stopSaying();
      redis.disconnect();
    },
  };
}

const stopped = () => new LabError("INTERRUPTED", "stopped while waiting for a worker");

function refuseOtherVersions(workers: readonly Member[], shown: string): void {
  if (workers.length === 0 || workers.some(({ losskit }) => losskit === version)) return;
  throw new LabError(
    "QUEUE",
    `the workers at ${shown} are ${describeMembers(workers)}, and this is losskit ${version}; install the same version on all machines`,
  );
}

function describeFailure(reason: string): string {
  // BullMQ's word for a job whose lock ran out more than `maxStalledCount` times.
  return /stalled more than/u.test(reason)
    ? "the workers that took it ended before they were done, several times; most likely there is too little memory for it"
    : reason;
}

/** Says who the workers are when there are any, and that there are none, now and then. */
function watchWorkers(shown: string, say: (sentence: string) => void): (workers: readonly Member[]) => void {
  let waitingSince: number | undefined;
  let known = false;
  return (workers) => {
    const own = workers.filter(({ losskit }) => losskit === version);
    if (own.length > 0) {
      if (!known) {
        const hosts = new Set(own.map(({ host }) => host));
        const jobs = own.reduce((sum, one) => sum + (one.jobs ?? 1), 0);
        say(
          `${counted(own.length, "worker")} on ${counted(hosts.size, "machine")} at ${shown}: ${jobs} side by side at most`,
        );
      }
      known = true;
      waitingSince = undefined;
      return;
    }
    known = false;
    if (waitingSince !== undefined && Date.now() - waitingSince < SAY_AGAIN_MS) return;
    waitingSince = Date.now();
    const others = workers.length > 0 ? ` (there are ${describeMembers(workers)}, and this is losskit ${version})` : "";
    say(`No worker is at ${shown}${others}; waiting. Start some with: losskit worker --queue ${shown}`);
  };
}

const counted = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
