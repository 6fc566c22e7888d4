// The report as one page: what a reader wants first comes first, and everything lies in the file itself.

import type { ComponentChildren } from "preact";
import type { PairComparison } from "../experiment/claims.js";
import type { Ranking } from "../experiment/ranking.js";
import type { CompareResult } from "../experiment/results.js";
import { type CasePicture, ERROR_COLOURS, pictureUri } from "./case-picture.js";
import { caseChart, colourKey, curveCharts, intervalChart, validationChart } from "./charts.js";
import { difference, duration, interval, pValue, score } from "./figures.js";
import { STYLE } from "./style.js";

export interface ReportContent {
  readonly result: CompareResult;
  readonly ranking: Ranking;
  readonly pictures: readonly CasePicture[];
}

const Svg = ({ text }: { text: string }) => (
  // The text is our own chart; names in it were escaped when the chart was drawn.
  <div class="chart" dangerouslySetInnerHTML={{ __html: text }} />
);

const Section = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section>
    <h2>{title}</h2>
    {children}
  </section>
);

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
          <RankedTable ranking={ranking} />
          <Section title="How sure is the order?">
            <Svg text={intervalChart(ranking)} />
            <Pairs ranking={ranking} />
            <p class="quiet">{ranking.rule}</p>
          </Section>
          <Section title="Case by case">
            <Svg text={caseChart(result, ranking)} />
          </Section>
          {dataset.classes.length > 1 && <ClassTable ranking={ranking} />}
          <Pictures pictures={pictures} ranking={ranking} severalClasses={dataset.classes.length > 1} />
          <Curves result={result} ranking={ranking} />
          <Losses result={result} />
          <Settings result={result} />
        </main>
      </body>
    </html>
  );
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

function Incomplete({ result }: { result: CompareResult }) {
  const expected = result.losses.length * result.settings.seeds.length;
  const finished = result.trials.filter(({ status }) => status === "finished").length;
  if (finished === expected) return null;
  return (
    <p class="warning">
      {finished} of {expected} trials are finished. What follows is of those; places may change with the rest.
    </p>
  );
}

function RankedTable({ ranking }: { ranking: Ranking }) {
  const colours = new Map(colourKey(ranking).map(({ loss, colour }) => [loss, colour]));
  return (
    <div class="scroll">
      <table>
        <caption>Means over the test cases and seeds, best first</caption>
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col" class="name">
              loss
            </th>
            <th scope="col">Dice</th>
            <th scope="col">95 % over seeds</th>
            <th scope="col">sd of cases</th>
            <th scope="col">IoU</th>
            <th scope="col">sensitivity</th>
            <th scope="col">precision</th>
            <th scope="col">cases</th>
            <th scope="col">seeds</th>
          </tr>
        </thead>
        <tbody>
          {ranking.rows.map((row) => (
            <tr key={row.label}>
              <td>{row.place ?? ""}</td>
              <th scope="row">
                <span class="swatch" style={{ background: colours.get(row.label) }} />
                {row.label}
                {row.problems.map((problem) => (
                  <span class="problem" key={problem}>
                    {problem}
                  </span>
                ))}
                {row.undefinedScores > 0 && (
                  <span class="note">
                    {counted(row.undefinedScores, "score")} undefined: neither mask nor prediction
                  </span>
                )}
              </th>
              <td class="strong">{score(row.dice)}</td>
              <td>{interval(row.interval)}</td>
              <td>{score(row.caseDeviation)}</td>
              <td>{score(row.iou)}</td>
              <td>{score(row.sensitivity)}</td>
              <td>{score(row.precision)}</td>
              <td>{row.cases}</td>
              <td>{row.seeds}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Claimed differences in sight, all others one click away. */
function Pairs({ ranking }: { ranking: Ranking }) {
  if (ranking.nothingClaimed) return <p>No difference is claimed: {ranking.nothingClaimed}.</p>;
  const claimed = ranking.pairs.filter((pair) => pair.claimed);
  return (
    <>
      {claimed.length > 0 ? (
        <PairTable caption="Differences that may be claimed" pairs={claimed} />
      ) : (
        <p>No pair of losses differs by more than seeds and cases vary.</p>
      )}
      <details>
        <summary>All {ranking.pairs.length} pairs</summary>
        <PairTable caption="Every pair of losses" pairs={ranking.pairs} />
      </details>
    </>
  );
}

function PairTable({ caption, pairs }: { caption: string; pairs: readonly PairComparison[] }) {
  return (
    <div class="scroll">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col" class="name">
              better
            </th>
            <th scope="col" class="name">
              than
            </th>
            <th scope="col">Dice</th>
            <th scope="col">95 % over seeds</th>
            <th scope="col">95 % over cases</th>
            <th scope="col">corrected p</th>
          </tr>
        </thead>
        <tbody>
          {pairs.map((pair) => {
            const turned = pair.difference < 0;
            const [better, worse] = turned ? [pair.second, pair.first] : [pair.first, pair.second];
            const bounds = (ends: PairComparison["seedInterval"]) =>
              interval(ends && turned ? [-ends[1], -ends[0]] : ends);
            return (
              <tr key={`${better} ${worse}`}>
                <th scope="row">{better}</th>
                <td class="name">{worse}</td>
                <td class="strong">{difference(Math.abs(pair.difference))}</td>
                <td>{bounds(pair.seedInterval)}</td>
                <td>{bounds(pair.caseInterval)}</td>
                <td>{pValue(pair.pValue)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function ClassTable({ ranking }: { ranking: Ranking }) {
  const classes = ranking.rows[0]?.classes ?? [];
  return (
    <Section title="Class by class">
      <div class="scroll">
        <table>
          <caption>Dice / sensitivity / precision of each class</caption>
          <thead>
            <tr>
              <th scope="col" class="name">
                loss
              </th>
              {classes.map((figures) => (
                <th scope="col" key={figures.class}>
                  {figures.class}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ranking.rows.map((row) => (
              <tr key={row.label}>
                <th scope="row">{row.label}</th>
                {row.classes.map(({ class: name, dice, sensitivity, precision }) => (
                  <td key={name}>
                    <span class="strong">{score(dice)}</span> / {score(sensitivity)} / {score(precision)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Pictures({
  pictures,
  ranking,
  severalClasses,
}: {
  pictures: readonly CasePicture[];
  ranking: Ranking;
  severalClasses: boolean;
}) {
  if (pictures.length === 0) return null;
  const kinds = Object.entries(ERROR_COLOURS).filter(([kind]) => severalClasses || kind !== "otherClass");
  return (
    <Section title="Worst, median and best case of each loss">
      <p class="key">
        {kinds.map(([kind, { colour, meaning }]) => (
          <span key={kind}>
            <span class="swatch" style={{ background: `rgb(${colour.join(" ")})` }} />
            {meaning}
          </span>
        ))}
      </p>
      {ranking.rows.map(({ label }) => {
        const own = pictures.filter(({ loss }) => loss === label);
        if (own.length === 0) return null;
        return (
          <div class="pictures" key={label}>
            <h3>{label}</h3>
            {own.map((picture) => (
              <figure key={picture.kind}>
                <img
                  src={pictureUri(picture)}
                  width={picture.width}
                  height={picture.height}
                  loading="lazy"
                  alt={`${picture.kind} case of ${label}: ${picture.case}, Dice ${score(picture.dice)}, errors in colour`}
                />
                <figcaption>
                  {picture.kind}: <span class="strong">{score(picture.dice)}</span>
                  <br />
                  <span class="quiet">
                    {picture.case}, seed {picture.seed}
                  </span>
                </figcaption>
              </figure>
            ))}
          </div>
        );
      })}
    </Section>
  );
}

function Curves({ result, ranking }: { result: CompareResult; ranking: Ranking }) {
  const validation = validationChart(result, ranking);
  return (
    <Section title="Training">
      {validation && (
        <>
          <p class="key">
            {colourKey(ranking).map(({ loss, colour }) => (
              <span key={loss}>
                <span class="swatch" style={{ background: colour }} />
                {loss}
              </span>
            ))}
          </p>
          <Svg text={validation} />
        </>
      )}
      <p class="quiet">
        Each loss on an axis of its own, one line per seed: the values of two losses have no common scale.
      </p>
      <div class="grid">
        {curveCharts(result, ranking).map(({ loss, svg }) => (
          <figure key={loss}>
            <figcaption>{loss}</figcaption>
            <Svg text={svg} />
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
          {formulas.map(({ title, formula, weight }) => (
            <div key={title + formula}>
              <p>
                {weight !== 1 && `${weight} × `}
                {title}
              </p>
              <pre>{formula}</pre>
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

function Settings({ result }: { result: CompareResult }) {
  const { settings, dataset, versions } = result;
  const facts: [string, string][] = [
    ["Command", result.command],
    ["Data", `${dataset.name}, ${dataset.dimension}D; ${dataset.splitNote}`],
    [
      "Network",
      `U-Net, ${settings.depth} poolings, ${settings.baseChannels} channels at the top, instance normalisation, leaky ReLU`,
    ],
    [
      "Training",
      `${settings.steps} steps of ${settings.batch} crops of ${settings.crop}², Adam, one-cycle rate with peak ${settings.peakRate}; ` +
        "same first weights, crops and augmentation for every loss",
    ],
    ["Seeds", settings.seeds.join(", ")],
    [
      "Versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["Started", `${result.started}, took ${duration(result.seconds)}`],
  ];
  return (
    <Section title="How it was done">
      <dl>
        {facts.map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{name === "Command" ? <code>{fact}</code> : fact}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
