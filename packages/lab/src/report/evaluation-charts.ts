// Charts of an evaluation as SVG text: every case of every structure, one chart per metric.

import * as Plot from "@observablehq/plot";
import { quantile } from "d3-array";
import { isProbabilityMetric, type MetricKey, metricOf } from "../evaluation/metric-catalogue.js";
import { unitOf } from "../evaluation/result.js";
import type { EvaluationResult } from "../evaluation/results.js";
import { countedValue, MIN_CASES, scoresOf } from "../evaluation/summary.js";
import { nameMargin, ROW, shortened, svg } from "./charts.js";
import { dimensionsOf, metricHead } from "./evaluation-table.js";
import { figure } from "./figures.js";

interface Point {
  readonly structure: string;
  readonly case: string;
  readonly value: number;
  readonly height: number;
}

/** Dots for cases, with median, mean interval, and quartiles where there are enough cases; undefined where no case has a value. */
export function distributionChart(result: EvaluationResult, key: MetricKey): string | undefined {
  const { cases, structures, emptyMasks, summary } = result;
  const metric = metricOf(key);
  const points = structures.flatMap((structure) =>
    cases.flatMap((one, c): Point[] => {
      const value = countedValue(one, scoresOf(one, structure), key, emptyMasks);
      // A case lies at the same height for every structure; steps of the golden ratio keep neighbours apart.
      return value === null
        ? []
        : [{ structure: structure.name, case: one.case, value, height: ((c + 1) * 0.618034) % 1 }];
    }),
  );
  if (points.length === 0) return undefined;
  const names = structures.map(({ name }) => name);
  const boxes = names.flatMap((name) => {
    const values = points.filter(({ structure }) => structure === name).map(({ value }) => value);
    if (values.length === 0) return [];
    return [
      {
        structure: name,
        cases: values.length,
        low: quantile(values, 0.25),
        middle: quantile(values, 0.5),
        high: quantile(values, 0.75),
      },
    ];
  });
  const means = summary.flatMap(({ structure, metrics }) => {
    const mean = metrics.find((one) => one.metric === key)?.mean ?? null;
    return mean === null ? [] : [{ structure, mean }];
  });
  const head = metricHead(key, unitOf(cases), dimensionsOf(result));
  return svg(`${head} of every case, one strip of dots per structure, with median and quartiles`, {
    height: ROW * names.length + 60,
    marginLeft: nameMargin(names),
    x: {
      label: head,
      grid: true,
      // Rates of probabilities are near 0, where the whole range shows nothing.
      ...(metric.kind === "score" || (metric.kind === "rate" && !isProbabilityMetric(key))
        ? { domain: domainOf(points) }
        : { nice: true, zero: true }),
    },
    y: { axis: null, domain: [-0.25, 1.25] },
    fy: { domain: names, label: null, axis: "left", tickFormat: shortened, padding: 0.15 },
    marks: [
      Plot.rect(
        boxes.filter((box) => box.cases >= MIN_CASES),
        { fy: "structure", x1: "low", x2: "high", y1: -0.25, y2: 1.25, fill: "var(--line)", fillOpacity: 0.7, rx: 3 },
      ),
      Plot.dot(points, {
        fy: "structure",
        x: "value",
        y: "height",
        fill: "var(--accent)",
        fillOpacity: 0.6,
        r: 3.2,
        title: ({ case: id, value }: Point) => `${id}: ${figure(value)}`,
      }),
      Plot.ruleX(boxes, { fy: "structure", x: "middle", y1: -0.25, y2: 1.25, strokeWidth: 2.5 }),
      Plot.dot(means, {
        fy: "structure",
        x: "mean",
        y: () => 0.5,
        symbol: "diamond",
        stroke: "currentColor",
        fill: "var(--paper)",
        r: 6,
      }),
    ],
  });
}

/** From 0 to 1; correlations may be below. */
function domainOf(points: readonly Point[]): [number, number] {
  const least = Math.min(...points.map(({ value }) => value));
  return [least < 0 ? -1 : 0, 1];
}
