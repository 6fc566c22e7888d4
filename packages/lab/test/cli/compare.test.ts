// `losskit compare` from end to end on a few steps of real training: the same numbers however it is run, stopped and gone on with.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CompareResult } from "../../src/experiment/results.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { losskit as run, type Watched } from "./program.js";

const SETTINGS = [
  "--steps",
  "3",
  "--batch",
  "2",
  "--crop",
  "32",
  "--seeds",
  "2",
  "--losses",
  "dice,bce",
  "--width",
  "2",
];

const losskit = (args: readonly string[], cwd: string, watched?: Watched) => run(["compare", ...args], cwd, watched);

/** What may not depend on how a comparison was run: all but the time it took. */
const numbers = (json: string) => {
  const { trials, losses, settings, dataset } = JSON.parse(json) as CompareResult;
  return { losses, settings, dataset, trials: trials.map(({ seconds: _, ...trial }) => trial) };
};

test("two side by side; and one at a time, stopped and gone on with: the same numbers", {
  timeout: 120_000,
}, async () => {
  const cwd = await temporaryFolder();
  const whole = await losskit([...SETTINGS, "--jobs", "2", "--out", "whole", "--json"], cwd);
  expect(whole.stderr).toContain("[4/4]");
  expect(whole.status).toBe(0);
  const expected = numbers(whole.stdout);
  expect(expected.trials.map(({ loss, seed, status }) => [loss, seed, status])).toEqual([
    ["dice", 1, "finished"],
    ["bce", 1, "finished"],
    ["dice", 2, "finished"],
    ["bce", 2, "finished"],
  ]);
  expect(expected.trials[0].curve).toHaveLength(3);
  expect(expected.trials[0].cases).toHaveLength(expected.dataset.cases.test);
  // One seed gives both losses the same first weights and crops, another seed others.
  expect(expected.trials[0].curve).not.toEqual(expected.trials[2].curve);
  expect((await readdir(join(cwd, "whole"))).sort()).toEqual([
    "experiment.json",
    "models",
    "predictions",
    "report.html",
    "results.json",
    "scores.csv",
    "trials",
  ]);
  expect(await readdir(join(cwd, "whole", "models"))).toHaveLength(4);

  // Once: a second Ctrl-C would quit without a word.
  const stopped = await losskit([...SETTINGS, "--jobs", "1", "--out", "parts"], cwd, {
    onStderr(all, child) {
      if (!child.killed && all.includes("[1/4]")) child.kill("SIGINT");
    },
  });
  expect(stopped.status).toBe(130);
  expect(stopped.stderr).toMatch(
    /Stopped after [123] of 4 trials\. Go on with:\n {2}losskit compare .*--out parts --resume\n/u,
  );
  expect(stopped.stdout).toContain("Report: parts/report.html");
  const done = await readdir(join(cwd, "parts", "trials"));
  expect(done.length).toBeLessThan(4);
  expect((await readdir(join(cwd, "parts", "models"))).map((file) => file.replace(/onnx$/u, "json"))).toEqual(done);

  const rest = await losskit(["--out", "parts", "--resume", "--json"], cwd);
  expect(rest.status).toBe(0);
  expect(rest.stderr).toContain(`${done.length} of 4 trials were done before`);
  expect(numbers(rest.stdout)).toEqual(expected);
  const models = await Promise.all(
    ["whole", "parts"].map((folder) => readFile(join(cwd, folder, "models", "bce-seed2.onnx"))),
  );
  expect(models[0].equals(models[1])).toBe(true);
});

test("a loss that diverges is a row, the others finish, and the status says so", { timeout: 120_000 }, async () => {
  const cwd = await temporaryFolder();
  // Finite at the first step, and then not: the logarithm of a number below 0.
  const formula = "broken = mean(log(0.5 - p)) + mean(y * p)";
  const { status, stdout, stderr } = await losskit(
    [...SETTINGS, "--loss", formula, "--seeds=1", "--json"].filter(
      (argument, i, all) => argument !== "--seeds" && all[i - 1] !== "--seeds",
    ),
    cwd,
  );
  expect(status).toBe(1);
  const { trials } = JSON.parse(stdout) as CompareResult;
  expect(trials.map(({ loss, status: ended }) => [loss, ended])).toEqual([
    ["dice", "finished"],
    ["bce", "finished"],
    ["broken", "diverged"],
  ]);
  expect(trials[2].message).toMatch(/step \d/u);
  expect(stderr).toContain("1 of 3 trials did not finish:\n  broken seed 1 diverged: ");
  expect(await readdir(join(cwd, "losskit-report"))).toContain("report.html");
});
