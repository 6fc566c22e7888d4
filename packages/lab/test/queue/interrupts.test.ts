// Ctrl-C of senders and workers, with a Redis server: each ends in good order, and the others go on.

import { expect, test } from "vitest";
import { redisServer } from "../../../../test-support/programs.js";
import { losskit } from "../cli/program.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { CASES, compareArguments, EVALUATE, scoresOf, writeCases } from "./queued-work.js";
import { start, startRedis, startWorker } from "./redis.js";

const server = redisServer();

test.skipIf(server === undefined)(
  "a worker that is stopped finishes its case; a sender that is stopped keeps it, and --resume goes on",
  {
    timeout: 60_000,
  },
  async () => {
    const cwd = await temporaryFolder();
    await writeCases(cwd);
    const { url } = await startRedis(server!);
    const options = [...EVALUATE, "--queue", url, "--out", "scores"];
    const first = start(options, cwd);
    const stopped = startWorker(url, cwd);
    await stopped.says(": started");
    stopped.child.kill("SIGINT");
    const { status, stderr } = await stopped.ended;
    expect(status).toBe(0);
    expect(stderr.match(/: (started|done)/gu)).toEqual([": started", ": done"]);

    await first.says("No worker is at");
    first.child.kill("SIGINT");
    const interrupted = await first.ended;
    expect(interrupted.status).toBe(130);
    expect(interrupted.stderr).toContain(`after 1 of ${CASES} cases. Go on with:`);

    const worker = startWorker(url, cwd);
    const rest = await losskit([...options, "--resume"], cwd);
    expect(rest.status).toBe(0);
    expect(rest.stderr).toContain(`1 of ${CASES} cases were done before`);
    expect(scoresOf(rest.stdout)).toEqual(scoresOf((await losskit(EVALUATE, cwd)).stdout));
    // The first run took back what it had not got; done twice here would mean left behind there.
    expect(worker.stderr().match(/: done/gu)).toHaveLength(CASES - 1);
  },
);

test.skipIf(server === undefined)(
  "a worker that is stopped gives its trial back; a trial without a sender is left",
  {
    timeout: 60_000,
  },
  async () => {
    const cwd = await temporaryFolder();
    await writeCases(cwd);
    const { url, redis } = await startRedis(server!);
    const long = compareArguments(100_000, "dice");
    const sender = start([...long, "--queue", url], cwd);
    const first = startWorker(url, cwd);
    await first.says("dice-seed1: started");
    const second = startWorker(url, cwd);
    await second.says("Waiting for work");
    first.child.kill("SIGINT");
    expect((await first.ended).status).toBe(0);
    expect(first.stderr()).toContain("dice-seed1: given back");
    await second.says("dice-seed1: started");
    // At once, and not as the job of a lost worker: BullMQ counts those in the job.
    const [job] = (await redis.keys("losskit:jobs-*")).filter((key) => /-0$/u.test(key));
    expect(await redis.hmget(job!, "name", "stc")).toEqual(["trial", null]);
    sender.child.kill("SIGINT");
    expect((await sender.ended).status).toBe(130);
    await second.says("dice-seed1: left, since its sender is gone");
    second.child.kill("SIGINT");
    expect((await second.ended).status).toBe(0);
  },
);
