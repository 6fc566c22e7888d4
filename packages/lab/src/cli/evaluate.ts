// `losskit evaluate`: scores predictions against their references, case by case.

import { resolve } from "node:path";
import { defineCommand } from "citty";
import { version } from "losskit";
import { listed } from "../datasets/case-files.js";
import { LabError } from "../errors.js";
import { type CaseRunner, inlineRunner, threadRunner } from "../evaluation/case-runner.js";
import { runEvaluation } from "../evaluation/evaluate.js";
import { type CaseStore, noStore, openFolder, toLine } from "../evaluation/evaluation-folder.js";
import { brokenLimits, checkLimitNames } from "../evaluation/limits.js";
import { findPairs, type Pairs } from "../evaluation/pairs.js";
import { evaluationResult } from "../evaluation/result.js";
import type { CaseRecord, EvaluationResult, MeasureSettings } from "../evaluation/results.js";
import type { Structures } from "../evaluation/structures.js";
import type { QueueRunners } from "../queue/queue-runners.js";
import { counted } from "../report/figures.js";
import { positionalValues } from "./arguments.js";
import { chooseStructures, type EvaluateOptions, evaluateArgs, readEvaluateOptions } from "./evaluate-options.js";
import { showEvaluationProgress } from "./evaluate-progress.js";
import { EXIT } from "./exit-status.js";
import { onInterrupt } from "./interrupt.js";
import { openQueueAt } from "./queue-option.js";
import { commandLine, resumeArguments } from "./shell.js";
import { styleFor } from "./terminal.js";

export const evaluateCommand = defineCommand({
  meta: { name: "evaluate", description: "Score predictions against references: Dice, HD95 and more" },
  args: evaluateArgs,
  async run({ args, rawArgs }) {
    const options = readEvaluateOptions(args);
    const values = positionalValues(rawArgs, evaluateArgs);
    checkCount(values, args.compare === true);
    const [reference, prediction] = values;
    const interrupt = onInterrupt();
    try {
      if (args.compare) {
        const { evaluatePaired } = await import("./evaluate-paired.js");
        return await evaluatePaired(values, options, rawArgs, interrupt.signal);
      }
      const evaluation = await evaluate(reference!, prediction, options, rawArgs, interrupt.signal);
      return await finish(evaluation, options, rawArgs);
    } finally {
      interrupt.release();
    }
  },
});

/** An evaluation as far as it came. */
export interface Evaluation {
  readonly result: EvaluationResult;
  readonly pairs: Pairs;
  readonly interrupted: boolean;
}

/** Finds the pairs and measures them. */
export async function evaluate(
  reference: string,
  prediction: string | undefined,
  options: EvaluateOptions,
  rawArgs: readonly string[],
  signal: AbortSignal,
  known?: Structures,
): Promise<Evaluation> {
  // Before anything is written.
  const queue = await openQueueAt(options.queue);
  try {
    return await evaluateWith(queue, reference, prediction, options, rawArgs, signal, known);
  } finally {
    await queue?.close();
  }
}

async function evaluateWith(
  queue: QueueRunners | undefined,
  reference: string,
  prediction: string | undefined,
  options: EvaluateOptions,
  rawArgs: readonly string[],
  signal: AbortSignal,
  known: Structures | undefined,
): Promise<Evaluation> {
  const started = new Date();
  const pairs = await findPairs(reference, prediction, options);
  const settings: MeasureSettings = {
    ...(known ?? (await chooseStructures(options, pairs.labelFile))),
    metrics: options.metrics,
    surface: options.surface,
    ...(options.boundary && { boundary: options.boundary }),
    ...(options.objects && { objects: options.objects }),
    ...(options.probabilities && { probabilities: options.probabilities }),
    allow: options.allow,
    ...(options.pixelSpacing && { pixelSpacing: options.pixelSpacing }),
  };
  checkLimitNames(options.limits, settings.structures);
  const places = {
    reference: resolve(reference),
    ...(prediction !== undefined && { prediction: resolve(prediction) }),
  };
  const plan = { schema: "losskit-evaluation-plan/1", losskit: version, ...places, settings } as const;
  const store = options.out === undefined ? noStore : await openFolder(options.out, plan, pairs.pairs, options);
  const { records, interrupted } = await measure(pairs, settings, store, options, queue, signal);
  const result = evaluationResult(records, {
    versions: { losskit: version, node: process.versions.node },
    command: commandLine(rawArgs, process.env, "evaluate"),
    started,
    ...places,
    pairs,
    settings,
    emptyMasks: options.empty,
  });
  return { result, pairs, interrupted };
}

/** Starting threads takes longer than a handful of small cases do. */
const WORTH_THREADS = 3;

async function measure(
  { pairs, withoutPrediction, withoutReference }: Pairs,
  settings: MeasureSettings,
  store: CaseStore,
  { jobs, form }: EvaluateOptions,
  queue: QueueRunners | undefined,
  signal: AbortSignal,
) {
  const pending = pairs.length - store.done.size;
  const threads = Math.min(jobs, pending);
  const progress = showEvaluationProgress(pairs.length, store.done.size, process.stderr);
  const without = withoutPrediction.length + withoutReference.length;
  if (without > 0) progress.note(`${counted(without, "file")} without a partner left out`);
  if (store.done.size > 0) progress.note(`${store.done.size} of ${pairs.length} cases were done before`);
  const onAbort = () => progress.note("Stopping; cases that are done are kept (Ctrl-C again: quit at once)");
  signal.addEventListener("abort", onAbort);
  const local = () => (threads > 1 && pending >= WORTH_THREADS ? threadRunner(threads) : inlineRunner());
  const runner: CaseRunner = queue?.cases(progress.note) ?? local();
  const onCase = (record: CaseRecord) => {
    progress.onCase(record);
    if (form === "ndjson") process.stdout.write(toLine(record));
  };
  try {
    return await runEvaluation(pairs, settings, runner, store, signal, onCase);
  } finally {
    progress.stop();
    signal.removeEventListener("abort", onAbort);
    await runner.close();
  }
}

/** Writes and prints what there is, and says how it went by the exit status. */
async function finish(
  { result, pairs, interrupted }: Evaluation,
  options: EvaluateOptions,
  rawArgs: readonly string[],
) {
  const style = styleFor(process.stderr);
  const note = (text: string) => process.stderr.write(`${text}\n`);
  const { failed, cases } = result;
  if (cases.length > 0) {
    // Tables and page are loaded when there is something to show.
    const { writeEvaluation, printEvaluation } = await import("./evaluate-output.js");
    if (options.out !== undefined) await writeEvaluation(result, pairs, options.out, options.images);
    printEvaluation(result, options);
    for (const { name, labels } of nowhere(result)) {
      const which = labels.length === 1 ? `label ${labels[0]}` : `labels ${labels.join(", ")}`;
      note(style.yellow(`${name}: ${which} ${labels.length === 1 ? "is" : "are"} in no file of either side`));
    }
  } else if (!interrupted) note("No case could be measured, so there is nothing to report.");
  if (interrupted) {
    const done = `${cases.length + failed.length} of ${result.found} cases`;
    note(`${style.yellow("Stopped")} after ${done}. ${howToGoOn(options, rawArgs)}`);
    return EXIT.interrupted;
  }
  const broken = cases.length > 0 ? brokenLimits(options.limits, result.summary) : [];
  for (const sentence of broken) note(style.red(`failed: ${sentence}`));
  if (failed.length > 0) {
    // Why was said when it happened.
    const list = listed(failed.map((one) => one.case));
    note(style.yellow(`${failed.length} of ${result.found} cases could not be measured: ${list}`));
    return failed.some(({ error }) => error.code === "INTERNAL") ? EXIT.failure : EXIT.badInput;
  }
  return broken.length > 0 ? EXIT.beyondLimit : EXIT.ok;
}

/** What to do after Ctrl-C. */
export const howToGoOn = ({ out }: Pick<EvaluateOptions, "out">, rawArgs: readonly string[]): string =>
  out === undefined
    ? "With --out, cases that are done are kept, and --resume goes on."
    : `Go on with:\n  ${commandLine(resumeArguments(rawArgs), process.env, "evaluate")}`;

/** Structures that no case has on either side: most likely a label that was mistyped. */
function nowhere({ cases }: EvaluationResult): { name: string; labels: readonly number[] }[] {
  const [first] = cases;
  return (first?.scores ?? [])
    .filter(({ structure }) =>
      cases.every(({ scores }) => scores.find((one) => one.structure === structure)?.empty === "both"),
    )
    .map(({ structure: name, labels }) => ({ name, labels }));
}

function checkCount(values: readonly string[], paired: boolean): void {
  if (paired && (values.length === 2 || values.length === 3)) return;
  if (paired)
    throw new LabError(
      "USAGE",
      `--compare takes REFERENCE A B, or A B that were written with --out; there are ${values.length} arguments`,
    );
  if (values.length <= 2) return;
  throw new LabError(
    "USAGE",
    `there is an argument too many: "${values[2]}"; losskit evaluate takes REFERENCE PREDICTION, or with --compare REFERENCE A B`,
  );
}
