// Who is at a Redis server: senders and workers write their names down again and again, and are gone when they stop to.

import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { version } from "losskit";

export type Role = "senders" | "workers";

export interface Member {
  readonly id: string;
  readonly losskit: string;
  readonly host: string;
  readonly pid: number;
  /** Jobs side by side; of a worker. */
  readonly jobs?: number;
}

export const HEARTBEAT_MS = 5_000;
/** A worker that was killed is counted for so long at most; its jobs are found by their locks, and earlier. */
const SECONDS_TO_LIVE = {
  workers: 15,
  /** Work for a sender that is gone is thrown away, so a computer that slept for a moment gets a longer time. */
  senders: 60,
} as const satisfies Record<Role, number>;

const keyOf = (role: Role) => `losskit:${role}`;

export const thisProcess = (id: string, jobs?: number): Member => ({
  id,
  losskit: version,
  host: hostname(),
  pid: process.pid,
  ...(jobs !== undefined && { jobs }),
});

/** Times are Redis' own: the clocks of the machines may differ. */
export async function announce(redis: Redis, role: Role, member: Member): Promise<void> {
  const [seconds] = await redis.time();
  await redis.zadd(keyOf(role), Number(seconds) + SECONDS_TO_LIVE[role], JSON.stringify(member));
}

export async function withdraw(redis: Redis, role: Role, member: Member): Promise<void> {
  await redis.zrem(keyOf(role), JSON.stringify(member));
}

export async function present(redis: Redis, role: Role): Promise<Member[]> {
  const [seconds] = await redis.time();
  await redis.zremrangebyscore(keyOf(role), "-inf", Number(seconds));
  return (await redis.zrange(keyOf(role), 0, "-1")).map((text) => JSON.parse(text) as Member);
}

/** "losskit 0.1.0 on host-a, host-b" for each version. */
export function describeMembers(members: readonly Member[]): string {
  const versions = [...new Set(members.map(({ losskit }) => losskit))];
  const hosts = (losskit: string) => [
    ...new Set(members.filter((one) => one.losskit === losskit).map(({ host }) => host)),
  ];
  return versions.map((losskit) => `losskit ${losskit} on ${hosts(losskit).join(", ")}`).join(" and ");
}
