// Times several functions turn by turn, so that a busy moment of the machine hits all of them, and gives medians and spread.

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
    const sorted = times.get(name).sort((a, b) => a - b);
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    return { name, milliseconds: at(0.5), quartiles: [at(0.25), at(0.75)] };
  });
}

/** A Markdown table with every contestant as a ratio of the first. */
export function ratioTable(results) {
  const [base] = results;
  const rows = results.map(({ name, milliseconds, quartiles: [low, high] }) => {
    const ratio = milliseconds / base.milliseconds;
    return `| ${name} | ${milliseconds.toFixed(1)} | ${low.toFixed(1)} to ${high.toFixed(1)} | ${ratio.toFixed(2)} |`;
  });
  return ["| | ms, median | quartiles | ratio |", "| --- | ---: | --- | ---: |", ...rows].join("\n");
}
