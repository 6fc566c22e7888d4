// Runs one case: data, contestants, a check that all compute the same thing, then turns in random order.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { spread, takeTurns } from "../interleave.mjs";
import { startContestant } from "./child.mjs";
import { writeData } from "./data.mjs";
import { errors, exactly } from "./exact.mjs";
import { quietMoments } from "./machine.mjs";
import { uniform } from "./random.mjs";

/** Metrics that a result keeps for its reader; the check looks at all. */
const MOST_NUMBERS = 32;

/** Numbers in the logits or voxels up to which a turn is an untimed call, so that caches and clocks are as in a loop, and three timed ones. */
const SMALL = 2 ** 22;

/**
 * How far off a result may be before it counts as another computation. For peers only wide enough to tell a wrong formula from
 * float32 sums (tfjs is 2.4 % off at 2^24 voxels) and from differences of float32 prefix sums (the sort of torch); how far off they
 * are stands in the result.
 */
const LIMITS = { losskit: { value: 1e-5, ofLargest: 1e-4 }, peer: { value: 0.05, ofLargest: 0.5 } };

/** How long a case waits for other programs to pause, ms in all. */
const PATIENCE = 5000;

/** Calls of a turn and rounds of a case, by its size. */
export function plan(numbers, { idle = 0, rounds } = {}) {
  if (idle > 0) return { untimed: 1, timed: 5, idle, rounds: rounds ?? 15, warmUp: 2 };
  if (numbers <= SMALL) return { untimed: 1, timed: 3, idle, rounds: rounds ?? 15, warmUp: 2 };
  return { untimed: 0, timed: 1, idle, rounds: rounds ?? 9, warmUp: 1 };
}

/**
 * @param {import("./cases.mjs").Case} each
 * @param {object} context
 * @param {Record<string, object>} context.contestants from contestants.mjs
 * @param {string} [context.nativeReason] why there is no C program
 * @param {number} [context.rounds]
 * @param {string} context.temporary folder for data
 * @param {(text: string) => void} context.say
 * @returns the result as plain data, without the machine's facts
 */
export async function runCase(each, { contestants, nativeReason, rounds, temporary, say }) {
  const folder = mkdtempSync(join(temporary, "case-"));
  const running = [];
  try {
    const data = writeData(each.data, folder);
    const numbers = (data.logits ?? data.mask ?? data.reference).length;
    const entries = [];
    for (const entry of each.entries) {
      const contestant = contestants[entry.as];
      const settings = { work: entry.work, ...data.files, ...contestant.settings };
      const started =
        contestant.needsNative && nativeReason
          ? { skip: nativeReason }
          : await startContestant(contestant.program, settings);
      if (started.skip) {
        say(`  ${entry.label}: skipped, ${started.skip}`);
        entries.push({ ...entry, skipped: started.skip });
        continue;
      }
      running.push(started);
      entries.push({ ...entry, facts: started.facts, ask: started.ask });
    }
    await check(each, data, entries, contestants, folder, say);
    const taking = entries.filter(({ ask, wrong }) => ask && !wrong);
    const turns = each.untimed ? undefined : plan(each.brief ? 1 : numbers, { idle: each.idle, rounds });
    const disturbed = turns ? await time(taking, turns) : 0;
    const { name, title, idle = 0 } = each;
    const results = entries.map(({ ask, ...plain }) => plain);
    return {
      name,
      title,
      data: each.data,
      idle,
      turns,
      disturbed,
      sameBits: sameBits(entries, contestants),
      entries: results,
    };
  } finally {
    await Promise.all(running.map(({ stop }) => stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Metrics that are the same but for the order of additions. */
const SAME_METRICS = 1e-9;

/** One call of each, held against float64, or distances and metrics against those of the first contestant. */
async function check(each, data, entries, contestants, folder, say) {
  const exact = new Map();
  let distances;
  let metrics;
  for (const entry of entries) {
    if (!entry.ask || contestants[entry.as].unchecked) continue;
    const path = join(folder, "output");
    const { value } = await entry.ask(`check ${path}`);
    const bytes = readFileSync(path);
    rmSync(path);
    entry.bits = createHash("sha256").update(String(value)).update(bytes).digest("hex").slice(0, 12);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    if (data.mask) {
      // Rounded to float32, which is what losskit gives; scipy's are float64.
      const found = new Float64Array(buffer).map(Math.fround);
      distances ??= found;
      entry.difference = distances.reduce((most, one, i) => Math.max(most, Math.abs(one - found[i])), 0);
      entry.wrong = entry.difference !== 0;
    } else if (data.reference) {
      const found = new Float64Array(buffer);
      metrics ??= found;
      entry.numbers = [...found.subarray(0, MOST_NUMBERS)];
      entry.difference = largestDifference(metrics, found);
      entry.wrong = !(entry.difference <= (contestants[entry.as].precision ?? SAME_METRICS));
    } else {
      if (!exact.has(entry.work)) exact.set(entry.work, exactly(entry.work, data.logits, data.labels));
      if (exact.get(entry.work)) entry.errors = errors(exact.get(entry.work), value, new Float32Array(buffer));
      entry.value = value;
      const limits = contestants[entry.as].group === "losskit" ? LIMITS.losskit : LIMITS.peer;
      const off = entry.errors && !(entry.errors.value <= limits.value && entry.errors.ofLargest <= limits.ofLargest);
      entry.wrong = off && !each.untimed;
    }
    if (entry.wrong)
      say(`  ${entry.label}: not timed, its result is another: ${JSON.stringify(entry.errors ?? entry.difference)}`);
  }
}

/** Relative to the larger of both; infinite where there are more of one, or one has no value where the other has. */
function largestDifference(expected, found) {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((most, one, i) => {
    if (Object.is(one, found[i]) || one === found[i]) return most;
    const difference = Math.abs(one - found[i]) / Math.max(Math.abs(one), Math.abs(found[i]));
    return Math.max(most, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }, 0);
}

/** Whether contestants of one group that do the same work got the same bits; undefined where there is only one. */
function sameBits(entries, contestants) {
  const bits = new Map();
  for (const { as, work, bits: own } of entries) {
    const { group } = contestants[as];
    // The reference backend computes in float64.
    if (!group || !own || as === "losskit, reference") continue;
    bits.set(work, [...(bits.get(work) ?? []), own]);
  }
  const several = [...bits.values()].filter((all) => all.length > 1);
  return several.length === 0 ? undefined : several.every((all) => new Set(all).size === 1);
}

/** Adds `times` to each entry; gives how many turns were taken while something else ran. */
async function time(entries, { untimed, timed, idle, rounds, warmUp }) {
  let disturbed = 0;
  const quiet = quietMoments(PATIENCE);
  const turns = entries.map(({ label, ask }) => [
    label,
    async () => {
      const calm = await quiet();
      const { ms, cpu } = await ask(`run ${untimed} ${timed} ${idle}`);
      return { ms: spread(ms).median, share: spread(cpu.map((used, i) => used / ms[i])).median, calm };
    },
  ]);
  const measured = await takeTurns(Object.fromEntries(turns), { rounds, warmUp, random: uniform(rounds) });
  for (const entry of entries) {
    const own = measured[entry.label];
    disturbed += own.filter(({ calm }) => !calm).length;
    entry.times = spread(own.map(({ ms }) => ms));
    // Processor time over wall time: below 1 a call waited for a processor, above it several threads worked.
    entry.processors = spread(own.map(({ share }) => share)).median;
  }
  return disturbed;
}
