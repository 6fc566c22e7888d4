// The end of a comparison: writes the report, prints the ranking, says where to look.

import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import type { Trial } from "../experiment/output-folder.js";
import { rank } from "../experiment/ranking.js";
import type { CompareResult } from "../experiment/results.js";
import { terminalTable } from "../report/terminal-table.js";
import { writeReport } from "../report/write-report.js";
import { loadPictures } from "./case-pictures.js";
import { styleFor, textWidth, wrap } from "./terminal.js";

/** Writes the report of what is done; the table, or the JSON of the result, goes to stdout. */
export async function printReport(
  result: CompareResult,
  trials: readonly Trial[],
  dataset: Dataset,
  out: string,
  json: boolean,
): Promise<void> {
  const ranking = rank(result);
  const files = await writeReport(result, ranking, await loadPictures(result, trials, dataset, out), out);
  const where = `Report: ${shortest(files.html)}\n`;
  if (json) {
    process.stdout.write(await readFile(files.json, "utf8"));
    process.stderr.write(where);
    return;
  }
  const { stdout } = process;
  const style = styleFor(stdout);
  // Bold marks a head only where escapes are wanted at all; without a terminal every column is kept.
  const color = style.bold("x") !== "x";
  const table = terminalTable(ranking, { color, width: stdout.columns ?? Number.POSITIVE_INFINITY });
  const verdict = wrap(ranking.verdict, textWidth(stdout));
  stdout.write(`\n${table}\n\n${style.bold(verdict)}\n\n${where}`);
}

/** The path as it is typed from here, where that is shorter. */
function shortest(path: string): string {
  const local = relative(process.cwd(), path);
  return local.length < path.length ? local : path;
}
