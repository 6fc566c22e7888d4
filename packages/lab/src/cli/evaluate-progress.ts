// Shows on stderr how far an evaluation is: one line that is written over in a terminal, a line now and then elsewhere.

import type { CaseRecord } from "../evaluation/results.js";
import { formatDuration } from "./progress.js";
import { styleFor, truncate } from "./terminal.js";

const CLEAR_LINE = "\r\u001b[K";
/** Without a terminal, a line at most this often beside those for cases that failed. */
const PLAIN_INTERVAL_MS = 15_000;

export interface EvaluationProgress {
  onCase(record: CaseRecord): void;
  note(text: string): void;
  stop(): void;
}

/** @param kept cases of an earlier run, which tell nothing of the time a case takes */
export function showEvaluationProgress(
  all: number,
  kept: number,
  output: NodeJS.WriteStream,
  now: () => number = Date.now,
): EvaluationProgress {
  const style = styleFor(output);
  const started = now();
  let done = 0;
  let lastLine = started;
  const clear = () => {
    if (output.isTTY) output.write(CLEAR_LINE);
  };
  const status = () => {
    const measured = done - kept;
    const seconds = measured > 0 ? (((now() - started) / 1000) * (all - done)) / measured : undefined;
    const left = seconds === undefined || done === all ? "" : `, about ${formatDuration(seconds)} left`;
    return `${done} of ${all} cases${left}`;
  };
  return {
    onCase(record) {
      done++;
      if (record.status === "failed") this.note(style.yellow(`${record.case}: ${record.error.message}`));
      if (output.isTTY) output.write(CLEAR_LINE + truncate(status(), (output.columns ?? 80) - 1));
      else if (now() - lastLine >= PLAIN_INTERVAL_MS) {
        lastLine = now();
        output.write(`${status()}\n`);
      }
    },
    note(text) {
      clear();
      output.write(`${text}\n`);
    },
    stop: clear,
  };
}
