// The report of an evaluation as one page: the numbers first, then their spread, the worst cases as pictures, every case, and how it was done.

import { basename } from "node:path";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { metricOf } from "../evaluation/metric-catalogue.js";
import { unitOf } from "../evaluation/result.js";
import type { EvaluationResult } from "../evaluation/results.js";
import { spoken } from "../evaluation/structures.js";
import { pngUri } from "./case-picture.js";
import { cropToStructure, OUTLINES, paintOutlines, type Slice } from "./contours.js";
import { distributionChart } from "./evaluation-charts.js";
import { CaseTable, ObjectsOfAllCases, StructureTable } from "./evaluation-sections.js";
import { dimensionsOf, metricHead } from "./evaluation-table.js";
import { type Fact, Facts, versionsFact } from "./facts.js";
import { counted, duration, figure } from "./figures.js";
import { Chart, Section } from "./section.js";
import { STYLE } from "./style.js";

/** A case to be shown with the outlines of a structure. */
export interface WorstCase {
  readonly case: string;
  readonly structure: string;
  readonly value: number;
  readonly slice: Slice;
  /** Which slice of a volume. */
  readonly place?: string;
}

export interface EvaluationContent {
  readonly result: EvaluationResult;
  readonly pictures: readonly WorstCase[];
  /** Title of the metric by which cases are the worst. */
  readonly rankedBy: string;
}

/** The report as one HTML text that needs no other file, network or script. */
export function renderEvaluation(content: EvaluationContent): string {
  return `<!doctype html>\n${renderToString(h(EvaluationPage, content))}\n`;
}

function EvaluationPage({ result, pictures, rankedBy }: EvaluationContent) {
  const name = basename(result.prediction ?? result.reference);
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`Evaluation of ${name}`}</title>
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <main>
          <header>
            <p class="kicker">losskit evaluate</p>
            <h1>How good are the masks of {name}?</h1>
            <p class="verdict">{verdict(result)}</p>
            <p class="quiet">
              {counted(result.cases.length, "case")};{" "}
              {result.structures.map((structure) => spoken(structure.name)).join(", ")}. The reference is{" "}
              {result.reference}.
            </p>
            <Incomplete result={result} />
          </header>
          <Section title="Structure by structure">
            <p class="quiet">
              n: cases that count; empty: cases in which the structure is missing in reference, prediction or both; 95 %
              of the mean: bootstrap over cases, from six cases on; alike: all or nearly all cases have one value, which
              does not tell how others would spread.
            </p>
            <StructureTable result={result} />
            <ObjectsOfAllCases summary={result.summary} />
          </Section>
          <Distributions result={result} />
          <WorstCases pictures={pictures} rankedBy={rankedBy} />
          <Section title="Case by case">
            <CaseTable result={result} />
          </Section>
          <HowItWasDone result={result} />
        </main>
      </body>
    </html>
  );
}

/** The first metric of every structure in a sentence. */
function verdict({ summary, cases }: EvaluationResult): string {
  const title = summary[0]?.metrics[0] && metricOf(summary[0].metrics[0].metric).title;
  const parts = summary.map(({ structure, metrics: [first] }) => {
    const interval = first?.interval ? ` (${figure(first.interval[0])} to ${figure(first.interval[1])})` : "";
    return `${spoken(structure)} ${figure(first?.mean)}${interval}`;
  });
  return `Mean ${title} over ${counted(cases.length, "case")}: ${parts.join(", ")}.`;
}

function Incomplete({ result }: { result: EvaluationResult }) {
  const { failed, found, cases, withoutPrediction, withoutReference } = result;
  const left = found - cases.length - failed.length;
  if (failed.length + left + withoutPrediction.length + withoutReference.length === 0) return null;
  return (
    <div class="warning">
      {left > 0 && (
        <p>
          Stopped before the end: {left} of {counted(found, "case")} not measured.
        </p>
      )}
      {failed.length > 0 && (
        <>
          <p>{counted(failed.length, "case")} could not be measured, and count nowhere:</p>
          <ul>
            {failed.map((one) => (
              <li key={one.case}>
                {one.case}: {one.error.message}
              </li>
            ))}
          </ul>
        </>
      )}
      <Left names={withoutPrediction} what="without a prediction" />
      <Left names={withoutReference} what="without a reference" />
    </div>
  );
}

/** Files without a partner, named when asked for: a data set may have hundreds. */
function Left({ names, what }: { names: readonly string[]; what: string }) {
  if (names.length === 0) return null;
  return (
    <details>
      <summary>
        {counted(names.length, "file")} {what} left out
      </summary>
      {names.join(", ")}
    </details>
  );
}

function Distributions({ result }: { result: EvaluationResult }) {
  const charts = result.settings.metrics.flatMap((key) => {
    const svg = distributionChart(result, key);
    return svg === undefined ? [] : [{ key, svg }];
  });
  if (charts.length === 0) return null;
  return (
    <Section title="Spread over the cases">
      <p class="quiet">
        Dot: a case, at the same height in every strip; line: median; diamond: mean; box (from six cases on): the middle
        half of the cases.
      </p>
      {charts.map(({ key, svg }) => (
        <figure key={key}>
          <h3>{metricHead(key, unitOf(result.cases), dimensionsOf(result))}</h3>
          <Chart wide svg={svg} />
        </figure>
      ))}
    </Section>
  );
}

function WorstCases({ pictures, rankedBy }: Pick<EvaluationContent, "pictures" | "rankedBy">) {
  if (pictures.length === 0) return null;
  const structures = [...new Set(pictures.map(({ structure }) => structure))];
  return (
    <Section title={`Worst cases by ${rankedBy}`}>
      <div class="key">
        {Object.entries(OUTLINES).map(([kind, { colour, meaning }]) => (
          <span key={kind}>
            <span class="swatch" style={{ background: `rgb(${colour.join(" ")})` }} />
            {meaning}
          </span>
        ))}
      </div>
      <p class="quiet">
        The part around the structure; of a volume the slice with the most wrong voxels, seen from the feet with the
        patient's right on the left.
      </p>
      {structures.map((structure) => (
        <div key={structure}>
          <h3>{spoken(structure)}</h3>
          <div class="pictures">
            {pictures
              .filter((picture) => picture.structure === structure)
              .map((picture) => (
                <Outlines key={picture.case} picture={picture} rankedBy={rankedBy} />
              ))}
          </div>
        </div>
      ))}
    </Section>
  );
}

function Outlines({ picture, rankedBy }: { picture: WorstCase; rankedBy: string }) {
  const cropped = cropToStructure(picture.slice);
  const painted = paintOutlines(cropped);
  const aspect = `${painted.width} / ${painted.height * cropped.pixelAspect}`;
  return (
    <figure>
      <div class="picture">
        <img
          class="small"
          src={pngUri(painted)}
          width={painted.width}
          height={painted.height}
          style={{ aspectRatio: aspect, objectFit: "fill" }}
          alt={`${picture.case}, ${picture.structure}, ${rankedBy} ${figure(picture.value)}: outlines of reference and prediction`}
        />
      </div>
      <figcaption>
        <span class="strong">{figure(picture.value)}</span>
        <br />
        <span class="quiet">
          {picture.case}
          {picture.place && `, ${picture.place}`}
        </span>
      </figcaption>
    </figure>
  );
}

function HowItWasDone({ result }: { result: EvaluationResult }) {
  const { settings, versions } = result;
  const notes = [...new Set(result.cases.flatMap((one) => one.notes.map((note) => `${one.case}: ${note}`)))];
  const facts: Fact[] = [
    ["Command", result.command],
    ["Reference", result.reference],
    ...(result.prediction === undefined ? [] : [["Prediction", result.prediction] as [string, string]]),
    ["Structures", result.structures.map(({ name, labels }) => `${name} = ${labels.join(" + ")}`).join("; ")],
    ...(settings.ignore === undefined
      ? []
      : [["Ignored", `voxels with ${settings.ignore} in the reference`] as [string, string]]),
    versionsFact(versions),
    ["Started", `${result.started}, took ${duration(result.seconds)}`],
  ];
  return (
    <Section title="How it was done">
      <dl>
        <Facts facts={facts} />
        <div>
          <dt>Definitions</dt>
          <dd>
            {result.definitions.map((line) => (
              <p class="line" key={line}>
                {line}
              </p>
            ))}
          </dd>
        </div>
      </dl>
      {notes.length > 0 && (
        <details>
          <summary>{counted(notes.length, "note")} on files</summary>
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}
