// A comparison as a whole, with trials that train nothing: what it survives, what ends it, and what it leaves.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { writeAtomically } from "../../src/experiment/atomic-write.js";
import { type Comparison, runComparison } from "../../src/experiment/compare.js";
import { parseLossSpecification } from "../../src/experiment/loss-specification.js";
import { listTrials, modelFile, resumeFolder, startFolder } from "../../src/experiment/output-folder.js";
import type { TrialResult } from "../../src/experiment/results.js";
import { runTrial, type TrialRequest, writeTrial } from "../../src/experiment/trial.js";
import { TrialCrash } from "../../src/experiment/trial-pool.js";
import { fakeRunner, fakeTrain, finishedResult, plan, silent, squares, temporaryFolder } from "./fakes.js";

async function comparison(out: string, done: Comparison["done"] = new Map()): Promise<Comparison> {
  const losses = plan().losses.map((specification) => parseLossSpecification(specification));
  return {
    plan: plan(),
    losses,
    trials: listTrials(losses, plan().settings.seeds),
    done,
    dataset: squares(),
    regionOfInterest: false,
    out,
    command: "losskit compare squares",
    versions: { node: "20" },
  };
}

const unsignalled = () => new AbortController().signal;
const names = (result: { trials: readonly TrialResult[] }) => result.trials.map(({ loss, seed }) => `${loss} ${seed}`);
const finish = async (request: TrialRequest) => finishedResult(request);

test("every loss trains from every seed, and the record says with what", async () => {
  const runner = fakeRunner(finish);
  const { result, interrupted } = await runComparison(
    await comparison(await temporaryFolder()),
    runner,
    silent,
    unsignalled(),
  );
  expect(interrupted).toBe(false);
  expect(names(result)).toEqual(["dice 1", "bce 1", "dice 2", "bce 2"]);
  expect(result).toMatchObject({
    schema: "losskit-compare/1",
    versions: { losskit: "0.1.0", node: "20" },
    command: "losskit compare squares",
    dataset: { name: "squares", classes: ["square"], cases: { train: 2, validation: 1, test: 3 } },
    settings: plan().settings,
  });
  expect(result.losses.map(({ label }) => label)).toEqual(["dice", "bce"]);
  expect(runner.closed).toBe(true);
});

test("the record does not depend on which trial ends first", async () => {
  const delays: Record<string, number> = { "dice-seed1": 30, "bce-seed1": 20, "dice-seed2": 10, "bce-seed2": 0 };
  const runner = fakeRunner(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, delays[request.trial.name]));
    return finishedResult(request);
  });
  const { result } = await runComparison(await comparison(await temporaryFolder()), runner, silent, unsignalled());
  expect(names(result)).toEqual(["dice 1", "bce 1", "dice 2", "bce 2"]);
});

test("a trial that diverges or crashes is a row, and the others finish", async () => {
  const out = await temporaryFolder();
  const ended: string[] = [];
  const runner = fakeRunner(async (request) => {
    if (request.trial.name === "dice-seed1") throw new TrialCrash("the process of the trial ended");
    if (request.trial.name === "bce-seed1")
      return { ...finishedResult(request), status: "diverged", message: "loss is NaN" };
    return finishedResult(request);
  });
  const observer = { ...silent, onEnd: (_: unknown, result: TrialResult) => void ended.push(result.status) };
  const { result } = await runComparison(await comparison(out), runner, observer, unsignalled());
  expect(result.trials.map(({ status }) => status)).toEqual(["failed", "diverged", "finished", "finished"]);
  expect(result.trials[0].message).toBe("the process of the trial ended");
  expect(ended.sort()).toEqual(["diverged", "failed", "finished", "finished"]);
  expect(await readdir(join(out, "trials"))).toEqual(["dice-seed1.json"]);
});

test.each(["WRITE_FAILED", "UNREADABLE_FILE"] as const)(
  "%s ends the comparison and stops the other trials",
  async (code) => {
    const stopped: string[] = [];
    const runner = fakeRunner(async (request, signal) => {
      if (request.trial.name === "bce-seed1") throw new LabError(code, "no more");
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      stopped.push(request.trial.name);
      throw new LabError("INTERRUPTED", "stopped");
    });
    const running = runComparison(await comparison(await temporaryFolder()), runner, silent, unsignalled());
    await expect(running).rejects.toMatchObject({ code, message: "no more" });
    expect(stopped).toEqual(["dice-seed1", "dice-seed2", "bce-seed2"]);
    expect(runner.closed).toBe(true);
  },
);

describe("stopped and gone on with", () => {
  test("what is done is kept, what is not leaves nothing, and only the rest runs again", async () => {
    const out = await temporaryFolder();
    await startFolder(out, plan(), false);
    const stop = new AbortController();
    let endedOfSeed1 = 0;
    const observer = { ...silent, onEnd: () => void (++endedOfSeed1 === 2 && stop.abort()) };
    const first = fakeRunner(async (request, signal) => {
      if (request.trial.seed === 1) return runTrial(request, squares(), fakeTrain);
      await writeAtomically(modelFile(out, request.trial.name), "half a trial");
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      throw new LabError("INTERRUPTED", "stopped");
    });
    const { result, interrupted } = await runComparison(await comparison(out), first, observer, stop.signal);
    expect(interrupted).toBe(true);
    expect(names(result)).toEqual(["dice 1", "bce 1"]);
    expect(await readdir(join(out, "models"))).toEqual(["bce-seed1.onnx", "dice-seed1.onnx"]);

    const trials = (await comparison(out)).trials;
    const done = await resumeFolder(out, plan(), trials);
    expect([...done.keys()]).toEqual(["dice-seed1", "bce-seed1"]);
    const second = fakeRunner((request) => runTrial(request, squares(), fakeTrain));
    const rest = await runComparison(await comparison(out, done), second, silent, unsignalled());
    expect(second.ran).toEqual(["dice-seed2", "bce-seed2"]);
    expect(names(rest.result)).toEqual(["dice 1", "bce 1", "dice 2", "bce 2"]);
    expect(rest.interrupted).toBe(false);
  });

  test("a signal after the last trial is no interruption", async () => {
    const stop = new AbortController();
    const observer = {
      ...silent,
      onEnd: (trial: { name: string }) => void (trial.name === "bce-seed2" && stop.abort()),
    };
    const { interrupted, result } = await runComparison(
      await comparison(await temporaryFolder()),
      fakeRunner(finish),
      observer,
      stop.signal,
    );
    expect(result.trials).toHaveLength(4);
    expect(interrupted).toBe(false);
  });

  test("a signal before the start runs nothing", async () => {
    const runner = fakeRunner(async (_, signal) => {
      if (signal.aborted) throw new LabError("INTERRUPTED", "stopped");
      throw new Error("ran");
    });
    const { interrupted, result } = await runComparison(
      await comparison(await temporaryFolder()),
      runner,
      silent,
      AbortSignal.abort(),
    );
    expect(interrupted).toBe(true);
    expect(result.trials).toEqual([]);
  });
});

test("writing the row of a crashed trial to a full disk ends the comparison", async () => {
  const out = join(await temporaryFolder(), "file");
  await writeAtomically(out, "a file where the folder should be");
  const runner = fakeRunner(async (request) => {
    if (request.trial.name === "dice-seed1") throw new TrialCrash("ended");
    return finishedResult(request);
  });
  await expect(runComparison(await comparison(out), runner, silent, unsignalled())).rejects.toMatchObject({
    code: "WRITE_FAILED",
  });
  await expect(
    writeTrial(out, { label: "a", specification: "a", seed: 1, name: "a" }, {} as TrialResult),
  ).rejects.toMatchObject({
    code: "WRITE_FAILED",
  });
});
