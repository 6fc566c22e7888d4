// Finds the folder `shared/` that may lie beside a clone: golden numbers and real images that are not part of the repository.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../shared", import.meta.url));

/**
 * Path of something in `../shared`, or undefined, with the reason on stderr, where it is absent: use with `describe.skipIf(!path)`.
 */
export function sharedPath(path: string): string | undefined {
  const full = `${root}/${path}`;
  if (existsSync(full)) return full;
  process.stderr.write(`skipped: ../shared/${path} is not beside this clone\n`);
  return undefined;
}
