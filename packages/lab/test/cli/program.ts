// Runs the command losskit in a process of its own, as a user does.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../bin/losskit.js", import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Watched {
  /** Called with the process, for tests that end it themselves. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with all output so far, whenever there is more. */
  readonly onStdout?: (all: string, child: ChildProcess) => void;
  readonly onStderr?: (all: string, child: ChildProcess) => void;
}

/** @param args the command's name first */
export function losskit(
  args: readonly string[],
  cwd: string,
  { onStart, onStdout, onStderr }: Watched = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", npm_execpath: "" },
  });
  onStart?.(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    onStdout?.(stdout, child);
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
    onStderr?.(stderr, child);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
