// `losskit evaluate --compare`: two predictions over the same references, case by case.

import { basename, join, resolve } from "node:path";
import { version } from "losskit";
import type { EmptyPolicy } from "losskit/metrics";
import { isFile, isFolder } from "../datasets/image-listing.js";
import { LabError } from "../errors.js";
import { OUTPUT_FILES } from "../evaluation/evaluation-folder.js";
import { comparePaired, type PairedComparison, type PairedNames } from "../evaluation/paired.js";
import { definitionsOf, unitOf } from "../evaluation/result.js";
import type { EvaluationResult } from "../evaluation/results.js";
import { checkComparable, readStoredResult } from "../evaluation/stored-result.js";
import { allStructures } from "../evaluation/summary.js";
import { writeAtomically } from "../experiment/atomic-write.js";
import { pairedCsv, pairedTable } from "../report/paired-output.js";
import { renderPaired } from "../report/paired-page.js";
import { givenOptions } from "./arguments.js";
import { evaluate, howToGoOn } from "./evaluate.js";
import { type EvaluateOptions, evaluateArgs } from "./evaluate-options.js";
import { writeEvaluation } from "./evaluate-output.js";
import { EXIT } from "./exit-status.js";
import { commandLine } from "./shell.js";
import { styleFor, textWidth, wrap } from "./terminal.js";

/** What `--compare` writes into `--out`, beside the evaluations of both in the folders a and b. */
const PAIRED_FILES = { results: "paired.json", csv: "paired.csv", html: "paired.html" } as const;

/**
 * Compares two predictions: REFERENCE A B are evaluated first; A B alone are folders that `losskit evaluate --out` wrote.
 *
 * @returns the exit status
 */
export async function evaluatePaired(
  values: readonly string[],
  options: EvaluateOptions,
  rawArgs: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  refuseOptions(options);
  const [first, second] = values.slice(-2) as [string, string];
  const stored = values.length === 2;
  const given = givenOptions(rawArgs, evaluateArgs);
  if (stored) refuseMeasuring(given);
  const both = stored
    ? await storedResults(first, second)
    : await evaluateBoth(values[0]!, first, second, options, rawArgs, signal);
  if (both === undefined) return EXIT.interrupted;
  const [a, b] = both;
  const names = namesOf(first, second);
  const structures = allStructures([...a.cases, ...b.cases], a.settings.structures);
  const metrics = a.settings.metrics.filter((key) => b.settings.metrics.includes(key));
  const emptyMasks = given.includes("empty") ? options.empty : samePolicy(a, b);
  const unit = unitOf([...a.cases, ...b.cases]);
  const definitions = definitionsOf({ ...a.settings, metrics }, emptyMasks, unit);
  const rows = comparePaired(a.cases, b.cases, structures, metrics, emptyMasks, names);
  const record = {
    schema: "losskit-paired/1",
    versions: { losskit: version, node: process.versions.node },
    a: { name: names.a, prediction: a.prediction },
    b: { name: names.b, prediction: b.prediction },
    emptyMasks,
    definitions,
    failed: [...a.failed, ...b.failed],
    comparisons: rows,
  };
  const json = `${JSON.stringify(record, null, 2)}\n`;
  if (options.out !== undefined) {
    await writeAtomically(join(options.out, PAIRED_FILES.results), json);
    await writeAtomically(join(options.out, PAIRED_FILES.csv), pairedCsv(rows));
    const page = { rows, names, unit, facts: [methodOf(names), ...definitions] };
    const command = commandLine(rawArgs, process.env, "evaluate");
    await writeAtomically(join(options.out, PAIRED_FILES.html), renderPaired({ ...page, command }));
  }
  if (options.form === "json") process.stdout.write(json);
  else if (options.form === "csv") process.stdout.write(pairedCsv(rows));
  else printTable(rows, names, unit, definitions);
  const failed = record.failed.length;
  if (failed === 0) return EXIT.ok;
  process.stderr.write(`${failed} cases could not be measured, and are not compared.\n`);
  return EXIT.badInput;
}

function refuseOptions({ form, limits }: EvaluateOptions): void {
  if (form === "ndjson")
    throw new LabError("USAGE", "--ndjson prints one evaluation; with --compare take --json or --csv");
  if (limits.length > 0) {
    throw new LabError("USAGE", "--fail-under and --fail-over are limits on one evaluation; leave --compare away");
  }
}

/** What may be said of two evaluations that are done: what counts for an empty mask, and where the comparison goes. */
const FOR_STORED: readonly string[] = ["compare", "empty", "out", "json", "csv"];

function refuseMeasuring(given: readonly string[]): void {
  const idle = given.find((name) => !FOR_STORED.includes(name));
  if (idle === undefined) return;
  throw new LabError(
    "USAGE",
    `--${idle} has no meaning for two folders that are evaluated already; give REFERENCE A B with --compare, or leave it away`,
  );
}

/** @throws LabError USAGE where the two results were made with different ones */
function samePolicy(a: EvaluationResult, b: EvaluationResult): EmptyPolicy {
  if (a.emptyMasks === b.emptyMasks) return a.emptyMasks;
  throw new LabError(
    "USAGE",
    `the two results were made with --empty ${a.emptyMasks} and --empty ${b.emptyMasks}; say with --empty which counts for both`,
  );
}

async function storedResults(first: string, second: string): Promise<[EvaluationResult, EvaluationResult]> {
  for (const folder of [first, second]) {
    if (await isFile(join(folder, OUTPUT_FILES.results))) continue;
    throw new LabError(
      "USAGE",
      `${folder} holds no results of losskit evaluate; give REFERENCE A B with --compare, or two folders written with --out`,
    );
  }
  const results: [EvaluationResult, EvaluationResult] = [await readStoredResult(first), await readStoredResult(second)];
  checkComparable(...results);
  return results;
}

/** Undefined where it was stopped. */
async function evaluateBoth(
  reference: string,
  first: string,
  second: string,
  options: EvaluateOptions,
  rawArgs: readonly string[],
  signal: AbortSignal,
): Promise<[EvaluationResult, EvaluationResult] | undefined> {
  const results: EvaluationResult[] = [];
  for (const [place, prediction] of [
    ["a", first],
    ["b", second],
  ] as const) {
    const out = options.out === undefined ? undefined : join(options.out, place);
    // Stopped within the first, the second has nothing to go on with.
    const resume = options.resume && (place === "a" || (await isFolder(out!)));
    const own = { ...options, ...(out !== undefined && { out }), resume };
    // Of the second the labels are those of the first, also where both have a dataset.json of their own.
    const known = results[0] && { structures: results[0].settings.structures, ignore: results[0].settings.ignore };
    const { result, pairs, interrupted } = await evaluate(reference, prediction, own, rawArgs, signal, known);
    if (own.out !== undefined && result.cases.length > 0) await writeEvaluation(result, pairs, own.out, own.images);
    if (interrupted) {
      const done = `${result.cases.length + result.failed.length} of ${result.found} cases of ${prediction}`;
      process.stderr.write(`Stopped after ${done}. ${howToGoOn(options, rawArgs)}\n`);
      return undefined;
    }
    results.push(result);
  }
  return results as [EvaluationResult, EvaluationResult];
}

/** Their last names, or where these are the same all of their paths. */
function namesOf(first: string, second: string): PairedNames {
  const [a, b] = [basename(resolve(first)), basename(resolve(second))];
  return a === b ? { a: first, b: second } : { a, b };
}

const methodOf = ({ a, b }: PairedNames): string =>
  `Difference: ${b} minus ${a}, mean over the cases that have a value in both (left out: the others, as with empty masks), with a bootstrap interval; p: Wilcoxon ` +
  "signed-rank test, two-sided, corrected by Holm over all rows. A difference is claimed where p is below 0.05 and the interval excludes 0.";

function printTable(
  rows: readonly PairedComparison[],
  names: PairedNames,
  unit: string,
  definitions: readonly string[],
): void {
  const { stdout } = process;
  const style = styleFor(stdout);
  const color = style.bold("x") !== "x";
  const width = textWidth(stdout);
  const sentences = rows.map(({ sentence, better }) => {
    const text = wrap(sentence, width, "  ");
    return better === "neither" ? text : style.bold(text);
  });
  const text = [
    ...sentences,
    "",
    wrap(methodOf(names), width, "  "),
    ...definitions.map((line) => wrap(line, width, "  ")),
  ];
  stdout.write(`${pairedTable(rows, names, unit, color)}\n\n${text.join("\n")}\n`);
}
