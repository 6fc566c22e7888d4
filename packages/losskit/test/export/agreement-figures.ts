// The largest differences of each loss against the bounds that docs/losses/agreement.json states.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Comparison, Framework, Run } from "./run-modules.js";

interface Difference {
  readonly value: number;
  readonly gradient: number;
}

/** Of one loss, over all its runs. */
interface Largest {
  readonly float64: Difference;
  readonly float32: Difference;
  readonly runs: number;
  /** Set where real Keras gave values rounded to float32. */
  readonly rounded?: boolean;
}

type Figures = Readonly<Record<string, Largest>>;

/** The largest differences by loss, and in how many runs. */
export function largestDifferences(
  byLoss: readonly { readonly name: string; readonly runs: readonly Run[] }[],
  comparisonOf: (run: Run) => Comparison,
): Figures {
  const entries = byLoss.map(({ name, runs }) => {
    const largest = (dtype: Run["dtype"]): Difference => {
      const comparisons = runs.filter((run) => run.dtype === dtype).map(comparisonOf);
      const most = (of: keyof Difference) => Math.max(0, ...comparisons.map((comparison) => comparison[of]));
      return { value: most("value"), gradient: most("gradient") };
    };
    const rounded = runs.some((run) => comparisonOf(run).rounded);
    const figure = { float64: largest("float64"), float32: largest("float32"), runs: runs.length };
    return [name, { ...figure, ...(rounded && { rounded }) }] as const;
  });
  return Object.fromEntries(entries.filter(([, { runs }]) => runs > 0));
}

const REMEDY = "node scripts/write-loss-pages.mjs --measure";

/** What docs/losses/agreement.json says otherwise. With LOSSKIT_AGREEMENT, a folder, the figures go there instead: the script asks for them. */
export function statedProblems(framework: Framework, figures: Figures): string[] {
  const folder = process.env.LOSSKIT_AGREEMENT;
  const rounded = Object.values(figures).some((figure) => figure.rounded);
  if (folder !== undefined) {
    if (rounded) throw new Error("real Keras rounds to float32; the figures are those of its stand-in");
    writeFileSync(join(folder, `${framework}.json`), JSON.stringify(figures));
    return [];
  }
  // Held to 1e-6 by the other tests.
  if (rounded) return [];
  const file = new URL("../../../../docs/losses/agreement.json", import.meta.url);
  const stated: Figures = JSON.parse(readFileSync(file, "utf8"))[framework];
  const unknown = Object.keys(stated).filter((name) => !(name in figures));
  const problems = Object.entries(figures).flatMap(([name, found]) => {
    const said = stated[name];
    if (!said) return [`${name} has no figures: ${REMEDY}`];
    return [
      ...(said.runs === found.runs ? [] : [`${name} ran ${found.runs} times, not ${said.runs}: ${REMEDY}`]),
      ...(["float64", "float32"] as const).flatMap((dtype) =>
        (["value", "gradient"] as const)
          .filter((of) => !(found[dtype][of] <= said[dtype][of]))
          .map((of) => `${name}, ${dtype}: the ${of} differs by ${found[dtype][of]}, said to be ${said[dtype][of]}`),
      ),
    ];
  });
  return [...problems, ...unknown.map((name) => `${name} is not run, but has figures: ${REMEDY}`)];
}
