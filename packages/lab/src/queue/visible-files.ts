// Whether a worker sees the same files as the sender; where it does not, its numbers would be of something else.

import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { readPlan } from "../experiment/output-folder.js";
import type { CaseJob, TrialJob } from "./job.js";

const RULE = "with --queue, the folders must be visible to all workers under the same path";

/** A sentence on what this machine does not see of a case; undefined where it sees all. */
export async function hiddenFromCase({ request: { pair }, stamps }: CaseJob): Promise<string | undefined> {
  for (const [index, path] of [pair.reference, pair.prediction].entries()) {
    const expected = stamps?.[index];
    // Neither does the sender; reading it says why.
    if (expected === undefined) continue;
    const size = await sizeOf(path);
    if (size === undefined) return `the worker on ${hostname()} does not see ${path}; ${RULE}`;
    const [, bytes] = expected;
    if (size !== bytes) {
      return `${path} has ${size} bytes for the worker on ${hostname()} and ${bytes} for losskit evaluate; ${RULE}`;
    }
  }
  return undefined;
}

/** A sentence on what this machine does not see of a trial; undefined where it sees all. */
export async function hiddenFromTrial({ request: { data, out }, plan }: TrialJob): Promise<string | undefined> {
  if (data.kind === "files" && (await sizeOf(data.path)) === undefined) {
    return `the worker on ${hostname()} does not see ${data.path}; ${RULE}`;
  }
  if (plan !== undefined && !isDeepStrictEqual(await readPlan(out).catch(() => undefined), plan)) {
    return `the worker on ${hostname()} does not see the output folder ${out} of this comparison; ${RULE}`;
  }
  return undefined;
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
