// The option --queue of the commands that send their work to workers.

import { LabError } from "../errors.js";
import type { QueueRunners } from "../queue/queue-runners.js";
import { parseRedisUrl } from "../queue/redis-url.js";

/**
 * The URL of the Redis server.
 *
 * @param jobs what `--jobs` says, if it is given
 * @throws LabError USAGE
 */
export function readQueue(url: string, jobs: string | undefined): string {
  if (jobs === undefined) return parseRedisUrl(url);
  throw new LabError(
    "USAGE",
    "--jobs is for work on this machine, and --queue sends it to workers; give --jobs to each losskit worker",
  );
}

/** Connects where a queue is asked for; what it needs is loaded then alone, since that takes a while. */
export async function openQueueAt(url: string | undefined): Promise<QueueRunners | undefined> {
  return url === undefined ? undefined : (await import("../queue/queue-runners.js")).openQueue(url);
}
