// The tables of docs/performance.md: the figures with what was measured of each, then all medians.

import { CASES } from "./cases.mjs";
import { GOALS, judge } from "./goals.mjs";
import { markdownTable } from "./markdown-table.mjs";
import { machineLine, milliseconds, scientific } from "./report.mjs";

const NOT_MEASURED = "not measured";

function figure(number, unit) {
  if (unit === "%") return `${number.toFixed(0)} %`;
  if (unit === "" && number !== 0 && Math.abs(number) < 0.01) return scientific(number);
  return `${number >= 10 ? number.toFixed(1) : number.toFixed(2)}${unit}`;
}

/** Whether the figure was reached, and in how many cases that is not known. */
function verdict({ missing, impossible, reached }, cases) {
  if (missing.length > 0) return `${missing.length} of ${cases.length} cases not measured`;
  const answer = reached ? "yes" : "no";
  return impossible.length === 0 ? answer : `${answer}; the peer cannot do ${impossible.join(", ")}`;
}

/** One row a goal. */
function goalRows(results) {
  return GOALS.map((goal) => {
    const judged = judge(goal, results);
    const { number, range } = judged;
    const bound =
      goal.target < 0.01 ? scientific(goal.target) : `${goal.target}${goal.unit === "%" ? " %" : goal.unit}`;
    const target = `${goal.sense} ${bound}`;
    if (number === undefined) return [goal.work, goal.figure, target, NOT_MEASURED, "", ""];
    const several = goal.cases.length > 1;
    const spread = several ? range.map((end) => figure(end, goal.unit)).join(" to ") : "";
    const measured = `${figure(number, goal.unit)}${several ? ` (${goal.joined})` : ""}`;
    return [goal.work, goal.figure, target, measured, spread, verdict(judged, goal.cases)];
  });
}

const COLUMNS = ["torch", "torch, heap reuse", "tfjs", "JS loop", "C", "floor"];
const OURS = ["losskit", "losskit, bytes"];

const METRIC_COLUMNS = ["losskit, plain arrays", "surface-distance", "MONAI", "numpy", "read bytes"];

/** Medians of the cases with peers, or of those that `isShown`, one row a case. */
function medianRows(
  results,
  columns = COLUMNS,
  isShown = ({ entries }) => entries.some(({ label, times }) => times && columns.includes(label)),
) {
  const measured = CASES.map(({ name }) => results[name]).filter((result) => result && isShown(result));
  return measured.map(({ title, entries }) => {
    const cell = (labels) => {
      const times = entries.find(({ label }) => labels.includes(label))?.times;
      return times ? `${milliseconds(times.median)} (${milliseconds(times.minimum)})` : "";
    };
    return [title, cell([...OURS]), ...columns.map((label) => cell([label]))];
  });
}

/** JSON has no infinity: null stands for one. */
const error = (value) => (value === null ? "∞" : value.toExponential(0));

function accuracyRows(results) {
  const errorOf = (result, label) => result.entries.find((entry) => entry.label === label)?.errors;
  return CASES.filter(({ untimed }) => untimed)
    .map(({ name }) => results[name])
    .filter(Boolean)
    .map((result) => {
      const own = result.entries.find(({ label }) => OURS.includes(label))?.label;
      const cells = [own, "torch", "tfjs", "JS loop", "C"].map((label) => {
        const found = errorOf(result, label);
        return found ? `${error(found.value)} / ${error(found.ofLargest)}` : "";
      });
      return [result.title.replace("Accuracy of ", ""), ...cells];
    });
}

/** The first columns are words, all others numbers. */
const table = (head, rows, words = 1) =>
  markdownTable(
    head,
    rows,
    head.map((_, i) => (i < words ? "left" : "right")),
  );

/** Where and when, once per machine, and what the reader must know of how quiet it was. */
function origin(results) {
  const all = Object.values(results);
  const machines = [...new Set(all.map(({ machine }) => machineLine(machine)))];
  const days = [...new Set(all.map(({ date }) => date.slice(0, 10)))].sort();
  const backends = [
    ...new Set(
      all.flatMap(({ entries }) =>
        entries.filter(({ label }) => OURS.includes(label)).map(({ facts }) => facts?.backend),
      ),
    ),
  ].filter(Boolean);
  const turns = all.filter(({ turns: taken }) => taken);
  const taken = turns.reduce(
    (sum, { turns: { rounds }, entries }) => sum + rounds * entries.filter(({ times }) => times).length,
    0,
  );
  const disturbed = turns.reduce((sum, result) => sum + result.disturbed, 0);
  const share = taken === 0 ? 0 : Math.round((100 * disturbed) / taken);
  return [
    `Measured ${days.length === 1 ? `on ${days[0]}` : `from ${days[0]} to ${days.at(-1)}`}. ${machines.join(" and ")}.`,
    `losskit used: ${backends.join(", ")}. ${share} % of the turns were taken while something else ran on the machine.`,
  ].join(" ");
}

/**
 * @param {import("./goals.mjs").Results} results
 * @returns {string} Markdown
 */
export function performanceTables(results) {
  if (Object.keys(results).length === 0) {
    return "Nothing has been measured yet: run `npm run peers` and `npm run table` in `bench/`.\n";
  }
  const parts = [
    origin(results),
    "### Figures",
    table(
      ["work; of losses, value and gradient", "figure", "target", "measured", "from case to case", "reached"],
      goalRows(results),
      2,
    ),
  ];
  const medians = medianRows(results);
  if (medians.length > 0) {
    parts.push("### Times in ms: median (minimum)", table(["", "losskit", ...COLUMNS], medians));
  }
  const ofMetrics = medianRows(results, METRIC_COLUMNS, ({ name }) => name.startsWith("metrics-"));
  if (ofMetrics.length > 0) {
    parts.push("### Metrics, times in ms: median (minimum)", table(["", "losskit", ...METRIC_COLUMNS], ofMetrics));
  }
  const accuracy = accuracyRows(results);
  if (accuracy.length > 0) {
    parts.push(
      "### Relative error of the value / of the gradient against its largest element",
      table(["", "losskit", "torch", "tfjs", "JS loop", "C"], accuracy),
    );
  }
  return `${parts.join("\n\n")}\n`;
}
