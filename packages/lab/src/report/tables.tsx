// The tables of the report: the ranking, the pairs of losses, the classes.

import type { ComponentChildren } from "preact";
import type { PairComparison } from "../experiment/claims.js";
import type { Ranking, RankingRow } from "../experiment/ranking.js";
import { leadingLosses } from "./charts.js";
import { counted, difference, interval, pValue, score } from "./figures.js";

/** A table that scrolls sideways where it is too wide; the keyboard can reach it. */
export const Table = ({ caption, children }: { caption: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable without a mouse
  <section class="scroll" tabIndex={0} aria-label={caption}>
    <table>
      <caption>{caption}</caption>
      {children}
    </table>
  </section>
);

export const Head = ({ names, numbers }: { names: readonly string[]; numbers: readonly string[] }) => (
  <thead>
    <tr>
      {names.map((name) => (
        <th scope="col" class="name" key={name}>
          {name}
        </th>
      ))}
      {numbers.map((name) => (
        <th scope="col" key={name}>
          {name}
        </th>
      ))}
    </tr>
  </thead>
);

export function RankedTable({ ranking, seeds }: { ranking: Ranking; seeds: number }) {
  const leading = ranking.nothingClaimed ? new Set<string>() : leadingLosses(ranking);
  return (
    <>
      <Table caption="Means over the test cases and seeds, best first">
        <Head
          names={["loss"]}
          numbers={[
            "place",
            "Dice",
            "95 % over seeds",
            "sd of cases",
            "IoU",
            "sensitivity",
            "precision",
            "cases",
            "seeds",
          ]}
        />
        <tbody>
          {ranking.rows.map((row) => (
            <tr key={row.label} class={leading.has(row.label) ? "leading" : undefined}>
              <th scope="row">
                {row.label}
                <Remarks row={row} />
              </th>
              <td>{row.place ?? ""}</td>
              <td class="strong">{score(row.dice)}</td>
              <td>{interval(row.interval)}</td>
              <td>{score(row.caseDeviation)}</td>
              <td>{score(row.iou)}</td>
              <td>{score(row.sensitivity)}</td>
              <td>{score(row.precision)}</td>
              <td>{row.cases}</td>
              <td>{row.seeds < seeds ? `${row.seeds} of ${seeds}` : row.seeds}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      <p class="quiet">
        Dice: how far the marked area and the true one are the same, from 0 (nothing in common) to 1 (equal).
        Sensitivity: how much of what is there was found. Precision: how much of what was marked is there.
        {leading.size > 0 && " Names in blue: the first loss and those that cannot be told from it."}
      </p>
    </>
  );
}

const Remarks = ({ row }: { row: RankingRow }) => (
  <>
    {row.problems.map((problem) => (
      <span class="problem" key={problem}>
        {problem}
      </span>
    ))}
    {row.undefinedScores > 0 && (
      <span class="note">
        {counted(row.undefinedScores, "score")} left out: class neither in the mask nor in the prediction
      </span>
    )}
  </>
);

/** Claimed differences of the first loss in sight, all pairs one click away. */
export function Pairs({ ranking }: { ranking: Ranking }) {
  const [best] = ranking.rows;
  const claimed = ranking.pairs.filter((pair) => pair.claimed);
  const ofBest = claimed.filter(({ first, second }) => first === best.label || second === best.label);
  return (
    <>
      {ranking.nothingClaimed ? (
        <p>No difference is claimed: {ranking.nothingClaimed}.</p>
      ) : ofBest.length > 0 ? (
        <PairTable caption={`Claimed differences between ${best.label} and others`} pairs={ofBest} />
      ) : (
        <p>
          {claimed.length === 0
            ? "No pair of losses differs by more than other training runs and other test cases would change."
            : `No difference between ${best.label} and another loss is claimed.`}
        </p>
      )}
      {ranking.pairs.length > 0 && (
        <details>
          <summary>
            {counted(ranking.pairs.length, "pair")} of losses compared, {claimed.length} claimed to differ
          </summary>
          <PairTable caption="Every pair of losses" pairs={ranking.pairs} />
        </details>
      )}
    </>
  );
}

function PairTable({ caption, pairs }: { caption: string; pairs: readonly PairComparison[] }) {
  return (
    <Table caption={caption}>
      <Head
        names={["higher", "than"]}
        numbers={["Dice", "95 % over seeds", "95 % over cases", "95 % over both", "corrected p", "claimed"]}
      />
      <tbody>
        {pairs.map((pair) => {
          const turned = pair.difference < 0;
          const [better, worse] = turned ? [pair.second, pair.first] : [pair.first, pair.second];
          const bounds = (ends: PairComparison["interval"]) =>
            ends ? `${difference(turned ? -ends[1] : ends[0])} to ${difference(turned ? -ends[0] : ends[1])}` : "–";
          return (
            <tr key={`${better} ${worse}`}>
              <th scope="row">{better}</th>
              <td class="name">{worse}</td>
              <td class="strong">{difference(Math.abs(pair.difference))}</td>
              <td>{bounds(pair.seedInterval)}</td>
              <td>{bounds(pair.caseInterval)}</td>
              <td>{bounds(pair.interval)}</td>
              <td>{pValue(pair.pValue)}</td>
              <td>{pair.claimed ? "yes" : "no"}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

/** One row for each loss and class. */
export function ClassTable({ ranking }: { ranking: Ranking }) {
  return (
    <Table caption="Means over the test cases and seeds of each class; – where no case has the class">
      <Head names={["class", "loss"]} numbers={["Dice", "IoU", "sensitivity", "precision"]} />
      {(ranking.rows[0]?.classes ?? []).map(({ class: name }, k) => (
        <tbody key={name}>
          {ranking.rows.map(({ label, classes: { [k]: figures } }, i) => (
            <tr key={label}>
              {i === 0 && (
                <th scope="rowgroup" rowSpan={ranking.rows.length}>
                  {name}
                </th>
              )}
              <th scope="row">{label}</th>
              <td class="strong">{score(figures.dice)}</td>
              <td>{score(figures.iou)}</td>
              <td>{score(figures.sensitivity)}</td>
              <td>{score(figures.precision)}</td>
            </tr>
          ))}
        </tbody>
      ))}
    </Table>
  );
}
