// Times several functions turn by turn, so that a busy moment of the machine hits all of them, and gives medians and spread.

import { markdownTable } from "./harness/markdown-table.mjs";

/**
 * @param {number[]} times milliseconds
 * @returns {{ median: number, minimum: number, quartiles: [number, number] }}
 */
export function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    const high = Math.ceil(place);
    return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
  };
  return { median: at(0.5), minimum: sorted[0], quartiles: [at(0.25), at(0.75)] };
}

/**
 * @param {Record<string, () => unknown>} contestants
 * @param {{ rounds?: number, warmUp?: number }} [options] at least 7 rounds
 * @returns {{ name: string, milliseconds: number, quartiles: [number, number] }[]} medians in the order given
 */
export function interleave(contestants, { rounds = 15, warmUp = 3 } = {}) {
  const entries = Object.entries(contestants);
  const times = new Map(entries.map(([name]) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, run] of entries) {
      const start = performance.now();
      run();
      if (round >= 0) times.get(name).push(performance.now() - start);
    }
  }
  return entries.map(([name]) => {
    const { median, quartiles } = spread(times.get(name));
    return { name, milliseconds: median, quartiles };
  });
}

/**
 * Turns of contestants that time themselves, in another order each round: whoever runs after a contestant that empties the caches
 * is drawn anew.
 *
 * @template T
 * @param {Record<string, () => Promise<T>>} contestants each gives what it measured in its turn
 * @param {{ rounds?: number, warmUp?: number, random?: () => number }} [options] rounds to keep, rounds before them, numbers in [0, 1)
 * @returns {Promise<Record<string, T[]>>} one entry a round
 */
export async function takeTurns(contestants, { rounds = 15, warmUp = 2, random = Math.random } = {}) {
  const names = Object.keys(contestants);
  const measured = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of shuffled(names, random)) {
      const turn = await contestants[name]();
      if (round >= 0) measured[name].push(turn);
    }
  }
  return measured;
}

function shuffled(items, random) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** A Markdown table with every contestant as a ratio of the first. */
export function ratioTable(results) {
  const [base] = results;
  const rows = results.map(({ name, milliseconds, quartiles: [low, high] }) => [
    name,
    milliseconds.toFixed(1),
    `${low.toFixed(1)} to ${high.toFixed(1)}`,
    (milliseconds / base.milliseconds).toFixed(2),
  ]);
  return markdownTable(["", "ms, median", "quartiles", "ratio"], rows, ["left", "right", "right", "right"]);
}
