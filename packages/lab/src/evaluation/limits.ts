// Limits that a script sets: a mean that is worse fails the command.

import { LabError } from "../errors.js";
import { findMetric, higherIsBetter, type Metric, metricOf } from "./metric-catalogue.js";
import type { StructureSummary } from "./results.js";
import { spoken } from "./structures.js";

export interface Limit {
  readonly metric: Metric["key"];
  /** Undefined: every structure. */
  readonly structure?: string;
  readonly bound: number;
  /** The mean must not be under or over the bound. */
  readonly side: "under" | "over";
}

const EXAMPLES = { under: "dice=0.85", over: "hd95=5" } as const;

/**
 * Limits of `--fail-under dice=0.85,liver:dice=0.9` and `--fail-over hd95=5`.
 *
 * @throws LabError USAGE, also where a limit is on the side on which the metric is good
 */
export function parseLimits(items: readonly string[], side: Limit["side"]): Limit[] {
  const option = `--fail-${side}`;
  return items.map((item): Limit => {
    const [, structure, name, number] = /^(?:(.+):)?([^=:]+)=(.+)$/u.exec(item) ?? [];
    const bound = number === undefined || number.trim() === "" ? Number.NaN : Number(number);
    if (name === undefined || !Number.isFinite(bound)) {
      throw new LabError("USAGE", `${option} has "${item}"; write METRIC=NUMBER, as in ${option} ${EXAMPLES[side]}`);
    }
    const metric = findMetric(name, option);
    const better = higherIsBetter(metric);
    if (better !== undefined && better !== (side === "under")) {
      const other = side === "under" ? "over" : "under";
      const direction = better ? "higher" : "lower";
      throw new LabError("USAGE", `${metric.key} is better when ${direction}; write --fail-${other} ${item}`);
    }
    return { metric: metric.key, bound, side, ...(structure !== undefined && { structure: structure.trim() }) };
  });
}

/**
 * Refuses a limit on a structure that is not scored.
 *
 * @param structures undefined where they are not known before the cases are measured
 * @throws LabError USAGE
 */
export function checkLimitNames(
  limits: readonly Limit[],
  structures: readonly { readonly name: string }[] | undefined,
): void {
  const names = structures?.map(({ name }) => name);
  const unknown = limits.find(({ structure }) => structure !== undefined && names?.includes(structure) === false);
  if (unknown === undefined) return;
  throw new LabError(
    "USAGE",
    `a limit is set for "${unknown.structure}", which is not scored; there are ${names?.join(", ")}`,
  );
}

/**
 * Sentences on every limit that is not kept; a mean that has no case to come from keeps none.
 *
 * @throws LabError USAGE for a structure that is not scored
 */
export function brokenLimits(limits: readonly Limit[], summary: readonly StructureSummary[]): string[] {
  checkLimitNames(
    limits,
    summary.map((row) => ({ name: row.structure })),
  );
  return limits.flatMap(({ metric, structure, bound, side }) => {
    const rows = summary.filter((one) => structure === undefined || one.structure === structure);
    const { title } = metricOf(metric);
    return rows.flatMap((row) => {
      const mean = row.metrics.find((one) => one.metric === metric)?.mean ?? null;
      if (mean === null)
        return [`${spoken(row.structure)}: ${title} has no value in any case, and must not be ${side} ${bound}`];
      const broken = side === "under" ? mean < bound : mean > bound;
      return broken ? [`${spoken(row.structure)}: mean ${title} is ${shown(mean, bound)}, ${side} ${bound}`] : [];
    });
  });
}

/** With as many digits as tell the mean from its bound. */
function shown(mean: number, bound: number): string {
  for (let digits = 3; digits < 17; digits++) {
    const text = mean.toFixed(digits);
    if (Number(text) !== bound) return text;
  }
  return String(mean);
}
