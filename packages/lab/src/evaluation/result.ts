// Puts together the record of an evaluation from its cases.

import type { EmptyPolicy } from "losskit/metrics";
import { LabError } from "../errors.js";
import {
  isObjectMetric,
  isPartMetric,
  isProbabilityMetric,
  isSurfaceMetric,
  type MetricKey,
  metricOf,
} from "./metric-catalogue.js";
import { describeObjects, objectDefinition } from "./object-scores.js";
import type { Pairs } from "./pairs.js";
import { DEFAULT_BOUNDARY, describeParts } from "./part-scores.js";
import { describeProbabilities } from "./probability-scores.js";
import { type CaseRecord, type EvaluationResult, isMeasured, type MeasureSettings } from "./results.js";
import { allStructures, summarise } from "./summary.js";
import { describeSurface } from "./surface-scores.js";

export interface ResultParts {
  readonly versions: Readonly<Record<string, string>>;
  readonly command: string;
  readonly started: Date;
  readonly reference: string;
  readonly prediction?: string;
  readonly pairs: Pairs;
  readonly settings: MeasureSettings;
  readonly emptyMasks: EmptyPolicy;
}

/** @throws LabError EMPTY_DATASET where all label maps hold nothing but background and nothing names the labels */
export function evaluationResult(
  records: readonly CaseRecord[],
  parts: ResultParts,
  now = new Date(),
): EvaluationResult {
  const { pairs, settings, emptyMasks, started } = parts;
  const cases = records.filter(isMeasured);
  const failed = records.filter((record) => !isMeasured(record));
  const structures = allStructures(cases, settings.structures);
  if (structures.length === 0 && cases.length > 0) {
    throw new LabError(
      "EMPTY_DATASET",
      "there is nothing but background, 0, in all reference and prediction files; name the labels with --labels 1=name if that may be so",
    );
  }
  return {
    schema: "losskit-evaluation/1",
    versions: parts.versions,
    command: parts.command,
    started: started.toISOString(),
    seconds: (now.getTime() - started.getTime()) / 1000,
    reference: parts.reference,
    ...(parts.prediction !== undefined && { prediction: parts.prediction }),
    settings,
    emptyMasks,
    definitions: definitionsOf(settings, emptyMasks, unitOf(cases)),
    found: pairs.pairs.length,
    withoutPrediction: pairs.withoutPrediction,
    withoutReference: pairs.withoutReference,
    structures,
    summary: summarise(cases, structures, settings.metrics, emptyMasks),
    cases,
    failed,
  };
}

/** How the metrics asked for are defined, in words. */
export function definitionsOf(settings: MeasureSettings, emptyMasks: EmptyPolicy, unit: string): string[] {
  const { metrics, surface, boundary = DEFAULT_BOUNDARY, objects = objectDefinition(), probabilities } = settings;
  return [
    ...describeSurface(metrics.filter(isSurfaceMetric), surface, unit),
    ...describeParts(metrics.filter(isPartMetric), boundary),
    ...describeObjects(metrics.filter(isObjectMetric), objects),
    ...describeProbabilities(metrics.filter(isProbabilityMetric), probabilities),
    describeEmptyMasks(emptyMasks, metrics),
  ];
}

/** One unit for all, or both where some files are PNG and others volumes. */
export function unitOf(cases: readonly { readonly unit: "mm" | "px" }[]): string {
  const units = new Set(cases.map(({ unit }) => unit));
  return [...units].sort().join(" or ") || "mm";
}

const EMPTY_WORDS: Readonly<Record<EmptyPolicy, string>> = {
  nan: "a metric without a value, as Dice where a structure is in neither mask, is left out (nan, as in nnU-Net)",
  one: "a structure that is in neither mask counts as found without error, one in one mask only as score 0 (one)",
  skip: "cases without the structure in the reference are left out (skip)",
  penalty:
    "a structure that is in neither mask counts as found without error, one in one mask only as worst: score 0, distance the diagonal of the image (penalty)",
};

/** Distances and numbers of objects have their say only where they are shown. */
function describeEmptyMasks(policy: EmptyPolicy, metrics: readonly MetricKey[]): string {
  const words = EMPTY_WORDS[policy];
  const kinds = new Set(metrics.filter((key) => !isProbabilityMetric(key)).map((key) => metricOf(key).kind));
  const distances = policy === "one" && kinds.has("distance") ? "; distances to an empty mask are left out" : "";
  const counts = policy !== "skip" && (kinds.has("count") || kinds.has("quantity"));
  return `Empty masks: ${words}${distances}${counts ? "; numbers of objects count as they are" : ""}.`;
}
