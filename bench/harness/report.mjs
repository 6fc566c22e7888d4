// One case's result as Markdown.

import { markdownTable } from "./markdown-table.mjs";

export const milliseconds = (ms) =>
  ms === undefined ? "" : ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
export const scientific = (number) => (number === undefined ? "" : number === 0 ? "0" : number.toExponential(1));

/** The first line that tells where a number comes from. */
export function machineLine({ processor, processors, node, v8, gcc, losskitCommit }) {
  const parts = [
    `${processor}, ${processors} processors`,
    `Node ${node} (V8 ${v8})`,
    gcc,
    losskitCommit && `losskit ${losskitCommit}`,
  ];
  return parts.filter(Boolean).join("; ");
}

/** Versions and the like of a contestant, in a few words. */
function factsText(facts = {}) {
  const { version, backend, arrays, gradient } = facts;
  return [version, backend, arrays && `${arrays} arrays`, gradient].filter(Boolean).join(", ");
}

const TIMED_HEAD = [
  "",
  "ms, median",
  "minimum",
  "quartiles",
  "times the first",
  "processors",
  "value off by",
  "gradient off by",
  "of the largest",
  "",
];
const UNTIMED_HEAD = ["", "value", "off by", "in float32 ULP", "gradient off by", "of the largest", ""];
/** Names on the left and notes at the end are text; all between are numbers. */
const sidesOf = (head) => head.map((_, i) => (i === 0 || i === head.length - 1 ? "left" : "right"));

function timedRow({ label, times, processors, errors, difference, facts }, base) {
  return [
    label,
    milliseconds(times?.median),
    milliseconds(times?.minimum),
    times ? times.quartiles.map(milliseconds).join(" to ") : "not timed",
    times ? (times.median / base).toFixed(2) : "",
    processors?.toFixed(2) ?? "",
    scientific(errors?.value ?? difference),
    scientific(errors?.element),
    scientific(errors?.ofLargest),
    factsText(facts),
  ];
}

function untimedRow({ label, value, errors, facts }) {
  const { value: off, ulps, element, ofLargest } = errors;
  const numbers = [value.toPrecision(9), scientific(off), ulps.toFixed(1), scientific(element), scientific(ofLargest)];
  return [label, ...numbers, factsText(facts)];
}

/** How the turns were taken, in words. */
function methodText({ turns: { untimed, timed, rounds }, idle, disturbed, entries }) {
  const calls = timed === 1 ? "a turn is one call" : `a turn is the median of ${timed} timed calls`;
  const before = `${untimed ? ` after ${untimed} untimed` : ""}${idle ? `, each after ${idle} ms of sleep` : ""}`;
  const taken = rounds * entries.filter(({ times }) => times).length;
  return `${rounds} rounds in random order; ${calls}${before}. ${disturbed} of ${taken} turns were taken while something else ran.`;
}

/**
 * @param {object} result of run-case.mjs with `machine` and `date`
 * @returns {string} a page: what, where, when, and a row per contestant; ratios are medians over the first one's median
 */
export function caseMarkdown(result) {
  const { title, machine, date, turns, entries, sameBits } = result;
  const base = entries.find(({ times }) => times)?.times.median;
  const taken = entries.filter(({ skipped }) => !skipped);
  const head = turns ? TIMED_HEAD : UNTIMED_HEAD;
  const rows = taken.map((entry) => (turns ? timedRow(entry, base) : untimedRow(entry)));
  const parts = [
    `# ${title}`,
    `${machineLine(machine)}. ${date.slice(0, 10)}.`,
    turns ? methodText(result) : "One call each, against float64; errors are relative.",
    markdownTable(head, rows, sidesOf(head)),
    ...entries.filter(({ skipped }) => skipped).map(({ label, skipped }) => `${label}: skipped, ${skipped}.`),
  ];
  if (sameBits !== undefined) parts.push(`losskit's results ${sameBits ? "have" : "do NOT have"} the same bits.`);
  return `${parts.join("\n\n")}\n`;
}
