// A Redis server of a test's own, and losskit processes that run until a test ends them.

import { type ChildProcess, spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import { type Ended, losskit } from "../cli/program.js";
import { temporaryFolder } from "../experiment/fakes.js";

/** A port that nothing listens at. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server that keeps nothing on disk and ends with the test. */
export async function startRedis(command: string, ...args: readonly string[]): Promise<{ url: string; redis: Redis }> {
  const port = await freePort();
  const folder = await temporaryFolder();
  const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const server = spawn(command, [...settings, ...args], { stdio: "ignore" });
  const redis = new Redis(port, "127.0.0.1", { retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on("error", () => {});
  onTestFinished(() => {
    redis.disconnect();
    server.kill("SIGKILL");
  });
  await redis.ping();
  return { url: `redis://127.0.0.1:${port}`, redis };
}

export interface Process {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** All it wrote to standard error so far. */
  stderr(): string;
  /** Resolves when standard error holds the text; rejects when the process ends without it. */
  says(text: string | RegExp): Promise<void>;
}

/** Starts the command and lets it run. */
export function start(args: readonly string[], cwd: string): Process {
  let text = "";
  let child: ChildProcess | undefined;
  const waiting = new Set<() => void>();
  const ended = losskit(args, cwd, {
    onStart(process) {
      child = process;
    },
    onStderr(all) {
      text = all;
      for (const look of waiting) look();
    },
  });
  onTestFinished(() => {
    child?.kill("SIGKILL");
  });
  const holds = (wanted: string | RegExp) => (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text));
  return {
    child: child!,
    ended,
    stderr: () => text,
    says: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!holds(wanted)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        ended.then(({ stderr }) => reject(new Error(`it ended without saying ${wanted}:\n${stderr}`)), reject);
      }),
  };
}

export const startWorker = (url: string, cwd: string, jobs = 1): Process =>
  start(["worker", "--queue", url, "--jobs", `${jobs}`], cwd);
