// Writes the report of a comparison: a page for people, JSON and CSV for programs.

import { join } from "node:path";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { writeAtomically } from "../experiment/atomic-write.js";
import type { Ranking } from "../experiment/ranking.js";
import type { CompareResult } from "../experiment/results.js";
import type { CasePicture } from "./case-picture.js";
import { toCsv } from "./csv.js";
import { Page } from "./page.js";

/** Paths of the files written. */
export interface ReportFiles {
  readonly html: string;
  readonly json: string;
  readonly csv: string;
}

/** The report as one HTML text that needs no other file, network or script. */
export function renderReport(result: CompareResult, ranking: Ranking, pictures: readonly CasePicture[]): string {
  return `<!doctype html>\n${renderToString(h(Page, { result, ranking, pictures }))}\n`;
}

/**
 * Writes `report.html`, `results.json` (the result with its ranking) and `scores.csv`, each all or nothing.
 *
 * @throws LabError WRITE_FAILED
 */
export async function writeReport(
  result: CompareResult,
  ranking: Ranking,
  pictures: readonly CasePicture[],
  directory: string,
): Promise<ReportFiles> {
  const files: ReportFiles = {
    html: join(directory, "report.html"),
    json: join(directory, "results.json"),
    csv: join(directory, "scores.csv"),
  };
  await writeAtomically(files.json, `${JSON.stringify({ ...result, ranking }, null, 2)}\n`);
  await writeAtomically(files.csv, toCsv(result));
  await writeAtomically(files.html, renderReport(result, ranking, pictures));
  return files;
}
