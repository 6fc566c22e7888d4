// Runs an evaluation: measures every case that is not done yet, keeps each as soon as it is, and goes on where a case cannot be read.

import { setMaxListeners } from "node:events";
import { LabError } from "../errors.js";
import type { CaseRunner } from "./case-runner.js";
import type { CaseStore } from "./evaluation-folder.js";
import type { Pair } from "./pairs.js";
import type { CaseRecord, MeasureSettings } from "./results.js";

export interface EvaluationOutcome {
  /** In the order of the pairs. */
  readonly records: readonly CaseRecord[];
  /** Whether the signal came before the last case was done. */
  readonly interrupted: boolean;
}

/**
 * @param onCase called with each case that is done, those of an earlier run first
 * @throws LabError WRITE_FAILED; a fault of losskit's own
 */
export async function runEvaluation(
  pairs: readonly Pair[],
  settings: MeasureSettings,
  runner: CaseRunner,
  store: CaseStore,
  signal: AbortSignal,
  onCase: (record: CaseRecord) => void = () => {},
): Promise<EvaluationOutcome> {
  const records = new Map<string, CaseRecord>();
  const finish = (record: CaseRecord) => {
    records.set(record.case, record);
    onCase(record);
  };
  for (const pair of pairs) {
    const record = store.done.get(pair.case);
    if (record !== undefined) finish(record);
  }
  // A disk that is full ends the evaluation: the other cases are stopped, not measured in vain.
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  // Every case that waits listens to it.
  setMaxListeners(Number.POSITIVE_INFINITY, either);
  let fault: unknown;
  await Promise.all(
    pairs
      .filter((pair) => !records.has(pair.case))
      .map(async (pair) => {
        try {
          const record = await runner.run({ pair, settings }, either);
          await store.append(record);
          finish(record);
        } catch (error) {
          if (error instanceof LabError && error.code === "INTERRUPTED") return;
          fault ??= error;
          stop.abort();
        }
      }),
  );
  if (fault !== undefined) throw fault;
  const inOrder = pairs.flatMap((pair) => records.get(pair.case) ?? []);
  return { records: inOrder, interrupted: inOrder.length < pairs.length };
}
