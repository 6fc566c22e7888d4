// What `--queue` refuses: servers that cannot be used, and workers of another version.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { version } from "losskit";
import { expect, test } from "vitest";
import { redisServer } from "../../../../test-support/programs.js";
import { losskit } from "../cli/program.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { compareArguments, EVALUATE, writeCases } from "./queued-work.js";
import { freePort, startRedis } from "./redis.js";

const server = redisServer();

test.skipIf(server === undefined)("workers of another version are refused, with both named", async () => {
  const cwd = await temporaryFolder();
  await writeCases(cwd);
  const { url, redis } = await startRedis(server!);
  const [seconds] = await redis.time();
  const other = { id: "a", losskit: "0.0.9", host: "elsewhere", pid: 1, jobs: 1 };
  await redis.zadd("losskit:workers", Number(seconds) + 60, JSON.stringify(other));
  const { status, stderr } = await losskit([...EVALUATE, "--queue", url], cwd);
  expect(status).toBe(2);
  expect(stderr).toContain(`are losskit 0.0.9 on elsewhere, and this is losskit ${version}; install the same version`);
});

test.skipIf(server === undefined)("a server that wants a password says so, and the environment holds it", async () => {
  const cwd = await temporaryFolder();
  await writeCases(cwd);
  const { url } = await startRedis(server!);
  const wrong = await losskit(["worker", "--queue", url.replace("//", "//someone:hush@")], cwd);
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toMatch(/someone:\*\*\*@.* lets nobody in without the right password .*LOSSKIT_REDIS_PASSWORD/u);
  expect(wrong.stderr).not.toContain("hush");
});

test.each([[...EVALUATE, "--out", "results"], [...compareArguments(3, "dice"), "--out", "results"], ["worker"]])(
  "a server that cannot be reached is one error with the URL, and nothing is written: %s",
  async (...args) => {
    const cwd = await temporaryFolder();
    const url = `redis://someone:hush@127.0.0.1:${await freePort()}`;
    const { status, stdout, stderr } = await losskit([...args, "--queue", url], cwd);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(`${url.replace("hush", "***")} (connect ECONNREFUSED`);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    await expect(readFile(join(cwd, "results"))).rejects.toMatchObject({ code: "ENOENT" });
  },
);
