// The pool of threads: every call made once, errors of kernels and of threads, memory that stays, and threads that sleep.

import { Worker } from "node:worker_threads";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { release, reserve, reservedBytes, views } from "../../../src/backends/wasm/memory.js";
import {
  availableThreads,
  type Job,
  runJob,
  runJobAsync,
  startPool,
  stopPool,
} from "../../../src/backends/wasm/threads/pool.js";
import { LosskitError } from "../../../src/errors.js";
import { testModule } from "./test-module.js";

const CALLS = 500;
const SCRATCH = 4096;
const base = reserve(4 * CALLS);

/** Calls of a function of the test module with (base, index, third argument), one per index. */
function job(exportName: string, calls = CALLS, { id = 1, step = 1, scratchArgument = -1 } = {}): Job {
  const items = new Int32Array(3 * calls);
  for (let index = 0; index < calls; index++) items.set([base, index, 7], 3 * index);
  return { id, bytes: testModule(step), exportName, items, width: 3, scratchArgument };
}

const written = (calls = CALLS): number[] => [...views().i32.subarray(base / 4, base / 4 + calls)];
const everyPlace = (value: number, calls = CALLS): number[] => Array<number>(calls).fill(value);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The error that an act throws. */
function errorOf(act: () => unknown): LosskitError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(LosskitError);
    return error as LosskitError;
  }
  throw new Error("nothing was thrown");
}

/** The workers that `start` makes, so that a test can kill them as the system would. */
async function startedWorkers(start: () => Promise<void>): Promise<Worker[]> {
  const workers = new Set<Worker>();
  // Called on each worker by the pool when it has made it.
  const unref = vi.spyOn(Worker.prototype, "unref").mockImplementation(function (this: Worker) {
    workers.add(this);
  });
  try {
    await start();
  } finally {
    unref.mockRestore();
  }
  for (const worker of workers) worker.unref();
  return [...workers];
}

beforeEach(() => {
  views().i32.fill(0, base / 4, base / 4 + CALLS);
});
afterAll(stopPool);

it("says how many threads there are", () => {
  expect(availableThreads()).toBeGreaterThanOrEqual(1);
  expect(Number.isInteger(availableThreads())).toBe(true);
});

describe("a pool that nobody has started", () => {
  it("starts in the background, and leaves the first job to the caller", async () => {
    await stopPool();
    expect(runJob(job("mark"), 2)).toBe(false);
    expect(written()).toEqual(everyPlace(0));
    await vi.waitFor(() => expect(runJob(job("mark"), 2)).toBe(true), 10_000);
    expect(written()).toEqual(everyPlace(1));
  });

  it("becomes ready while the caller keeps the event loop busy", async () => {
    await stopPool();
    const end = performance.now() + 10_000;
    let ready = false;
    while (!ready && performance.now() < end) ready = runJob(job("mark"), 2);
    expect(ready).toBe(true);
    expect(written()).toEqual(everyPlace(1));
  });
});

describe.each([1, 2, 4, 8])("%i threads", (threads) => {
  it.each([1, 2, 3, CALLS])("make each of %i calls once", async (calls) => {
    await startPool(threads, SCRATCH);
    for (let round = 1; round <= 20; round++) {
      expect(runJob(job("mark", calls), threads)).toBe(true);
      expect(written(calls)).toEqual(everyPlace(round, calls));
    }
    expect(
      views()
        .i32.subarray(base / 4 + calls, base / 4 + CALLS)
        .every((word) => word === 0),
    ).toBe(true);
  });

  it("do the same for a caller that does not sleep", async () => {
    await startPool(threads, SCRATCH);
    for (let round = 1; round <= 20; round++) {
      expect(await runJobAsync(job("mark"), threads)).toBe(true);
      expect(written()).toEqual(everyPlace(round));
    }
  });
});

it("runs jobs of many modules one after the other, more than are kept compiled", async () => {
  await startPool(2, SCRATCH);
  let sum = 0;
  for (let round = 0; round < 600; round++) {
    const step = (round % 300) % 64;
    expect(runJob(job("mark", 8, { id: 1000 + (round % 300), step }), 2)).toBe(true);
    sum += step;
  }
  expect(written(8)).toEqual(everyPlace(sum, 8));
});

it("tells functions of one module apart, and modules under one name", async () => {
  await startPool(2, SCRATCH);
  const mark = job("mark");
  const keep = { ...mark, exportName: "keep" };
  const double = job("mark", CALLS, { id: 2, step: 2 });
  for (const one of [mark, mark, keep, mark, double, mark]) expect(runJob(one, 2)).toBe(true);
  expect(written()).toEqual(everyPlace(7 + 1 + 2 + 1));
});

it("gives each thread scratch of its own", async () => {
  await startPool(4, SCRATCH);
  const addresses = new Set<number>();
  for (let round = 0; round < 200; round++) {
    expect(runJob(job("keep", CALLS, { scratchArgument: 2 }), 4)).toBe(true);
    for (const address of written()) addresses.add(address);
  }
  const sorted = [...addresses].sort((a, b) => a - b);
  expect(sorted.length).toBeGreaterThan(1);
  expect(sorted.length).toBeLessThanOrEqual(4);
  for (const [i, address] of sorted.entries()) {
    expect(address % 64).toBe(0);
    if (i > 0) expect(address - sorted[i - 1]).toBeGreaterThanOrEqual(SCRATCH);
  }
  // Nobody else gets the last piece.
  const other = reserve(64);
  expect(other < sorted[0] || other >= sorted[sorted.length - 1] + SCRATCH).toBe(true);
  release(other);

  const large = { ...job("keep", CALLS, { scratchArgument: 2 }), scratchBytes: 1 << 20 };
  const few = new Set<number>();
  for (let round = 0; round < 200; round++) {
    expect(runJob(large, 2)).toBe(true);
    for (const address of written()) few.add(address);
  }
  const [first, second = first + (1 << 20)] = [...few].sort((a, b) => a - b);
  expect(second - first).toBe(1 << 20);
});

it("passes the arguments as they are where no scratch is asked for", async () => {
  await startPool(2, SCRATCH);
  expect(runJob(job("keep"), 2)).toBe(true);
  expect(written()).toEqual(everyPlace(7));
});

it("reaches memory that was added after the threads had started", async () => {
  await startPool(2, SCRATCH);
  expect(runJob(job("mark"), 2)).toBe(true);
  const held = views().u8.length;
  const area = reserve(2 * held);
  const far = area + held;
  expect(views().u8.length).toBeGreaterThan(far);
  // Items enough to need new memory themselves.
  const items = new Int32Array(3 * 100_000);
  for (let index = 0; index < 100_000; index++) items.set([far, index % CALLS, 0], 3 * index);
  expect(runJob({ ...job("mark", CALLS, { id: 77, step: 3 }), items }, 2)).toBe(true);
  expect([...views().i32.subarray(far / 4, far / 4 + CALLS)]).toEqual(everyPlace((3 * 100_000) / CALLS));
  release(area);
});

it("uses the threads there are, and starts what is missing", async () => {
  await stopPool();
  await startPool(2, SCRATCH);
  expect(runJob(job("mark"), 4)).toBe(true);
  expect(written()).toEqual(everyPlace(1));
  await startPool(4, SCRATCH);
  expect(runJob(job("mark"), 4)).toBe(true);
  expect(written()).toEqual(everyPlace(2));
});

it("keeps its memory over 10 000 jobs", async () => {
  await startPool(2, SCRATCH);
  const small = job("mark", 4, { scratchArgument: 2 });
  for (let round = 0; round < 1000; round++) runJob(small, 2);
  const reserved = reservedBytes();
  const held = views().u8.length;
  const resident = process.memoryUsage.rss();
  for (let round = 0; round < 10_000; round++) expect(runJob(small, 2)).toBe(true);
  expect(reservedBytes()).toBe(reserved);
  expect(views().u8.length).toBe(held);
  // Room for what the test itself leaves to the garbage collector: 10 000 jobs that kept 4 KB each would be 40 MB.
  expect(process.memoryUsage.rss() - resident).toBeLessThan(30e6);
});

it("gives all its memory back when it is stopped", async () => {
  await stopPool();
  const before = reservedBytes();
  await startPool(2, SCRATCH);
  runJob(job("keep", CALLS, { scratchArgument: 2 }), 2);
  expect(reservedBytes()).toBeGreaterThan(before);
  await stopPool();
  expect(reservedBytes()).toBe(before);
});

describe("queued jobs", () => {
  it("run one after the other, and a sleeping caller does not wait for them", async () => {
    await startPool(2, SCRATCH);
    const results = [1, 2, 4].map((step, i) => runJobAsync(job("mark", CALLS, { id: 20 + i, step }), 2));
    // The first job is given to the threads in the next turn of the event loop.
    await Promise.resolve();
    expect(runJob(job("mark"), 2)).toBe(false);
    expect(await Promise.all(results)).toEqual([true, true, true]);
    expect(written()).toEqual(everyPlace(7));
  });

  it("go on after one that failed", async () => {
    await startPool(2, SCRATCH);
    const bad = runJobAsync(job("trap"), 2);
    const good = runJobAsync(job("mark"), 2);
    await expect(bad).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await good).toBe(true);
    expect(written()).toEqual(everyPlace(1));
  });
});

describe("a kernel that fails", () => {
  it("is an error with the engine's words, and the next job works", async () => {
    await startPool(2, SCRATCH);
    for (let round = 1; round <= 50; round++) {
      const error = errorOf(() => runJob(job("trap"), 2));
      expect(error.code).toBe("INTERNAL");
      expect(error.message).toContain("unreachable");
      expect(runJob(job("mark"), 2)).toBe(true);
      expect(written()).toEqual(everyPlace(round));
    }
  });

  it("says what is missing from a module, and that bytes are no module", async () => {
    await startPool(2, SCRATCH);
    expect(errorOf(() => runJob(job("absent"), 2)).message).toContain("exports no function absent");
    const broken = { ...job("mark", 4, { id: 99 }), bytes: testModule(1).fill(0xff, 8, 12) };
    const error = errorOf(() => runJob(broken, 2));
    expect(error.code).toBe("INTERNAL");
    expect(error.message).toContain("CompileError");
    // The number of the bad module can be used again: it was not kept.
    expect(runJob(job("mark", 4, { id: 99 }), 2)).toBe(true);
  });
});

describe("threads that are lost", () => {
  it("idle: are replaced without an error", async () => {
    await stopPool();
    const workers = await startedWorkers(() => startPool(2, SCRATCH));
    expect(workers).toHaveLength(2);
    await workers[0].terminate();
    expect(runJob(job("mark"), 2)).toBe(false);
    await vi.waitFor(() => expect(runJob(job("mark"), 2)).toBe(true), 10_000);
    expect(written()).toEqual(everyPlace(1));
  });

  it("idle, and nobody knows: the others do the work", async () => {
    await stopPool();
    const workers = await startedWorkers(() => startPool(2, SCRATCH));
    const ended = workers[0].terminate();
    for (let round = 1; round <= 20; round++) {
      expect(runJob(job("mark"), 2)).toBe(true);
      expect(written()).toEqual(everyPlace(round));
    }
    await ended;
  });

  it("all of them, and nobody knows: an error after the time of patience, and the next call starts anew", async () => {
    await stopPool();
    const before = reservedBytes();
    const workers = await startedWorkers(() => startPool(2, SCRATCH, 500));
    const ended = Promise.all(workers.map((worker) => worker.terminate()));
    const start = performance.now();
    const error = errorOf(() => runJob(job("mark"), 2));
    expect(performance.now() - start).toBeGreaterThan(400);
    expect(error.code).toBe("THREADS");
    expect(error.message).toContain("no progress for 0.5 s");
    await ended;
    await vi.waitFor(() => expect(reservedBytes()).toBe(before), 1000);
    expect(runJob(job("mark"), 2)).toBe(false);
    await vi.waitFor(() => expect(runJob(job("mark"), 2)).toBe(true), 10_000);
    expect(written()).toEqual(everyPlace(1));
  });

  it("at work: an error at once for a caller that does not sleep", async () => {
    await stopPool();
    const workers = await startedWorkers(() => startPool(2, SCRATCH));
    const result = runJobAsync(job("hang"), 2);
    result.catch(() => {});
    await pause(50);
    const start = performance.now();
    await workers[1].terminate();
    await expect(result).rejects.toMatchObject({ code: "THREADS" });
    expect(performance.now() - start).toBeLessThan(3000);
    await startPool(2, SCRATCH);
    expect(runJob(job("mark"), 2)).toBe(true);
    expect(written()).toEqual(everyPlace(1));
  });

  it.each(["sleeping", "waking"])(
    "standing still: an error of a %s caller, and their memory is given back",
    async (who) => {
      await stopPool();
      const before = reservedBytes();
      await startPool(2, SCRATCH, 500);
      const hang = job("hang", 2);
      if (who === "sleeping") expect(errorOf(() => runJob(hang, 2)).code).toBe("THREADS");
      else await expect(runJobAsync(hang, 2)).rejects.toMatchObject({ code: "THREADS" });
      await vi.waitFor(() => expect(reservedBytes()).toBe(before), 5000);
      await startPool(2, SCRATCH);
      expect(runJob(job("mark"), 2)).toBe(true);
    },
  );

  it("by stopPool: the job in the background fails", async () => {
    await startPool(2, SCRATCH);
    const result = runJobAsync(job("hang"), 2);
    result.catch(() => {});
    await pause(20);
    await stopPool();
    await expect(result).rejects.toMatchObject({ code: "THREADS" });
  });
});
