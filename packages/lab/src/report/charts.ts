// Charts of a comparison as SVG text: intervals, cases, training curves.

import * as Plot from "@observablehq/plot";
import { group, mean, quantile } from "d3-array";
import { parseHTML } from "linkedom";
import { isClaimedBetter, MIN_CASES } from "../experiment/claims.js";
import type { Ranking } from "../experiment/ranking.js";
import type { CompareResult, TrialResult } from "../experiment/results.js";
import { scoreTable } from "../experiment/score-table.js";

/** Colours of the style sheet, so that charts follow light and dark. */
const LEADING = "var(--accent)";
const BEHIND = "var(--behind)";
const FAINT = "var(--line)";

const WIDTH = 760;
export const ROW = 36;
/** Room for the names of losses: pixels per character of the longest, and most characters that are shown. */
const NAME = { character: 7.8, most: 34 };

/** Draws a plot on a document of its own and gives its SVG; `label` is what a screen reader says. */
export function svg(label: string, options: Plot.PlotOptions, fontSize = 14): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const drawn = Plot.plot({
    width: WIDTH,
    marginBottom: 44,
    ...options,
    color: { type: "identity" },
    document,
    style: { background: "transparent", color: "currentColor", fontSize: `${fontSize}px`, fontFamily: "inherit" },
  } as Plot.PlotOptions) as unknown as Element;
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", label);
  return drawn.outerHTML;
}

export const shortened = (name: string) => (name.length > NAME.most ? `${name.slice(0, NAME.most - 1)}…` : name);

export const nameMargin = (names: readonly string[]) =>
  24 + NAME.character * Math.max(0, ...names.map((name) => shortened(name).length));

/** Losses with a score, best first. */
const ranked = (ranking: Ranking) => ranking.rows.filter(({ dice }) => dice !== null);

/** The first loss and those that are not claimed to be worse than it. */
export function leadingLosses({ rows, pairs }: Ranking): ReadonlySet<string> {
  const [best] = rows;
  const leading = rows.filter(({ dice, label }) => dice !== null && !isClaimedBetter(pairs, best.label, label));
  return new Set(leading.map(({ label }) => label));
}

function colourOf(ranking: Ranking): (label: string) => string {
  const leading = leadingLosses(ranking);
  return (label) => (leading.has(label) ? LEADING : BEHIND);
}

/** Mean Dice of each loss with its interval over seeds, and the mean of every trial. */
export function intervalChart(result: CompareResult, ranking: Ranking): string {
  const rows = ranked(ranking);
  const names = rows.map(({ label }) => label);
  const colour = colourOf(ranking);
  const trials = scoreTable(result).losses.flatMap(({ label, dice }) =>
    dice.flatMap((row) => {
      const center = mean(row, (value) => value ?? undefined);
      return center === undefined ? [] : [{ label, dice: center }];
    }),
  );
  return svg("Mean Dice of each loss with its 95 % interval over seeds; the numbers are in the table above", {
    height: ROW * rows.length + 60,
    marginLeft: nameMargin(names),
    x: { label: "mean Dice", grid: true, nice: true },
    y: { domain: names, label: null, tickFormat: shortened, tickSize: 0 },
    marks: [
      Plot.ruleY(
        rows.filter(({ interval }) => interval !== undefined),
        {
          y: "label",
          x1: ({ interval }) => interval?.[0],
          x2: ({ interval }) => interval?.[1],
          stroke: ({ label }) => colour(label),
          strokeOpacity: 0.35,
          strokeWidth: 9,
          strokeLinecap: "round",
        },
      ),
      Plot.tickX(trials, { y: "label", x: "dice", stroke: ({ label }) => colour(label), inset: 9, strokeWidth: 1.5 }),
      Plot.dot(rows, { y: "label", x: "dice", fill: ({ label }) => colour(label), r: 5.5 }),
    ],
  });
}

interface Point {
  readonly loss: string;
  readonly case: string;
  readonly dice: number;
  readonly height: number;
}

/** Every test case of each loss (mean over seeds), with median, and quartiles where there are enough cases. */
export function caseChart(result: CompareResult, ranking: Ranking): string {
  const { cases, losses } = scoreTable(result);
  const names = ranked(ranking).map(({ label }) => label);
  const points = losses.flatMap(({ label, dice }) =>
    cases.flatMap((id, c): Point[] => {
      const value = mean(dice, (row) => row[c] ?? undefined);
      // A case lies at the same height for every loss; steps of the golden ratio keep neighbours apart.
      return value === undefined ? [] : [{ loss: label, case: id, dice: value, height: ((c + 1) * 0.618034) % 1 }];
    }),
  );
  const boxes = [...group(points, ({ loss }) => loss)].map(([loss, own]) => ({
    loss,
    cases: own.length,
    low: quantile(own, 0.25, ({ dice }) => dice),
    middle: quantile(own, 0.5, ({ dice }) => dice),
    high: quantile(own, 0.75, ({ dice }) => dice),
  }));
  const colour = colourOf(ranking);
  return svg("Dice of every test case, one strip of dots per loss, with median and quartiles", {
    height: ROW * names.length + 60,
    marginLeft: nameMargin(names),
    x: { label: "Dice of a test case", grid: true, domain: [0, 1] },
    y: { axis: null, domain: [-0.25, 1.25] },
    fy: { domain: names, label: null, axis: "left", tickFormat: shortened, padding: 0.15 },
    marks: [
      Plot.rect(
        boxes.filter((box) => box.cases >= MIN_CASES),
        {
          fy: "loss",
          x1: "low",
          x2: "high",
          y1: -0.25,
          y2: 1.25,
          fill: FAINT,
          fillOpacity: 0.7,
          rx: 3,
        },
      ),
      Plot.dot(points, {
        fy: "loss",
        x: "dice",
        y: "height",
        fill: ({ loss }: Point) => colour(loss),
        fillOpacity: 0.6,
        r: 3.2,
        title: ({ case: id, dice }: Point) => `${id}: ${dice.toFixed(3)}`,
      }),
      Plot.ruleX(boxes, { fy: "loss", x: "middle", y1: -0.25, y2: 1.25, strokeWidth: 2.5 }),
    ],
  });
}

/** The curves of one loss. */
export interface CurveCharts {
  readonly loss: string;
  /** Training loss by step on an axis of its own; undefined where no trial has a finite value. */
  readonly training: string | undefined;
  /** Validation Dice by step on the axis that all losses share; undefined without a validation split. */
  readonly validation: string | undefined;
}

const SMALL = { width: 290, height: 150, marginLeft: 48, marginRight: 12, marginTop: 12, marginBottom: 34 };

const SMALL_FONT = 12;

interface Curve {
  readonly seed: number;
  readonly step: number;
  readonly value: number;
}

/** Small charts of each loss, best first: thin lines are seeds, the thick one is their mean. */
export function curveCharts(result: CompareResult, ranking: Ranking): readonly CurveCharts[] {
  const curves = (read: (trial: TrialResult) => readonly { step: number; value: number }[]) =>
    new Map(
      ranking.rows.map(({ label }) => [
        label,
        result.trials
          .filter(({ loss }) => loss === label)
          .flatMap((trial) => read(trial).map((point): Curve => ({ seed: trial.seed, ...point })))
          .filter(({ value }) => Number.isFinite(value)),
      ]),
    );
  const training = curves(({ curve }) => curve.map(({ step, loss }) => ({ step, value: loss })));
  const validation = curves((trial) => trial.validation.map(({ step, dice }) => ({ step, value: dice })));
  const x = { label: "step", ticks: 4, domain: [0, result.settings.steps] };
  const means = new Map([...validation].map(([loss, points]) => [loss, meanBySteps(points)]));
  return ranking.rows.map(({ label }) => {
    const own = training.get(label) ?? [];
    const dice = validation.get(label) ?? [];
    const others = [...means]
      .filter(([loss]) => loss !== label)
      .flatMap(([loss, points]) => points.map((point) => ({ ...point, loss })));
    return {
      loss: label,
      training:
        own.length === 0
          ? undefined
          : svg(
              `Training loss of ${label} by step, one line per seed and their mean`,
              {
                ...SMALL,
                x,
                y: { label: null, grid: true, ticks: 4, nice: true },
                marks: seedsAndMean(own),
              },
              SMALL_FONT,
            ),
      validation:
        dice.length === 0
          ? undefined
          : svg(
              `Validation Dice of ${label} by step, the other losses in grey`,
              {
                ...SMALL,
                x,
                y: { label: null, grid: true, ticks: 4, domain: [0, 1] },
                marks: [
                  Plot.line(others, { x: "step", y: "value", z: "loss", stroke: BEHIND, strokeOpacity: 0.45 }),
                  ...seedsAndMean(dice),
                ],
              },
              SMALL_FONT,
            ),
    };
  });
}

const seedsAndMean = (points: readonly Curve[]): Plot.Markish[] => [
  Plot.line(points, { x: "step", y: "value", z: "seed", stroke: LEADING, strokeOpacity: 0.4, strokeWidth: 1 }),
  Plot.line(meanBySteps(points), { x: "step", y: "value", stroke: LEADING, strokeWidth: 2.2 }),
];

/** Mean over seeds at the steps that every seed has: a trial that ended early must not bend the mean. */
function meanBySteps(points: readonly Curve[]): { step: number; value: number }[] {
  const seeds = new Set(points.map(({ seed }) => seed)).size;
  return [...group(points, ({ step }) => step)]
    .filter(([, own]) => own.length === seeds)
    .map(([step, own]) => ({ step, value: mean(own, ({ value }) => value) as number }))
    .sort((a, b) => a.step - b.step);
}
