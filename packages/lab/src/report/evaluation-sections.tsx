// The tables of an evaluation's report: the sums of every structure, and every case.

import { higherIsBetter, metricOf } from "../evaluation/metric-catalogue.js";
import { unitOf } from "../evaluation/result.js";
import type { EvaluationResult } from "../evaluation/results.js";
import { type Structure, spoken } from "../evaluation/structures.js";
import { countedValue, scoresOf } from "../evaluation/summary.js";
import { dimensionsOf, metricHead } from "./evaluation-table.js";
import { caseFigure, counted, figure, figureInterval, meanIntervalFigure, objectsSentence } from "./figures.js";
import { Head, Table } from "./tables.js";

export function StructureTable({ result }: { result: EvaluationResult }) {
  const unit = unitOf(result.cases);
  const dimensions = dimensionsOf(result);
  return (
    <Table caption="Sums over the cases">
      <Head
        names={["structure", "metric"]}
        numbers={["mean", "95 % of the mean", "median", "middle half", "n", "empty"]}
      />
      {result.summary.map(({ structure, metrics }) => (
        <tbody key={structure}>
          {metrics.map((row, index) => (
            <tr key={row.metric}>
              {index === 0 && (
                <th scope="rowgroup" rowSpan={metrics.length}>
                  {structure}
                </th>
              )}
              <td class="name">{metricHead(row.metric, unit, dimensions)}</td>
              <td class="strong">{figure(row.mean)}</td>
              <td>{meanIntervalFigure(row)}</td>
              <td>{figure(row.median)}</td>
              <td>{figureInterval(row.quartiles)}</td>
              <td>{row.cases}</td>
              <td>{row.empty}</td>
            </tr>
          ))}
        </tbody>
      ))}
    </Table>
  );
}

/** Detection over the objects of all cases together; nothing where no metric of objects is asked for. */
export function ObjectsOfAllCases({ summary }: Pick<EvaluationResult, "summary">) {
  const rows = summary.flatMap(({ structure, objects }) => (objects ? [{ structure, objects }] : []));
  if (rows.length === 0) return null;
  return (
    <>
      <p class="quiet">The objects of all cases together, so that a case with many counts for more:</p>
      <ul>
        {rows.map(({ structure, objects }) => (
          <li key={structure}>
            {spoken(structure)}: {objectsSentence(objects)}.
          </li>
        ))}
      </ul>
    </>
  );
}

/** A table per structure that opens; the worst cases come first. */
export function CaseTable({ result }: { result: EvaluationResult }) {
  return (
    <>
      {result.structures.map((structure) => (
        <details key={structure.name}>
          <summary>
            {spoken(structure.name)}: {counted(result.cases.length, "case")}, worst first
          </summary>
          <CasesOf result={result} structure={structure} />
        </details>
      ))}
    </>
  );
}

/** Ascending from the worst; cases without a value come last. */
const badness = (value: number | null, sign: 1 | -1): number => (value === null ? Number.MAX_VALUE : sign * value);

function CasesOf({ result, structure }: { result: EvaluationResult; structure: Structure }) {
  const { cases, settings, emptyMasks } = result;
  const unit = unitOf(cases);
  const dimensions = dimensionsOf(result);
  const [first] = settings.metrics;
  const sign = higherIsBetter(metricOf(first!)) === false ? -1 : 1;
  const rows = cases
    .map((one) => {
      const scores = scoresOf(one, structure);
      return { one, scores, values: settings.metrics.map((key) => countedValue(one, scores, key, emptyMasks)) };
    })
    .sort((a, b) => badness(a.values[0]!, sign) - badness(b.values[0]!, sign));
  return (
    <Table caption={`Every case, ${spoken(structure.name)}`}>
      <Head
        names={["case"]}
        numbers={[...settings.metrics.map((key) => metricHead(key, unit, dimensions)), "empty mask"]}
      />
      <tbody>
        {rows.map(({ one, scores, values }) => (
          <tr key={one.case}>
            <th scope="row">{one.case}</th>
            {values.map((value, index) => (
              <td key={settings.metrics[index]}>{caseFigure(value, metricOf(settings.metrics[index]!))}</td>
            ))}
            <td>{scores.empty === "neither" ? "" : scores.empty}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
