// The scores of every case and structure of an evaluation as CSV (RFC 4180).

import { METRICS, type MetricKey } from "../evaluation/metric-catalogue.js";
import type { EvaluationResult } from "../evaluation/results.js";
import { countedValue, scoresOf } from "../evaluation/summary.js";
import { csvField } from "./csv.js";

const COUNTS = ["truePositives", "falsePositives", "falseNegatives", "trueNegatives"] as const;

/** One row per case and structure: values under the policy for empty masks, an empty field where there is none. */
export function evaluationCsv({
  cases,
  structures,
  emptyMasks,
  settings,
}: Pick<EvaluationResult, "cases" | "structures" | "emptyMasks" | "settings">): string {
  const metrics = csvMetrics(settings.metrics);
  const head = ["case", "structure", ...metrics, ...COUNTS, "emptyMasks", "unit", "reference", "prediction"];
  const rows = cases.flatMap((one) =>
    structures.map((structure) => {
      const scores = scoresOf(one, structure);
      return [
        one.case,
        structure.name,
        ...metrics.map((key) => countedValue(one, scores, key, emptyMasks)),
        ...COUNTS.map((name) => scores[name]),
        scores.empty,
        one.unit,
        one.reference,
        one.prediction,
      ];
    }),
  );
  return [head, ...rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

/** Those asked for first, then what is counted anyhow; surface metrics that were not asked for were not measured. */
function csvMetrics(asked: readonly MetricKey[]): MetricKey[] {
  const counted = METRICS.filter(({ measured }) => measured === "always").map(({ key }) => key);
  return [...asked, ...counted.filter((key) => !asked.includes(key))];
}
