// The pool of threads: starts them, gives them jobs, sleeps until they are done, and replaces them when one is lost.

import { LosskitError } from "../../../errors.js";
import { libraryMemory } from "../memory.js";
import { controlWords, MAX_THREADS, STATE, WORD } from "./control.js";
import { every, type HostThread, hasThreads, mayBlock, processors, startThread } from "./host.js";
import { type Job, type JobMemory, jobMemory, releaseJobMemory, writeJob } from "./job.js";

export type { Job } from "./job.js";

/** Scratch of a thread where nobody said how much: room for a few arrays of a block in the second-level cache. */
const DEFAULT_SCRATCH_BYTES = 1 << 18;

/** Milliseconds without any progress after which a pool is given up. */
const PATIENCE = 10_000;
/**
 * Patience is counted in looks at the progress, not read from a clock: a machine that was suspended, or a debugger that stopped
 * all threads, uses up one look and not the whole patience.
 */
const LOOKS = 10;

interface Pool {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly threads: HostThread[];
  readonly memory: JobMemory;
  readonly patience: number;
  /** Whether a job is running that nobody sleeps for. */
  busy: boolean;
  /** Why the pool is given up. */
  lost?: string;
  /** Each looks whether what it waits for is there; called when a thread reports, and from time to time. */
  readonly looks: Set<() => void>;
}

let pool: Pool | undefined;
/** Why threads could not be started; they are not tried again by each call. */
let refusal: string | undefined;

/** How many threads could be used here: 1 where there is no shared memory, there are no workers, or they are not allowed. */
export function availableThreads(): number {
  return refusal === undefined ? processors() : 1;
}

/**
 * Starts threads, or adds to those that run, and waits until all are ready. Not needed before `runJob`, which starts
 * them in the background; but then the first calls run without threads.
 *
 * @param threads 1 to 64; more are taken as 64
 * @param scratchBytes bytes of scratch of each thread, fixed by whoever starts the pool first
 * @param patience milliseconds without progress after which a job is given up
 * @throws LosskitError THREADS where they cannot be started
 */
export async function startPool(threads: number, scratchBytes: number, patience = PATIENCE): Promise<void> {
  refusal = undefined;
  const wanted = Math.min(threads, MAX_THREADS);
  const started = grow(wanted, scratchBytes, patience);
  const ready = () => (started ? readyThreads(started) : 0);
  const missing = started
    ? await settled(started, PATIENCE, () => ready() >= wanted, ready)
    : (refusal ?? "this host has no threads");
  if (missing === undefined) return;
  throw new LosskitError(
    "THREADS",
    `threads could not be started (${missing}); without them all is computed on one thread`,
  );
}

/**
 * Ends all threads and gives their memory back. A job that runs in the background fails with THREADS. The next job starts new threads.
 * Not needed at the end of a program: idle threads do not keep it alive.
 */
export async function stopPool(): Promise<void> {
  if (pool) await giveUp(pool, "the pool was stopped");
}

/**
 * Runs all calls of a job and sleeps until they are done.
 *
 * @param threads how many may take part; fewer do while not all have started, which the call sees to
 * @returns whether the job was done; false where the pool is not ready, has other work, or this thread may not sleep (a page's main
 *   thread): nothing was called then, and the caller runs the job itself
 * @throws LosskitError INTERNAL where a call failed (others may have been done), THREADS where a thread was lost or stood still for ten
 *   seconds; the pool is ready for the next job, or the next call starts a new one
 */
export function runJob(job: Job, threads: number): boolean {
  if (!mayBlock()) return false;
  const ready = readyPool(threads);
  if (!ready) return false;
  const { words, patience } = ready;
  if (!ask(ready, job, threads, false)) return false;
  let looks = 0;
  let seen = progress(words);
  for (;;) {
    const remaining = Atomics.load(words, WORD.remaining);
    if (remaining === 0) break;
    if (Atomics.wait(words, WORD.remaining, remaining, patience / LOOKS) !== "timed-out") continue;
    looks = seen === progress(words) ? looks + 1 : 0;
    seen = progress(words);
    if (looks < LOOKS) continue;
    const reason = `no progress for ${patience / 1000} s`;
    void giveUp(ready, reason);
    throw lostError(reason);
  }
  throwFailure(words);
  return true;
}

/** Jobs that wait for each other. */
let queue: Promise<unknown> = Promise.resolve();

/**
 * The same without sleeping, for a page's main thread too. Calls queue up; until it is done, the job's arrays must not change.
 *
 * @returns whether the job was done, as `runJob`; rejects as that throws
 */
export function runJobAsync(job: Job, threads: number): Promise<boolean> {
  const result = queue.then(async () => {
    const ready = readyPool(threads);
    if (!ready || !ask(ready, job, threads, true)) return false;
    const { words } = ready;
    ready.busy = true;
    try {
      const lost = await settled(
        ready,
        ready.patience,
        () => Atomics.load(words, WORD.remaining) === 0,
        () => progress(words),
      );
      if (lost) throw lostError(lost);
    } finally {
      ready.busy = false;
    }
    throwFailure(words);
    return true;
  });
  queue = result.catch(() => {});
  return result;
}

/** A pool that can take a job now. Starts one, or more threads, where there are fewer than asked for. */
function readyPool(threads: number): Pool | undefined {
  const started = refusal !== undefined ? undefined : grow(threads, DEFAULT_SCRATCH_BYTES, PATIENCE);
  if (!started || started.busy) return undefined;
  // One thread of several is no faster than the caller alone.
  return readyThreads(started) < Math.min(threads, 2) ? undefined : started;
}

/** Starts what is missing to `threads`, and does not wait for it. */
function grow(threads: number, scratchBytes: number, patience: number): Pool | undefined {
  if (!pool && !hasThreads()) return undefined;
  pool ??= {
    words: controlWords(),
    threads: [],
    memory: jobMemory(scratchBytes),
    patience,
    busy: false,
    looks: new Set(),
  };
  const started = pool;
  try {
    while (started.threads.length < Math.min(threads, MAX_THREADS)) {
      const index = started.threads.length;
      const onEnd = (reason: string) => {
        if (state(started, index) === STATE.starting) refusal = reason;
        void giveUp(started, reason);
      };
      const start = { memory: libraryMemory(), control: started.words.buffer, index };
      started.threads.push(startThread(start, { onMessage: () => lookAgain(started), onEnd }));
    }
  } catch (error) {
    refusal = error instanceof Error ? error.message : String(error);
    void giveUp(started, refusal);
    return undefined;
  }
  return started;
}

const state = ({ words }: Pool, thread: number): number => Atomics.load(words, WORD.states + thread * WORD.apart);

/** How many threads are there, up to the first that is not. */
function readyThreads(started: Pool): number {
  let ready = 0;
  while (ready < started.threads.length && state(started, ready) !== STATE.starting) ready++;
  return ready;
}

/** A number that changes while a job gets on. Both count up to a few million at most. */
const progress = (words: Int32Array): number =>
  Atomics.load(words, WORD.next) * 2 ** 8 + Atomics.load(words, WORD.remaining);

/** Gives a job to the threads and wakes them. False where there is no memory for it. */
function ask(ready: Pool, job: Job, threads: number, announce: boolean): boolean {
  const { words, memory } = ready;
  const count = job.items.length / job.width;
  const asked = Math.min(threads, readyThreads(ready), count);
  try {
    writeJob(words, memory, job, asked);
  } catch (error) {
    // Without threads less memory is needed; if that is not there either, the caller's own work says so.
    if (error instanceof LosskitError && error.code === "MEMORY") return false;
    throw error;
  }
  words[WORD.asked] = asked;
  words[WORD.announce] = announce ? 1 : 0;
  Atomics.store(words, WORD.next, 0);
  Atomics.store(words, WORD.failed, 0);
  Atomics.store(words, WORD.remaining, asked);
  for (let thread = 0; thread < asked; thread++) {
    const word = WORD.states + thread * WORD.apart;
    Atomics.store(words, word, STATE.asked);
    Atomics.notify(words, word);
  }
  return true;
}

/**
 * Waits without sleeping until something is so; resolves to the reason where it will not be: the pool is lost, or nothing moved for
 * the time of patience.
 */
function settled(
  started: Pool,
  patience: number,
  done: () => boolean,
  moved: () => number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let looks = 0;
    let seen = moved();
    const stop = every(patience / LOOKS, () => {
      looks = seen === moved() ? looks + 1 : 0;
      seen = moved();
      if (looks >= LOOKS) void giveUp(started, `no progress for ${patience / 1000} s`);
      look();
    });
    const look = () => {
      if (!started.lost && !done()) return;
      stop();
      started.looks.delete(look);
      resolve(started.lost);
    };
    started.looks.add(look);
    look();
  });
}

function lookAgain({ looks }: Pool): void {
  for (const look of [...looks]) look();
}

function throwFailure(words: Int32Array): void {
  if (Atomics.load(words, WORD.failed) === 0) return;
  const text = words.subarray(WORD.text, WORD.text + words[WORD.textLength]);
  const problem = String.fromCharCode(...text);
  throw new LosskitError(
    "INTERNAL",
    `a kernel failed (${problem}). This is a defect of losskit: please report it with the loss, the options and the shape; backend: "reference" computes without kernels`,
  );
}

const lostError = (reason: string): LosskitError =>
  new LosskitError(
    "THREADS",
    `the threads were lost (${reason}); arrays that this call should have filled are incomplete. Call again, which starts new threads, or set threads: 1 to do without`,
  );

/** Ends a pool. Its memory is given back when it is certain that no thread writes into it any more. */
async function giveUp(lost: Pool, reason: string): Promise<void> {
  if (lost.lost) return;
  lost.lost = reason;
  if (pool === lost) pool = undefined;
  const atRest = Atomics.load(lost.words, WORD.remaining) === 0;
  const ended = Promise.all(lost.threads.map((thread) => thread.end()));
  lookAgain(lost);
  const certain = (await ended).every(Boolean);
  if (atRest || certain) releaseJobMemory(lost.memory);
}
