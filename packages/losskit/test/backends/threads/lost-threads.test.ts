// Threads that die or stand still: an error with a code where work is lost, new threads for the next call, and no memory kept.

import { Worker } from "node:worker_threads";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { reservedBytes } from "../../../src/backends/wasm/memory.js";
import { runJob, runJobAsync, startPool, stopPool } from "../../../src/backends/wasm/threads/pool.js";
import { clearPlaces, errorOf, everyPlace, job, SCRATCH, written } from "./marking-job.js";

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

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

beforeEach(clearPlaces);
afterAll(stopPool);

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
