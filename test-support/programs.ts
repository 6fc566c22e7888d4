// Finds the programs that some tests run beside Node: a Python with the modules they need, a Redis server.

import { spawnSync } from "node:child_process";

/** Debian's own comes first: `.ci/run` installs modules for it, and another Python of the machine would not see them. */
const PYTHONS = ["/usr/bin/python3", "python3", "python"];

/**
 * A Python that can import all these modules, or undefined, with the reason on stderr.
 *
 * LOSSKIT_PYTHON names another.
 */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const named = process.env.LOSSKIT_PYTHON;
  const imports = `import ${modules.join(", ")}`;
  for (const python of named === undefined ? PYTHONS : [named]) {
    if (spawnSync(python, ["-c", imports], { stdio: "ignore" }).status === 0) return python;
  }
  process.stderr.write(`skipped: no Python here can ${imports} (Debian: ${modules.map(debianName).join(" ")})\n`);
  return undefined;
}

const debianName = (module: string) => `python3-${module}`;

/** The command of a Redis server, or undefined, with the reason on stderr. */
export function redisServer(): string | undefined {
  const command = "redis-server";
  if (spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0) return command;
  process.stderr.write(`skipped: there is no ${command} here (Debian: ${command})\n`);
  return undefined;
}
