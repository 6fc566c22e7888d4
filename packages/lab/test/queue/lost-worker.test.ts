// A worker that is killed, with a Redis server and losskit processes as in use: its work is done by others, once.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { redisServer } from "../../../../test-support/programs.js";
import { losskit } from "../cli/program.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { CASES, compareArguments, EVALUATE, scoresOf, trialsOf, writeCases } from "./queued-work.js";
import { start, startRedis, startWorker } from "./redis.js";

const server = redisServer();
const COMPARE = compareArguments(3, "dice,bce");

test.skipIf(server === undefined)(
  "two senders and three workers, one killed: all is done once, with the numbers of a run without queue",
  {
    timeout: 120_000,
  },
  async () => {
    const cwd = await temporaryFolder();
    await writeCases(cwd);
    const { url, redis } = await startRedis(server!);
    const comparison = start([...COMPARE, "--queue", url, "--out", "queued"], cwd);
    await comparison.says("No worker is at");
    const evaluation = start([...EVALUATE, "--queue", url], cwd);
    await evaluation.says("No worker is at");

    // It takes the two trials and one case.
    const killed = startWorker(url, cwd, 3);
    await killed.says(/case-\d: started/u);
    killed.child.kill("SIGKILL");
    await killed.ended;
    const begun = [...killed.stderr().matchAll(/^(\S+): started$/gmu)].map(([, name]) => name);
    expect(begun.sort()).toEqual(["bce-seed1", expect.stringMatching(/^case-\d$/u), "dice-seed1"]);
    expect(killed.stderr()).not.toContain("done");

    const workers = [startWorker(url, cwd), startWorker(url, cwd)];
    // While the workers wait for the locks of the killed one to run out.
    const expectedScores = scoresOf((await losskit(EVALUATE, cwd)).stdout);
    const expectedTrials = trialsOf((await losskit([...COMPARE, "--out", "local"], cwd)).stdout);
    const [evaluated, compared] = await Promise.all([evaluation.ended, comparison.ended]);
    expect(evaluated.status).toBe(0);
    expect(compared.status).toBe(0);
    expect(scoresOf(evaluated.stdout)).toEqual(expectedScores);
    expect(expectedScores.cases).toHaveLength(CASES);
    expect(trialsOf(compared.stdout)).toEqual(expectedTrials);
    expect(expectedTrials.map(({ status }) => status)).toEqual(["finished", "finished"]);
    const record = JSON.parse(await readFile(join(cwd, "queued", "trials", "bce-seed1.json"), "utf8"));
    expect(record).toMatchObject({ loss: "bce", seed: 1, status: "finished" });

    const done = workers.flatMap((worker) => [...worker.stderr().matchAll(/^(\S+): done/gmu)].map(([, name]) => name));
    const names = Array.from({ length: CASES }, (_, i) => `case-${i}`);
    expect(done.sort()).toEqual(["bce-seed1", ...names, "dice-seed1"]);
    for (const worker of workers) worker.child.kill("SIGINT");
    expect((await Promise.all(workers.map(({ ended }) => ended))).map(({ status }) => status)).toEqual([0, 0]);
    // Nothing is left behind; the name of the killed worker expires.
    const left = await redis.keys("*");
    expect(left.filter((key) => /[0-9a-f]{8}-|senders/u.test(key))).toEqual([]);
  },
);
