// Charts of a comparison as SVG text: intervals, cases, training curves.

import * as Plot from "@observablehq/plot";
import { quantile } from "d3-array";
import { parseHTML } from "linkedom";
import type { Ranking } from "../experiment/ranking.js";
import type { CompareResult } from "../experiment/results.js";
import { scoreTable } from "../experiment/score-table.js";

/** Okabe and Ito's colours (2008), dark ones first; losses beyond the eighth share grey. */
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#999999"];

const WIDTH = 860;
const ROW = 34;
/** Room for the names of losses, in pixels per character of the longest and at most. */
const NAME_WIDTH = { character: 7.5, most: 260 };

interface PlotOptions extends Plot.PlotOptions {
  readonly label: string;
}

/** Draws a plot on a document of its own and gives its SVG. */
function svg({ label, ...options }: PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const drawn = Plot.plot({
    width: WIDTH,
    marginBottom: 44,
    ...options,
    document,
    style: { background: "transparent", color: "currentColor", fontSize: "13px", fontFamily: "inherit" },
  } as Plot.PlotOptions) as unknown as Element;
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", label);
  return drawn.outerHTML;
}

const nameMargin = (names: readonly string[]) =>
  Math.min(NAME_WIDTH.most, 20 + NAME_WIDTH.character * Math.max(...names.map((name) => name.length)));

function colourScale(ranking: Ranking): { domain: string[]; range: string[] } {
  const domain = ranking.rows.map(({ label }) => label);
  return { domain, range: domain.map((_, i) => COLOURS[Math.min(i, COLOURS.length - 1)]) };
}

/** Mean Dice of each loss with its interval over seeds. */
export function intervalChart(ranking: Ranking): string {
  const rows = ranking.rows.filter(({ dice }) => dice !== null);
  const names = rows.map(({ label }) => label);
  const withInterval = rows.filter(({ interval }) => interval !== undefined);
  return svg({
    label: "Mean Dice of each loss with its 95 % interval over seeds",
    height: ROW * rows.length + 74,
    marginLeft: nameMargin(names),
    x: { label: "mean Dice (bar: 95 % interval over seeds)", grid: true },
    y: { domain: names, label: null },
    color: colourScale(ranking),
    marks: [
      Plot.ruleY(withInterval, {
        y: "label",
        x1: ({ interval }) => interval?.[0],
        x2: ({ interval }) => interval?.[1],
        stroke: "label",
        strokeWidth: 3,
        strokeLinecap: "round",
      }),
      Plot.dot(rows, { y: "label", x: "dice", fill: "label", r: 6 }),
    ],
  });
}

/** Every test case of each loss (mean over seeds), with the median. */
export function caseChart(result: CompareResult, ranking: Ranking): string {
  const table = scoreTable(result);
  const names = ranking.rows.filter(({ dice }) => dice !== null).map(({ label }) => label);
  const points = table.losses
    .filter(({ label }) => names.includes(label))
    .flatMap(({ label, dice }) =>
      table.cases.flatMap((id, c) => {
        const values = dice.map((row) => row[c]).filter((value): value is number => value !== null);
        return values.length > 0
          ? [{ loss: label, case: id, dice: values.reduce((a, b) => a + b) / values.length }]
          : [];
      }),
    );
  const medians = names.map((loss) => ({
    loss,
    dice: quantile(
      points.filter((point) => point.loss === loss),
      0.5,
      (point) => point.dice,
    ),
  }));
  return svg({
    label: "Dice of every test case, one row of dots per loss",
    height: ROW * names.length + 74,
    marginLeft: nameMargin(names),
    x: { label: "Dice of a case (line: median)", grid: true, domain: [0, 1] },
    y: { domain: names, label: null },
    color: colourScale(ranking),
    marks: [
      Plot.dot(points, { x: "dice", y: "loss", fill: "loss", fillOpacity: 0.45, r: 4, title: "case" }),
      Plot.tickX(medians, { x: "dice", y: "loss", strokeWidth: 3 }),
    ],
  });
}

/** Training loss of every trial, each loss on an axis of its own: their values have no common scale. */
export function curveCharts(result: CompareResult, ranking: Ranking): readonly { loss: string; svg: string }[] {
  const colours = colourScale(ranking);
  return ranking.rows.flatMap(({ label }) => {
    const points = result.trials
      .filter(({ loss }) => loss === label)
      .flatMap(({ seed, curve }) => curve.map(({ step, loss }) => ({ seed, step, loss })))
      .filter(({ loss }) => Number.isFinite(loss));
    if (points.length === 0) return [];
    return [
      {
        loss: label,
        svg: svg({
          label: `Training curves of ${label}`,
          width: 280,
          height: 170,
          marginLeft: 46,
          x: { label: "step", ticks: 4 },
          y: { label: null, grid: true, ticks: 4 },
          marks: [
            Plot.line(points, {
              x: "step",
              y: "loss",
              z: "seed",
              stroke: colours.range[colours.domain.indexOf(label)],
              strokeOpacity: 0.8,
              strokeWidth: 1.4,
            }),
          ],
        }),
      },
    ];
  });
}

/** Dice on the validation split while training, all losses on one axis; undefined where there is no such split. */
export function validationChart(result: CompareResult, ranking: Ranking): string | undefined {
  const points = result.trials.flatMap(({ loss, validation }) =>
    validation.map(({ step, dice }) => ({ loss, step, dice })),
  );
  if (points.length === 0) return undefined;
  const mean = { y: "mean" } as const;
  return svg({
    label: "Mean Dice on the validation cases while training",
    height: 300,
    marginLeft: 46,
    x: { label: "step" },
    y: { label: "validation Dice (mean over seeds)", grid: true, domain: [0, 1] },
    color: { ...colourScale(ranking), legend: false },
    marks: [Plot.line(points, Plot.groupX(mean, { x: "step", y: "dice", z: "loss", stroke: "loss", strokeWidth: 2 }))],
  });
}

/** Loss names with the colours of the charts. */
export function colourKey(ranking: Ranking): readonly { readonly loss: string; readonly colour: string }[] {
  const { domain, range } = colourScale(ranking);
  return domain.map((loss, i) => ({ loss, colour: range[i] }));
}
