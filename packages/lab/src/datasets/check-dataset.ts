// Reads every case once, so that all files that cannot be used are named in one error before any work is done.

import { LabError, type LabErrorCode } from "../errors.js";
import type { Case, Dataset } from "./dataset.js";

/** Most problems an error lists. */
const LISTED = 10;

export interface CheckOptions {
  readonly signal?: AbortSignal;
  /** Called for each case that could be read, with the number of cases tried so far and of all. */
  onCase?(one: Case, tried: number, all: number): void;
}

/**
 * @throws LabError of the file where one case cannot be used; where several cannot, one error that lists them (the
 *   first ten), with their code if they share it and BAD_DATASET if not; INTERRUPTED when the signal aborts
 */
export async function checkDataset(dataset: Dataset, { signal, onCase }: CheckOptions = {}): Promise<void> {
  const { train, validation, test } = dataset.splits;
  const ids = [...new Set([...train, ...validation, ...test])];
  const problems: LabError[] = [];
  for (const [index, id] of ids.entries()) {
    if (signal?.aborted)
      throw new LabError("INTERRUPTED", `stopped while reading ${dataset.name}; nothing was written`);
    try {
      const one = await dataset.load(id);
      onCase?.(one, index + 1, ids.length);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      problems.push(error);
    }
  }
  if (problems.length === 0) return;
  if (problems.length === 1) throw problems[0];
  const codes = new Set<LabErrorCode>(problems.map(({ code }) => code));
  throw new LabError(
    codes.size === 1 ? problems[0].code : "BAD_DATASET",
    `${problems.length} of ${ids.length} cases of ${dataset.name} cannot be used:\n  ` +
      problems
        .slice(0, LISTED)
        .map(({ message }) => message)
        .join("\n  ") +
      (problems.length > LISTED ? `\n  and ${problems.length - LISTED} more` : ""),
    { cause: problems[0] },
  );
}
