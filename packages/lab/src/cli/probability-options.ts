// The options of `losskit evaluate` for predictions that are probability maps.

import { LabError } from "../errors.js";
import { isProbabilityMetric, type MetricKey } from "../evaluation/metric-catalogue.js";
import type { ProbabilitySettings } from "../evaluation/probability-map.js";

/**
 * How probability maps are read; undefined where predictions are label maps.
 *
 * @param metrics those asked for, also by limits
 * @throws LabError USAGE for a threshold outside (0, 1], and for what needs probabilities and has none
 */
export function readProbabilities(
  { probabilities, threshold }: { readonly probabilities?: boolean; readonly threshold?: string },
  metrics: readonly MetricKey[],
): ProbabilitySettings | undefined {
  if (probabilities) return threshold === undefined ? {} : { threshold: readThreshold(threshold) };
  if (threshold !== undefined) {
    throw new LabError(
      "USAGE",
      "--threshold is for probability maps; say that PREDICTION holds them with --probabilities",
    );
  }
  const unmeasurable = metrics.find(isProbabilityMetric);
  if (unmeasurable === undefined) return undefined;
  throw new LabError(
    "USAGE",
    `${unmeasurable} is a metric of probabilities; give probability maps as PREDICTION, with --probabilities`,
  );
}

function readThreshold(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value > 0 && value <= 1) return value;
  throw new LabError("USAGE", `--threshold is "${text}"; it is a probability above 0, up to 1, as in --threshold 0.5`);
}
