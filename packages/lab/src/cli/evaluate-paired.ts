// `losskit evaluate --compare`: two predictions over the same references, case by case.

import { basename, join, resolve } from "node:path";
import { version } from "losskit";
import { isFile } from "../datasets/image-listing.js";
import { LabError } from "../errors.js";
import { OUTPUT_FILES } from "../evaluation/evaluation-folder.js";
import { comparePaired, type PairedComparison, type PairedNames } from "../evaluation/paired.js";
import { unitOf } from "../evaluation/result.js";
import type { EvaluationResult } from "../evaluation/results.js";
import { checkComparable, readStoredResult } from "../evaluation/stored-result.js";
import { allStructures } from "../evaluation/summary.js";
import { writeAtomically } from "../experiment/atomic-write.js";
import { pairedCsv, pairedTable } from "../report/paired-output.js";
import { renderPaired } from "../report/paired-page.js";
import { evaluate } from "./evaluate.js";
import type { EvaluateOptions } from "./evaluate-options.js";
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
  const both =
    values.length === 2
      ? await storedResults(first, second)
      : await evaluateBoth(values[0]!, first, second, options, rawArgs, signal);
  if (both === undefined) return EXIT.interrupted;
  const [a, b] = both;
  const names = namesOf(first, second);
  const structures = allStructures([...a.cases, ...b.cases], a.settings.structures);
  const metrics =
    values.length === 2 ? a.settings.metrics.filter((key) => b.settings.metrics.includes(key)) : options.metrics;
  const rows = comparePaired(a.cases, b.cases, structures, metrics, options.empty, names);
  const record = {
    schema: "losskit-paired/1",
    versions: { losskit: version, node: process.versions.node },
    a: { name: names.a, prediction: a.prediction },
    b: { name: names.b, prediction: b.prediction },
    emptyMasks: options.empty,
    definitions: a.definitions,
    failed: [...a.failed, ...b.failed],
    comparisons: rows,
  };
  const json = `${JSON.stringify(record, null, 2)}\n`;
  if (options.out !== undefined) {
    await writeAtomically(join(options.out, PAIRED_FILES.results), json);
    await writeAtomically(join(options.out, PAIRED_FILES.csv), pairedCsv(rows));
    const page = { rows, names, unit: unitOf([...a.cases, ...b.cases]), facts: [methodOf(names), ...a.definitions] };
    const command = commandLine(rawArgs, process.env, "evaluate");
    await writeAtomically(join(options.out, PAIRED_FILES.html), renderPaired({ ...page, command }));
  }
  if (options.form === "json") process.stdout.write(json);
  else if (options.form === "csv") process.stdout.write(pairedCsv(rows));
  else printTable(rows, names, [a, b]);
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
    const own = { ...options, ...(options.out !== undefined && { out: join(options.out, place) }) };
    // Of the second the labels are those of the first, also where both have a dataset.json of their own.
    const known = results[0] && { structures: results[0].settings.structures, ignore: results[0].settings.ignore };
    const { result, pairs, interrupted } = await evaluate(reference, prediction, own, rawArgs, signal, known);
    if (own.out !== undefined && result.cases.length > 0) await writeEvaluation(result, pairs, own.out, own.images);
    if (interrupted) {
      process.stderr.write(`Stopped after ${result.cases.length} of ${result.found} cases of ${prediction}.\n`);
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
  `Difference: ${b} minus ${a}, mean over the cases that have a value in both, with a bootstrap interval; p: Wilcoxon ` +
  "signed-rank test, two-sided, corrected by Holm over all rows. A difference is claimed where p is below 0.05 and the interval excludes 0.";

function printTable(rows: readonly PairedComparison[], names: PairedNames, results: readonly EvaluationResult[]): void {
  const { stdout } = process;
  const style = styleFor(stdout);
  const color = style.bold("x") !== "x";
  const unit = unitOf(results.flatMap(({ cases }) => cases));
  const width = textWidth(stdout);
  const sentences = rows.map(({ sentence, better }) => {
    const text = wrap(sentence, width, "  ");
    return better === "neither" ? text : style.bold(text);
  });
  const text = [
    ...sentences,
    "",
    wrap(methodOf(names), width, "  "),
    ...results[0]!.definitions.map((line) => wrap(line, width, "  ")),
  ];
  stdout.write(`${pairedTable(rows, names, unit, color)}\n\n${text.join("\n")}\n`);
}
