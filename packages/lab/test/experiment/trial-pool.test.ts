// The pool with real processes and a program that trains nothing: progress, errors, crashes and stopping.

import { setTimeout as pause } from "node:timers/promises";
import { LosskitError } from "losskit";
import { afterEach, describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import type { TrialRequest } from "../../src/experiment/trial.js";
import { TrialCrash, type TrialRunner, trialPool } from "../../src/experiment/trial-pool.js";
import { plan } from "./fakes.js";

const program = new URL("./pool-program.mjs", import.meta.url);
const pools: TrialRunner[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

function open(jobs: number): TrialRunner {
  const pool = trialPool(jobs, program);
  pools.push(pool);
  return pool;
}

const { seeds: _, ...settings } = plan().settings;
/** The program does what the label says. */
const request = (label: string, seed = 1): TrialRequest => ({
  trial: { label, specification: "dice", seed, name: `${label}-seed${seed}` },
  data: plan().data,
  settings,
  out: "/nowhere",
});
const hooks = (onStep = (_: number) => {}, signal = new AbortController().signal) => ({ onStep, signal });

test("results and steps come back, each with its own trial, two side by side", async () => {
  const pool = open(2);
  const steps: Record<string, number[]> = { "1": [], "2": [], "3": [] };
  const results = await Promise.all(
    [1, 2, 3].map((seed) =>
      pool.run(
        request("finish", seed),
        hooks((step) => steps[seed].push(step)),
      ),
    ),
  );
  expect(results.map(({ seed }) => seed)).toEqual([1, 2, 3]);
  expect(steps).toEqual({ "1": [0, 1, 2], "2": [0, 1, 2], "3": [0, 1, 2] });
  const processes = new Set(results.map(({ message }) => message));
  expect(processes.size).toBe(2);
});

describe("errors keep their kind and code", () => {
  test.each([
    ["lab", LabError, "UNREADABLE_FILE"],
    ["losskit", LosskitError, "NOT_FINITE"],
  ])("%s", async (label, kind, code) => {
    const error = await open(1)
      .run(request(label), hooks())
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ code, message: "as asked" });
  });

  test("another error comes with its stack", async () => {
    const error = await open(1)
      .run(request("other"), hooks())
      .catch((reason) => reason);
    expect(error).toMatchObject({ message: "as asked", stack: expect.stringContaining("pool-program.mjs") });
  });
});

test("a process that dies fails its trial alone; those that wait behind it run", async () => {
  const pool = open(1);
  const [dead, alive] = await Promise.allSettled([
    pool.run(request("die"), hooks()),
    pool.run(request("finish", 2), hooks()),
  ]);
  expect(dead).toMatchObject({ status: "rejected", reason: expect.any(TrialCrash) });
  expect(alive).toMatchObject({ status: "fulfilled", value: { seed: 2 } });
});

test("the signal ends a trial that never ends, and its process", async () => {
  const pool = open(1);
  const stop = new AbortController();
  let process_ = 0;
  const running = pool.run(
    request("hang"),
    hooks((step) => {
      process_ = step;
      stop.abort();
    }, stop.signal),
  );
  await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
  await pool.close();
  // A signal of 0 asks whether the process is there.
  for (let i = 0; i < 50 && isAlive(process_); i++) await pause(50);
  expect(process_).toBeGreaterThan(1);
  expect(isAlive(process_)).toBe(false);
});

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}
