// The connection to Redis: made once with an answer either way, then kept, with a word when it breaks and when it is back.

import type { RedisOptions } from "bullmq";
import { Redis } from "ioredis";
import { LabError } from "../errors.js";
import { hidePassword, PASSWORD_VARIABLE } from "./redis-url.js";

/** Long enough for a server far away, short enough to wait for. */
const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_RETRY_DELAY_MS = 5_000;
/** Redis may be away when a process ends; what is left there then is harmless. */
export const CLOSE_MS = 3_000;
/** BullMQ runs on older ones, and advises against them. */
const OLDEST_REDIS = [6, 2] as const;

/** How every connection of the queue behaves; commands wait while the server is away. */
export const connectionOptions = (url: string): RedisOptions => ({
  url,
  connectTimeout: CONNECT_TIMEOUT_MS,
  maxRetriesPerRequest: null,
  retryStrategy: (times: number) => Math.min(500 * times, LONGEST_RETRY_DELAY_MS),
});

/** What BullMQ's objects are made with; their own check of the server would be printed once for each of them. */
export const queueOptions = (url: string) => ({
  prefix: "losskit",
  connection: connectionOptions(url),
  skipVersionCheck: true,
});

/**
 * Connects to Redis.
 *
 * @throws LabError QUEUE where there is none at the URL, it lets nobody in, or it is too old
 */
export async function connect(url: string): Promise<Redis> {
  const { url: _, retryStrategy, ...options } = connectionOptions(url);
  let connected = false;
  const redis = new Redis(url, {
    ...options,
    lazyConnect: true,
    retryStrategy: (times) => (connected ? retryStrategy!(times) : null),
  });
  let reason: unknown;
  redis.on("error", (error) => {
    reason ??= error;
  });
  try {
    await redis.connect();
    await redis.ping();
    connected = true;
  } catch (error) {
    // Where it has ended by itself, this would wait for a socket that is closed already.
    if (redis.status !== "end") redis.disconnect();
    throw new LabError("QUEUE", refusal(url, reason ?? error), { cause: reason ?? error });
  }
  await checkServer(redis, url).catch((error: unknown) => {
    redis.disconnect();
    throw error;
  });
  return redis;
}

function refusal(url: string, error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  const why = message || code || "no reason known";
  const shown = hidePassword(url);
  if (/NOAUTH|WRONGPASS|invalid password|NOPERM/iu.test(why)) {
    return `the Redis server at ${shown} lets nobody in without the right password (${why}); put it into ${PASSWORD_VARIABLE}, or into the URL`;
  }
  return `there is no Redis server to reach at ${shown} (${why}); start one there (redis-server), or correct --queue; docs/many-machines.md says how to set it up`;
}

async function checkServer(redis: Redis, url: string): Promise<void> {
  // A server may forbid INFO; whether it is new enough then shows in use.
  const facts = await redis.info().catch(() => "");
  const found = /redis_version:(\d+)\.(\d+)\S*/u.exec(facts);
  if (found === null) return;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  if (major > OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor >= OLDEST_REDIS[1])) return;
  throw new LabError(
    "QUEUE",
    `the Redis server at ${hidePassword(url)} is version ${major}.${minor}; losskit needs ${OLDEST_REDIS.join(".")} or newer`,
  );
}

/**
 * Says once when the connection breaks, and once when it is back, however often it is tried in between.
 *
 * @returns a function that ends it, before the connection is closed on purpose
 */
export function sayOutages(redis: Redis, url: string, say: (sentence: string) => void): () => void {
  let away = false;
  const onClose = () => {
    if (!away) say(`The Redis server at ${hidePassword(url)} is away; waiting for it.`);
    away = true;
  };
  redis.on("close", onClose);
  redis.on("ready", () => {
    if (away) say("Redis is back.");
    away = false;
  });
  return () => {
    redis.off("close", onClose);
  };
}

/** What the many connections of BullMQ report is said once, by `sayOutages`. */
export const isOutage = (error: Error): boolean =>
  /Connection is closed|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|LOADING/u.test(
    `${(error as NodeJS.ErrnoException).code} ${error.message}`,
  );
