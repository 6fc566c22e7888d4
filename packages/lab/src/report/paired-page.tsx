// The report of a paired comparison as one page: what can be claimed, the numbers, and every case's difference.

import * as Plot from "@observablehq/plot";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { type MetricKey, metricOf } from "../evaluation/metric-catalogue.js";
import type { PairedComparison, PairedNames } from "../evaluation/paired.js";
import { nameMargin, ROW, shortened, svg } from "./charts.js";
import { metricHead } from "./evaluation-table.js";
import { figure, pValue } from "./figures.js";
import { signedFigure, signedInterval } from "./paired-output.js";
import { Chart, Section } from "./section.js";
import { STYLE } from "./style.js";
import { Head, Table } from "./tables.js";

export interface PairedContent {
  readonly rows: readonly PairedComparison[];
  readonly names: PairedNames;
  readonly unit: string;
  /** How the comparison and its metrics are defined, and other facts on it. */
  readonly facts: readonly string[];
  readonly command: string;
}

/** The report as one HTML text that needs no other file, network or script. */
export function renderPaired(content: PairedContent): string {
  return `<!doctype html>\n${renderToString(h(PairedPage, content))}\n`;
}

function PairedPage({ rows, names, unit, facts, command }: PairedContent) {
  const title = `${names.a} or ${names.b}?`;
  const claims = rows.filter(({ better }) => better !== "neither");
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <main>
          <header>
            <p class="kicker">losskit evaluate --compare</p>
            <h1>{title}</h1>
            <p class="verdict">{verdict(rows, names)}</p>
          </header>
          <Section title="Differences">
            <Table caption={`Difference: ${names.b} minus ${names.a}`}>
              <Head
                names={["structure", "metric"]}
                numbers={[names.a, names.b, "difference", "95 % of the difference", "p (Holm)", "n", "left out"]}
              />
              <tbody>
                {rows.map((row) => (
                  <tr key={row.structure + row.metric} class={row.better === "neither" ? "" : "leading"}>
                    <th scope="row">{row.structure}</th>
                    <td class="name">{metricHead(row.metric, unit)}</td>
                    <td>{figure(row.meanA)}</td>
                    <td>{figure(row.meanB)}</td>
                    <td class="strong">{signedFigure(row.difference)}</td>
                    <td>{signedInterval(row.interval)}</td>
                    <td>{pValue(row.pValue ?? undefined)}</td>
                    <td>{row.cases.length}</td>
                    <td>{row.leftOut}</td>
                  </tr>
                ))}
              </tbody>
            </Table>
            {claims.length > 0 && (
              <ul>
                {claims.map(({ sentence }) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
            )}
          </Section>
          <Section title="Case by case">
            <p class="quiet">
              Dot: a case, at the same height in every strip; diamond: mean, with its 95 % interval; the line at 0 is no
              difference.
            </p>
            {metrics.map((metric) => {
              const drawn = differenceChart(rows, metric, unit, names);
              if (drawn === undefined) return null;
              return (
                <figure key={metric}>
                  <h3>{metricHead(metric, unit)}</h3>
                  <Chart wide svg={drawn} />
                </figure>
              );
            })}
          </Section>
          <Section title="How it was done">
            {facts.map((fact) => (
              <p key={fact}>{fact}</p>
            ))}
            <p>
              <code>{command}</code>
            </p>
          </Section>
        </main>
      </body>
    </html>
  );
}

/** By how many rows each of the two is better. */
function verdict(rows: readonly PairedComparison[], { a, b }: PairedNames): string {
  const of = (side: "a" | "b") => rows.filter(({ better }) => better === side).length;
  const [first, second] = [of("a"), of("b")];
  const all = `${rows.length} ${rows.length === 1 ? "comparison" : "comparisons"}`;
  if (first + second === 0) {
    const [only] = rows;
    return rows.length === 1 && only ? only.sentence : `No difference can be claimed in any of ${all}.`;
  }
  const parts = [
    ...(first > 0 ? [`${a} is better in ${first}`] : []),
    ...(second > 0 ? [`${b} is better in ${second}`] : []),
  ];
  const rest = rows.length - first - second;
  return `Of ${all} ${parts.join(" and ")}${rest > 0 ? `; in ${rest} no difference can be claimed` : ""}.`;
}

/** Undefined where no case has a difference. */
function differenceChart(
  rows: readonly PairedComparison[],
  metric: MetricKey,
  unit: string,
  { a, b }: PairedNames,
): string | undefined {
  const own = rows.filter((row) => row.metric === metric && row.cases.length > 0);
  if (own.length === 0) return undefined;
  const names = own.map(({ structure }) => structure);
  const points = own.flatMap(({ structure, cases }) =>
    cases.map((one, c) => ({ structure, ...one, height: ((c + 1) * 0.618034) % 1 })),
  );
  const means = own.map(({ structure, difference, interval }) => ({ structure, difference, interval }));
  const label = `${metricHead(metric, unit)}: ${shortened(b)} minus ${shortened(a)}`;
  return svg(`Difference of ${metricOf(metric).title} in every case, one strip of dots per structure`, {
    height: ROW * names.length + 60,
    marginLeft: nameMargin(names),
    x: { label, grid: true, nice: true },
    y: { axis: null, domain: [-0.25, 1.25] },
    fy: { domain: names, label: null, axis: "left", tickFormat: shortened, padding: 0.15 },
    marks: [
      Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: 0.6 }),
      Plot.dot(points, {
        fy: "structure",
        x: "difference",
        y: "height",
        fill: "var(--accent)",
        fillOpacity: 0.6,
        r: 3.2,
        title: ({ case: id, difference }: (typeof points)[number]) => `${id}: ${signedFigure(difference)}`,
      }),
      Plot.ruleY(
        means.filter(({ interval }) => interval !== null),
        {
          fy: "structure",
          y: () => 0.5,
          x1: ({ interval }) => interval?.[0],
          x2: ({ interval }) => interval?.[1],
          strokeWidth: 3,
        },
      ),
      Plot.dot(means, {
        fy: "structure",
        x: "difference",
        y: () => 0.5,
        symbol: "diamond",
        stroke: "currentColor",
        fill: "var(--paper)",
        r: 6,
      }),
    ],
  });
}
