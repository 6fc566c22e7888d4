// The ranking as a table for a terminal.

import { stripVTControlCharacters, styleText } from "node:util";
import Table from "cli-table3";
import type { Ranking, RankingRow } from "../experiment/ranking.js";
import { interval, score } from "./figures.js";

interface Column {
  readonly head: string;
  readonly align: "left" | "right";
  readonly cell: (row: RankingRow) => string;
}

/** In the order in which a narrow terminal gives them up from the end. */
const COLUMNS: readonly Column[] = [
  { head: "", align: "right", cell: ({ place }) => (place === undefined ? "" : String(place)) },
  { head: "loss", align: "left", cell: ({ label }) => plain(label) },
  { head: "Dice", align: "right", cell: ({ dice }) => score(dice) },
  { head: "95 % over seeds", align: "right", cell: (row) => interval(row.interval) },
  { head: "sd of cases", align: "right", cell: ({ caseDeviation }) => score(caseDeviation) },
  { head: "cases", align: "right", cell: ({ cases }) => String(cases) },
  { head: "seeds", align: "right", cell: ({ seeds }) => String(seeds) },
  { head: "IoU", align: "right", cell: ({ iou }) => score(iou) },
  { head: "sensitivity", align: "right", cell: ({ sensitivity }) => score(sensitivity) },
  { head: "precision", align: "right", cell: ({ precision }) => score(precision) },
];

/** Rank, loss and Dice are always shown. */
const FEWEST_COLUMNS = 3;

/** Of the loss's name where even three columns are too wide; a longer one ends in "…". */
const SHORTEST_NAME = 8;

/**
 * The rows of the ranking, and below them what went wrong in trials that did not finish.
 *
 * @param options `color`: whether escapes may be used (the caller minds NO_COLOR); `width`: columns of the terminal
 * @returns lines without a line end after the last
 */
export function terminalTable(ranking: Ranking, options: { readonly color: boolean; readonly width: number }): string {
  const problems = ranking.rows.flatMap(({ label, problems }) =>
    problems.map((problem) => `${plain(label)}: ${plain(problem)}`),
  );
  return [fittingTable(ranking, options), ...problems].join("\n");
}

function fittingTable(ranking: Ranking, { color, width }: { readonly color: boolean; readonly width: number }): string {
  let excess = 0;
  for (let shown = COLUMNS.length; shown >= FEWEST_COLUMNS; shown--) {
    const text = draw(ranking, COLUMNS.slice(0, shown), color);
    excess = lineLength(text) - width;
    if (excess <= 0) return text;
  }
  // The name's own column, drawn alone, is wider than the name by two borders and two blanks.
  const longest = lineLength(draw(ranking, [COLUMNS[1]], false)) - 4;
  return draw(ranking, COLUMNS.slice(0, FEWEST_COLUMNS), color, Math.max(SHORTEST_NAME, longest - excess));
}

/** @param nameWidth most columns of the loss's name */
function draw({ rows }: Ranking, columns: readonly Column[], color: boolean, nameWidth?: number): string {
  const bold = (text: string) => (color ? styleText("bold", text, { validateStream: false }) : text);
  const table = new Table({
    head: columns.map(({ head }) => bold(head)),
    colAligns: columns.map(({ align }) => align),
    // cli-table3 counts a blank on both sides.
    ...(nameWidth !== undefined && { colWidths: [null, nameWidth + 2] }),
    // Its own colours are on or off by the environment of the process, whatever the caller decided.
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(columns.map(({ cell }) => cell(row)));
  return table.toString();
}

/** Without escapes and line ends: a name from the command line must not steer the terminal. */
const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");

/** Of the upper border, which has one character for each column of the terminal. */
const lineLength = (text: string): number => [...stripVTControlCharacters(text.split("\n", 1)[0])].length;
