// `losskit compare`: trains a network with each loss, scores it, and reports which is best.

import { createRequire } from "node:module";
import { defineCommand } from "citty";
import { version } from "losskit";
import type { Dataset } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
import { type CheckedCases, checkCases, checkLosses } from "../experiment/check-start.js";
import { type Comparison, runComparison } from "../experiment/compare.js";
import { openSource } from "../experiment/data-source.js";
import { parseLossSpecification } from "../experiment/loss-specification.js";
import { listTrials, readPlan, removeUnfinished, resumeFolder, startFolder } from "../experiment/output-folder.js";
import type { CompareResult, TrialResult } from "../experiment/results.js";
import { trialPool } from "../experiment/trial-pool.js";
import type { QueueRunners } from "../queue/queue-runners.js";
import { repeatedValues } from "./arguments.js";
import { type CompareOptions, chooseSource, compareArgs, completePlan, readOptions } from "./compare-options.js";
import { EXIT } from "./exit-status.js";
import { onInterrupt } from "./interrupt.js";
import { showProgress } from "./progress.js";
import { openQueueAt } from "./queue-option.js";
import { commandLine, resumeArguments } from "./shell.js";
import { styleFor } from "./terminal.js";

export const compareCommand = defineCommand({
  meta: { name: "compare", description: "Train a small U-Net with each loss and report which is best" },
  args: compareArgs,
  async run({ args, rawArgs }) {
    const options = readOptions(args, repeatedValues(rawArgs, compareArgs, "loss"));
    const interrupt = onInterrupt();
    let queue: QueueRunners | undefined;
    try {
      // Before the data is read.
      queue = await openQueueAt(options.queue);
      const comparison = await prepare(options, rawArgs, interrupt.signal);
      return await compare(comparison, options, queue, rawArgs, interrupt.signal);
    } finally {
      await queue?.close();
      interrupt.release();
    }
  },
});

/** Everything up to the first trial; a mistake in the command or the data is found here, before anything is written. */
async function prepare(options: CompareOptions, rawArgs: readonly string[], signal: AbortSignal): Promise<Comparison> {
  const stored = options.resume ? await readPlan(options.out) : undefined;
  if (options.resume && stored === undefined) {
    throw new LabError("USAGE", `${options.out} holds no results to go on with; leave --resume away to start there`);
  }
  // Read before the data, which may take long to open.
  for (const specification of options.losses ?? []) parseLossSpecification(specification);
  const source = chooseSource(options, stored);
  const dataset = await openSource(source);
  const { regionOfInterest, typicalExtent } = await readCases(dataset, signal);
  const versions = { losskit: version, "onnxruntime-node": installedVersion("onnxruntime-node") };
  const plan = completePlan(options, stored, source, dataset, typicalExtent, versions);
  const losses = plan.losses.map((specification) => parseLossSpecification(specification));
  checkLosses(losses, dataset.classes);
  const trials = listTrials(losses, plan.settings.seeds);

  let done: ReadonlyMap<string, TrialResult> = new Map();
  if (options.resume) {
    done = await resumeFolder(options.out, plan, trials);
    await removeUnfinished(options.out);
  } else {
    await startFolder(options.out, plan, options.force);
  }
  return {
    plan,
    losses,
    trials,
    done,
    dataset,
    regionOfInterest,
    out: options.out,
    command: commandLine(rawArgs),
    versions: { node: process.versions.node },
  };
}

async function readCases(dataset: Dataset, signal: AbortSignal): Promise<CheckedCases> {
  const output = process.stderr;
  const show = (read: number, all: number) => {
    if (output.isTTY) output.write(`\rReading ${dataset.name}: ${read} of ${all} cases`);
  };
  try {
    return await checkCases(dataset, show, signal);
  } finally {
    // Back to the start of the line, and clear it.
    if (output.isTTY) output.write("\r\u001b[K");
  }
}

/** Bars of trials on other machines; how many run at once is the workers' business. */
const SHOWN_FROM_QUEUE = 8;

async function compare(
  comparison: Comparison,
  { jobs, json, out }: CompareOptions,
  queue: QueueRunners | undefined,
  rawArgs: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { trials, done, dataset, plan, losses } = comparison;
  const { splits } = dataset;
  const pending = trials.filter(({ name }) => !done.has(name)).length;
  const processes = Math.max(1, Math.min(queue ? SHOWN_FROM_QUEUE : jobs, pending));
  const progress = showProgress({
    trials,
    done: new Set(done.keys()),
    steps: plan.settings.steps,
    jobs: processes,
    output: process.stderr,
  });
  progress.note(
    `${dataset.name}: ${splits.train.length} training and ${splits.test.length} test cases, ${dataset.classes.join(", ")}; ` +
      [
        count(losses.length, "loss", "losses"),
        count(plan.settings.seeds.length, "seed"),
        count(plan.settings.steps, "step"),
      ].join(", ") +
      (done.size > 0 ? `; ${done.size} of ${trials.length} trials were done before` : ""),
  );
  signal.addEventListener("abort", () =>
    progress.note("Stopping; trials that are done are kept (Ctrl-C again: quit at once)"),
  );
  let outcome: Awaited<ReturnType<typeof runComparison>>;
  try {
    const runner = queue?.trials(progress.note) ?? trialPool(processes);
    outcome = await runComparison(comparison, runner, progress, signal);
  } catch (error) {
    progress.note(
      `Trials that are done are kept. When the cause is mended, go on with: ${commandLine(resumeArguments(rawArgs))}`,
    );
    throw error;
  } finally {
    progress.stop();
  }
  const { result, interrupted } = outcome;
  const style = styleFor(process.stderr);
  if (result.trials.some(({ status }) => status === "finished")) {
    // Plots and page are loaded when there is something to show: a mistake in the command is answered without them.
    const { printReport } = await import("./report.js");
    await printReport(result, trials, dataset, out, json);
  } else {
    process.stderr.write("No trial was finished, so there is nothing to report.\n");
  }
  if (interrupted) {
    process.stderr.write(
      `${style.yellow("Stopped")} after ${result.trials.length} of ${trials.length} trials. Go on with:\n  ${commandLine(resumeArguments(rawArgs))}\n`,
    );
    return EXIT.interrupted;
  }
  return reportProblems(result);
}

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Says which trials did not finish; exit status 1 where there are any, so that a script notices. */
function reportProblems({ trials }: CompareResult): number {
  const problems = trials.filter(({ status }) => status !== "finished");
  if (problems.length === 0) return EXIT.ok;
  const style = styleFor(process.stderr);
  const list = problems.map(
    ({ loss, seed, status, message }) => `\n  ${loss} seed ${seed} ${status}: ${message ?? ""}`,
  );
  process.stderr.write(
    `${style.yellow(`${problems.length} of ${trials.length} trials did not finish:`)}${list.join("")}\n`,
  );
  return EXIT.failure;
}

function installedVersion(name: string): string {
  const require = createRequire(import.meta.url);
  return (require(`${name}/package.json`) as { version: string }).version;
}
