// The ranking as a table for a terminal.

import { stripVTControlCharacters } from "node:util";
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
  { head: "loss", align: "left", cell: ({ label }) => label },
  { head: "Dice", align: "right", cell: ({ dice }) => score(dice) },
  { head: "95 % over seeds", align: "right", cell: (row) => interval(row.interval) },
  { head: "IoU", align: "right", cell: ({ iou }) => score(iou) },
  { head: "sensitivity", align: "right", cell: ({ sensitivity }) => score(sensitivity) },
  { head: "precision", align: "right", cell: ({ precision }) => score(precision) },
  { head: "cases", align: "right", cell: ({ cases }) => String(cases) },
  { head: "seeds", align: "right", cell: ({ seeds }) => String(seeds) },
];

/** Rank, loss and Dice are always shown. */
const FEWEST_COLUMNS = 3;

/**
 * @param options `color`: whether the head may be bold; `width`: columns of the terminal
 * @returns lines without a line end after the last
 */
export function terminalTable(ranking: Ranking, options: { readonly color: boolean; readonly width: number }): string {
  for (let shown = COLUMNS.length; ; shown--) {
    const text = draw(ranking, COLUMNS.slice(0, shown), options.color);
    const [firstLine] = text.split("\n", 1);
    if (shown === FEWEST_COLUMNS || visibleLength(firstLine) <= options.width) return text;
  }
}

function draw({ rows }: Ranking, columns: readonly Column[], color: boolean): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    style: { head: color ? ["bold"] : [], border: color ? ["grey"] : [], compact: true },
  });
  for (const row of rows) table.push(columns.map(({ cell }) => cell(row)));
  return table.toString();
}

const visibleLength = (line: string): number => [...stripVTControlCharacters(line)].length;
