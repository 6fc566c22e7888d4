// The report as one page: what a reader wants first comes first, and everything lies in the file itself.

import type { Ranking } from "../experiment/ranking.js";
import type { CompareResult } from "../experiment/results.js";
import { describeHead } from "../training/head.js";
import type { CasePicture } from "./case-picture.js";
import { caseChart, curveCharts, intervalChart, leadingLosses } from "./charts.js";
import { type Fact, Facts, versionsFact } from "./facts.js";
import { counted, duration } from "./figures.js";
import { Pictures } from "./pictures.js";
import { Chart, Section } from "./section.js";
import { STYLE } from "./style.js";
import { ClassTable, Pairs, RankedTable } from "./tables.js";

export interface ReportContent {
  readonly result: CompareResult;
  readonly ranking: Ranking;
  readonly pictures: readonly CasePicture[];
}

export function Page({ result, ranking, pictures }: ReportContent) {
  const { dataset } = result;
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`Which loss for ${dataset.name}?`}</title>
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <main>
          <header>
            <p class="kicker">losskit compare</p>
            <h1>Which loss for {dataset.name}?</h1>
            <p class="verdict">{ranking.verdict}</p>
            <p class="quiet">
              {counted(dataset.cases.train, "training case")}, {counted(dataset.cases.validation, "validation case")},{" "}
              {counted(dataset.cases.test, "test case")}; {dataset.classes.join(", ")};{" "}
              {counted(result.settings.seeds.length, "seed")}, {counted(result.settings.steps, "step")} each.{" "}
              {dataset.regionOfInterest && "Loss and scores count inside the region of interest only. "}
              Scores are of the test cases, which nothing was chosen on.
            </p>
            <Incomplete result={result} />
          </header>
          <RankedTable ranking={ranking} seeds={result.settings.seeds.length} />
          {ranking.rows.some(({ dice }) => dice !== null) && (
            <>
              <Section title="How sure is the order?">
                <p class="quiet">
                  Dot: mean; band: 95 % interval over seeds; ticks: single training runs.{" "}
                  <ColourNote ranking={ranking} />
                </p>
                <Chart wide svg={intervalChart(result, ranking)} />
                <Pairs ranking={ranking} />
                <p class="quiet">{ranking.rule}</p>
              </Section>
              <Section title="Case by case">
                <p class="quiet">
                  Dot: a test case, mean over seeds, at the same height for every loss; line: median; box (from six
                  cases on): the middle half of the cases.
                </p>
                <Chart wide svg={caseChart(result, ranking)} />
              </Section>
            </>
          )}
          {dataset.classes.length > 1 && (
            <Section title="Class by class">
              <ClassTable ranking={ranking} />
            </Section>
          )}
          <Pictures pictures={pictures} ranking={ranking} severalClasses={dataset.classes.length > 1} />
          <Curves result={result} ranking={ranking} />
          <Losses result={result} />
          <Settings result={result} />
        </main>
      </body>
    </html>
  );
}

/** What the two colours of the charts mean, where there are two. */
function ColourNote({ ranking }: { ranking: Ranking }) {
  const leading = leadingLosses(ranking);
  const behind = ranking.rows.filter(({ dice, label }) => dice !== null && !leading.has(label));
  return (
    <>
      {behind.length > 0 && "Blue: the first loss and those that cannot be told from it; grey: worse than the first."}
    </>
  );
}

/** Says what is missing from the result, and whether it can still come. */
function Incomplete({ result: { losses, settings, trials } }: { result: CompareResult }) {
  const expected = losses.length * settings.seeds.length;
  const count = (status: string) => trials.filter((trial) => trial.status === status).length;
  const missing = expected - trials.length;
  const parts = [
    [count("diverged"), "diverged"],
    [count("failed"), "failed"],
    [missing, "did not run"],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  if (said.length === 0) return null;
  return (
    <p class="warning">
      These results are not complete: {count("finished")} of {counted(expected, "trial")} finished, {said.join(", ")}.{" "}
      {missing > 0
        ? "Places may change with the rest; the command with --resume runs it."
        : "Each loss is ranked by the seeds that it finished."}
    </p>
  );
}

function Curves({ result, ranking }: { result: CompareResult; ranking: Ranking }) {
  const charts = curveCharts(result, ranking).filter(({ training, validation }) => training ?? validation);
  if (charts.length === 0) return null;
  const validated = charts.some(({ validation }) => validation !== undefined);
  return (
    <Section title="Training">
      <p class="quiet">
        Thin lines: seeds; thick line: their mean. Each training loss is on an axis of its own, since the values of two
        losses have no common scale.{validated && " Validation Dice shares one axis; grey lines are the other losses."}
      </p>
      <div class="grid">
        {charts.map(({ loss, training, validation }) => (
          <figure key={loss}>
            <h3>{loss}</h3>
            {training && (
              <>
                <figcaption>training loss</figcaption>
                <Chart svg={training} />
              </>
            )}
            {validation && (
              <>
                <figcaption>validation Dice</figcaption>
                <Chart svg={validation} />
              </>
            )}
          </figure>
        ))}
      </div>
    </Section>
  );
}

function Losses({ result }: { result: CompareResult }) {
  const bibtex = [...new Set(result.losses.flatMap(({ references }) => references))];
  return (
    <Section title="The losses">
      {result.losses.map(({ label, specification, formulas }) => (
        <details key={label}>
          <summary>
            {label}
            {specification !== label && <code> {specification}</code>}
          </summary>
          {formulas.map(({ title, formula, weight, schedule }) => (
            <div key={title + formula}>
              <p>
                {schedule && `${schedule} × `}
                {weight !== 1 && `${weight} × `}
                {title}
              </p>
              <pre>{withoutIndent(formula)}</pre>
            </div>
          ))}
        </details>
      ))}
      {bibtex.length > 0 && (
        <details>
          <summary>BibTeX</summary>
          <pre>{bibtex.join("\n\n")}</pre>
        </details>
      )}
    </Section>
  );
}

/** Formulas are written indented in the source of a loss. */
function withoutIndent(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const indent = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(indent)).join("\n");
}

/** Which head each loss had, where the record says so; a reader must know that they differ. */
function headFacts({ losses }: CompareResult): [string, string][] {
  const byHead = new Map<string, string[]>();
  for (const { label, head } of losses) {
    if (head) byHead.set(describeHead(head), [...(byHead.get(describeHead(head)) ?? []), label]);
  }
  const heads = [...byHead.entries()];
  if (heads.length === 0) return [];
  if (heads.length === 1) return [["Head", heads[0][0]]];
  const list = heads.map(([head, labels]) => `${head}: ${labels.join(", ")}`).join("; ");
  return [
    [
      "Heads",
      `${list}. A softmax of two channels is the sigmoid of their difference, for losses that compare channels; the network before the head is ` +
        "the same for all, and so are its first weights",
    ],
  ];
}

function Settings({ result }: { result: CompareResult }) {
  const { settings, dataset, versions } = result;
  const facts: Fact[] = [
    ["Command", result.command],
    ["Data", `${dataset.name}, ${dataset.dimension}D; ${dataset.splitNote}`],
    [
      "Network",
      `U-Net, ${settings.depth} poolings, ${settings.baseChannels} channels at the top, instance normalisation, leaky ReLU`,
    ],
    ...headFacts(result),
    [
      "Training",
      `${settings.steps} steps of ${settings.batch} crops of ${settings.crop}², Adam, one-cycle rate with peak ${settings.peakRate}; ` +
        "same first weights, crops and augmentation for every loss",
    ],
    ["Seeds", settings.seeds.join(", ")],
    versionsFact(versions),
    ["Started", `${result.started}, took ${duration(result.seconds)}`],
  ];
  return (
    <Section title="How it was done">
      <dl>
        <Facts facts={facts} />
      </dl>
    </Section>
  );
}
