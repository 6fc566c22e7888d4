// The end of an evaluation: its files, and what goes to stdout.

import { join } from "node:path";
import { OUTPUT_FILES } from "../evaluation/evaluation-folder.js";
import { metricOf } from "../evaluation/metric-catalogue.js";
import { nnunetSummary } from "../evaluation/nnunet-summary.js";
import type { Pairs } from "../evaluation/pairs.js";
import type { EvaluationResult } from "../evaluation/results.js";
import { spoken } from "../evaluation/structures.js";
import { writeAtomically } from "../experiment/atomic-write.js";
import { evaluationCsv } from "../report/evaluation-csv.js";
import { renderEvaluation } from "../report/evaluation-page.js";
import { evaluationTable, plain } from "../report/evaluation-table.js";
import { counted, objectsSentence } from "../report/figures.js";
import type { EvaluateOptions } from "./evaluate-options.js";
import { loadWorstCases, rankingMetric } from "./evaluation-pictures.js";
import { styleFor, textWidth, wrap } from "./terminal.js";

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Writes nnU-Net's summary.json, all results as JSON and CSV, and the page.
 *
 * @throws LabError WRITE_FAILED
 */
export async function writeEvaluation(
  result: EvaluationResult,
  { imageFolders }: Pairs,
  out: string,
  images: string | undefined,
): Promise<void> {
  const { cases, structures, emptyMasks } = result;
  await writeAtomically(join(out, OUTPUT_FILES.nnunet), toJson(nnunetSummary(cases, structures, emptyMasks)));
  await writeAtomically(join(out, OUTPUT_FILES.results), toJson(result));
  await writeAtomically(join(out, OUTPUT_FILES.csv), evaluationCsv(result));
  const pictures = await loadWorstCases(result, images === undefined ? imageFolders : [images]);
  const rankedBy = metricOf(rankingMetric(result.settings.metrics)).title;
  await writeAtomically(join(out, OUTPUT_FILES.html), renderEvaluation({ result, pictures, rankedBy }));
}

/** The table with its definitions, JSON or CSV; lines of JSON were printed as the cases came. */
export function printEvaluation(result: EvaluationResult, { form }: Pick<EvaluateOptions, "form">): void {
  const { stdout } = process;
  if (form === "json") stdout.write(toJson(result));
  if (form === "csv") stdout.write(evaluationCsv(result));
  if (form !== "table") return;
  const style = styleFor(stdout);
  const color = style.bold("x") !== "x";
  const table = evaluationTable(result, { color, width: stdout.columns ?? Number.POSITIVE_INFINITY });
  const lines = [
    `${countOf(result)}.`,
    ...objectLines(result),
    ...result.definitions,
    ...intervalLine(result),
    ...noteLines(result),
  ];
  const text = lines.map((line) => wrap(line, textWidth(stdout), "  ")).join("\n");
  stdout.write(`${table}\n\n${text}\n`);
}

function countOf({ cases, found, failed, withoutPrediction, withoutReference }: EvaluationResult): string {
  const without = withoutPrediction.length + withoutReference.length;
  const parts = [
    cases.length === found ? counted(found, "case") : `${cases.length} of ${found} cases`,
    ...(failed.length > 0 ? [`${failed.length} not measured`] : []),
    ...(without > 0 ? [`${counted(without, "file")} without a partner left out`] : []),
  ];
  return parts.join(", ");
}

/** Detection over all cases, where it is asked for. */
const objectLines = ({ summary }: EvaluationResult): string[] =>
  summary.flatMap(({ structure, objects }) =>
    objects ? [`${plain(spoken(structure))}, objects of all cases together: ${objectsSentence(objects)}.`] : [],
  );

/** What the word in the place of an interval means. */
function intervalLine({ summary }: EvaluationResult): string[] {
  const alike = summary.some(({ metrics }) => metrics.some(({ noInterval }) => noInterval === "alike"));
  return alike
    ? ["Alike: all or nearly all cases have one value, which does not tell how others would spread; no interval."]
    : [];
}

/** What was odd but accepted: each sentence once, with the cases it is of. */
function noteLines({ cases }: EvaluationResult): string[] {
  const byNote = new Map<string, string[]>();
  for (const { case: id, notes } of cases)
    for (const note of notes) byNote.set(note, [...(byNote.get(note) ?? []), id]);
  const entries = [...byNote];
  const MOST = 5;
  const shown = entries
    .slice(0, MOST)
    .map(
      ([note, ids]) =>
        `Note: ${plain(note)} (${plain(ids[0]!)}${ids.length > 1 ? ` and ${ids.length - 1} more` : ""}).`,
    );
  return entries.length > MOST ? [...shown, `And ${entries.length - MOST} more notes; --json has them all.`] : shown;
}
