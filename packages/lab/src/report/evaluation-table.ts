// The summary of an evaluation as a table for a terminal.

import { stripVTControlCharacters, styleText } from "node:util";
import Table from "cli-table3";
import { type MetricKey, metricOf } from "../evaluation/metric-catalogue.js";
import { unitOf } from "../evaluation/result.js";
import type { EvaluationResult, MetricSummary } from "../evaluation/results.js";
import { figure, figureInterval, meanIntervalFigure } from "./figures.js";

interface Column {
  readonly head: string;
  readonly cell: (row: MetricSummary) => string;
}

/** In the order in which a narrow terminal gives them up from the end. */
const COLUMNS: readonly Column[] = [
  { head: "mean", cell: ({ mean }) => figure(mean) },
  { head: "median", cell: ({ median }) => figure(median) },
  { head: "n", cell: ({ cases }) => String(cases) },
  { head: "empty", cell: ({ empty }) => String(empty) },
  { head: "IQR", cell: ({ quartiles }) => figureInterval(quartiles) },
  { head: "95 % of mean", cell: meanIntervalFigure },
];

const FEWEST_COLUMNS = 2;

/** Head of a metric's rows: with the unit, where it has one. */
export function metricHead(key: MetricKey, unit: string, dimensions = 3): string {
  const metric = metricOf(key);
  if (metric.unit === "length") return `${metric.title} (${unit})`;
  if (metric.unit === "volume") return `${metric.title} (${unit}${dimensions === 2 ? "²" : "³"})`;
  return metric.title;
}

/** Axes of space; 3 where cases differ. */
export const dimensionsOf = ({ cases }: Pick<EvaluationResult, "cases">): number =>
  cases.length > 0 && cases.every(({ shape }) => shape.length === 2) ? 2 : 3;

/**
 * A row per structure and metric.
 *
 * @param options `color`: whether escapes may be used (the caller minds NO_COLOR); `width`: columns of the terminal
 * @returns lines without a line end after the last
 */
export function evaluationTable(
  result: EvaluationResult,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  for (let shown = COLUMNS.length; ; shown--) {
    const text = draw(result, COLUMNS.slice(0, shown), color);
    const lineLength = [...stripVTControlCharacters(text.split("\n", 1)[0]!)].length;
    if (lineLength <= width || shown <= FEWEST_COLUMNS) return text;
  }
}

function draw(result: EvaluationResult, columns: readonly Column[], color: boolean): string {
  const bold = (text: string) => (color ? styleText("bold", text, { validateStream: false }) : text);
  const unit = unitOf(result.cases);
  const dimensions = dimensionsOf(result);
  const table = new Table({
    head: ["structure", "metric", ...columns.map(({ head }) => head)].map(bold),
    colAligns: ["left", "left", ...columns.map(() => "right" as const)],
    // Its own colours are on or off by the environment of the process, whatever the caller decided.
    style: { head: [], border: [], compact: true },
  });
  for (const { structure, metrics } of result.summary) {
    for (const [index, row] of metrics.entries()) {
      table.push([
        index === 0 ? plain(structure) : "",
        metricHead(row.metric, unit, dimensions),
        ...columns.map(({ cell }) => cell(row)),
      ]);
    }
  }
  return table.toString();
}

/** Without escapes and line ends: a name from a file must not steer the terminal. */
export const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");
