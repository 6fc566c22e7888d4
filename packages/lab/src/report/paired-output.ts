// A paired comparison as a table for a terminal and as CSV.

import { styleText } from "node:util";
import Table from "cli-table3";
import type { PairedComparison } from "../evaluation/paired.js";
import { csvField } from "./csv.js";
import { metricHead, plain } from "./evaluation-table.js";
import { figure, NOTHING, pValue } from "./figures.js";

/** A difference with its sign. */
export const signedFigure = (value: number | null): string =>
  value === null ? NOTHING : `${value < 0 ? "" : "+"}${figure(value)}`;

export const signedInterval = (bounds: readonly [number, number] | null): string =>
  bounds === null ? NOTHING : `${signedFigure(bounds[0])} to ${signedFigure(bounds[1])}`;

/**
 * A row per structure and metric.
 *
 * @param names of the two predictions
 */
export function pairedTable(
  rows: readonly PairedComparison[],
  names: { readonly a: string; readonly b: string },
  unit: string,
  color: boolean,
): string {
  const bold = (text: string) => (color ? styleText("bold", text, { validateStream: false }) : text);
  const heads = [
    "structure",
    "metric",
    plain(names.a),
    plain(names.b),
    "difference",
    "95 %",
    "p (Holm)",
    "n",
    "left out",
  ];
  const table = new Table({
    head: heads.map(bold),
    colAligns: heads.map((_, column) => (column < 2 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const [index, row] of rows.entries()) {
    table.push([
      rows[index - 1]?.structure === row.structure ? "" : plain(row.structure),
      metricHead(row.metric, unit),
      figure(row.meanA),
      figure(row.meanB),
      signedFigure(row.difference),
      signedInterval(row.interval),
      pValue(row.pValue ?? undefined),
      String(row.cases.length),
      String(row.leftOut),
    ]);
  }
  return table.toString();
}

/** A row per case, structure and metric. */
export function pairedCsv(rows: readonly PairedComparison[]): string {
  const head = ["case", "structure", "metric", "a", "b", "difference"];
  const lines = rows.flatMap(({ structure, metric, cases }) =>
    cases.map((one) => [one.case, structure, metric, one.a, one.b, one.difference]),
  );
  return [head, ...lines].map((line) => `${line.map(csvField).join(",")}\r\n`).join("");
}
