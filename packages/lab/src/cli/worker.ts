// `losskit worker`: does the cases and trials that other losskit processes send with --queue.

import { availableParallelism } from "node:os";
import { defineCommand } from "citty";
import { parseRedisUrl } from "../queue/redis-url.js";
import { readWholeNumber } from "./arguments.js";
import { EXIT } from "./exit-status.js";
import { onInterrupt } from "./interrupt.js";

/** Each may have a pair of volumes in memory: more than these may not fit where there are many cores. */
const USUAL_JOBS = 8;
const MOST_JOBS = 256;

export const workerArgs = {
  queue: { type: "string", required: true, valueHint: "url", description: "Redis server, as redis://host:6379" },
  jobs: { type: "string", valueHint: "n", description: "Jobs side by side (default one per core, at most 8)" },
} as const satisfies Parameters<typeof defineCommand>[0]["args"];

export const workerCommand = defineCommand({
  meta: { name: "worker", description: "Do the cases and trials that are sent with --queue, on any machine" },
  args: workerArgs,
  async run({ args }) {
    const url = parseRedisUrl(args.queue);
    const jobs =
      args.jobs === undefined
        ? Math.min(availableParallelism(), USUAL_JOBS)
        : readWholeNumber("--jobs", args.jobs, 1, MOST_JOBS);
    const interrupt = onInterrupt();
    try {
      // BullMQ takes a while to load.
      const { runWorker } = await import("../queue/worker.js");
      await runWorker(url, jobs, (sentence) => process.stderr.write(`${sentence}\n`), interrupt.signal);
    } finally {
      interrupt.release();
    }
    return EXIT.ok;
  },
});
