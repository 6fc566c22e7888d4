// The pool of threads: every call made once, errors of kernels, and memory that stays as it is.

import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { release, reserve, reservedBytes, views } from "../../../src/backends/wasm/memory.js";
import { availableThreads, runJob, runJobAsync, startPool, stopPool } from "../../../src/backends/wasm/threads/pool.js";
import { CALLS, clearPlaces, errorOf, everyPlace, job, SCRATCH, written } from "./marking-job.js";
import { testModule } from "./test-module.js";

beforeEach(clearPlaces);
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
    expect(written().slice(calls)).toEqual(everyPlace(0, CALLS - calls));
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
