// What a result must say of the machine it was measured on, and whether the machine is quiet.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

function firstLine(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n")[0];
  } catch {
    return undefined;
  }
}

/** Facts of the machine, as plain data. */
export function machineFacts() {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    processors: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    gcc: firstLine("gcc", "--version"),
    losskitCommit: firstLine("git", "describe", "--always", "--dirty"),
  };
}

/** Programs that run or could run now, this one included; undefined where the system does not tell. */
function runnable() {
  try {
    const found = /^procs_running (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"));
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Waits for moments in which nothing else runs, as long as its patience lasts: a machine that is busy all the time is not waited for
 * turn by turn.
 *
 * @param {number} patience ms, for all calls together
 * @returns {() => Promise<boolean>} waits, and gives whether it became quiet
 */
export function quietMoments(patience) {
  let left = patience;
  return async () => {
    const start = performance.now();
    for (;;) {
      const programs = runnable();
      if (programs === undefined || programs <= 1) return true;
      if (performance.now() - start > Math.min(left, 1000)) {
        left -= performance.now() - start;
        return false;
      }
      await sleep(3);
    }
  };
}
