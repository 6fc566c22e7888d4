// The record of an evaluation: what is asked for, what each case gave, and the sums over cases.

import type { EmptyMasks, EmptyPolicy, PooledInstanceScores } from "losskit/metrics";
import type { GridAllowances } from "./geometry.js";
import type { MetricKey } from "./metric-catalogue.js";
import type { ObjectDefinition } from "./object-scores.js";
import type { BoundaryWidth } from "./part-scores.js";
import type { ProbabilitySettings } from "./probability-map.js";
import type { Structure } from "./structures.js";
import type { SurfaceDefinitions } from "./surface-scores.js";

/** What decides the numbers of a case; the same for all cases. */
export interface MeasureSettings {
  /** Undefined: every label that is found in a case. */
  readonly structures?: readonly Structure[];
  readonly ignore?: number;
  /** Shown and summed up; overlap scores are counted all the same. */
  readonly metrics: readonly MetricKey[];
  readonly surface: SurfaceDefinitions;
  /** Of boundary IoU; the default where absent. */
  readonly boundary?: BoundaryWidth;
  /** Of the metrics of objects; the default where absent. */
  readonly objects?: ObjectDefinition;
  /** Predictions are probability maps; label maps where absent. */
  readonly probabilities?: ProbabilitySettings;
  readonly allow: GridAllowances;
  /** Millimetres along [y, x] of the pixels of PNG files. */
  readonly pixelSpacing?: readonly number[];
}

/** Objects of a structure in one case, as they add up over cases. */
export interface DetectionCounts {
  readonly referenceObjects: number;
  readonly predictedObjects: number;
  /** Of the reference, with a match. */
  readonly found: number;
  /** Predicted without a match. */
  readonly falsePositives: number;
}

/** One structure of one case. Values are those of the metrics themselves; policies for empty masks come later. */
export interface StructureScores {
  readonly structure: string;
  readonly labels: readonly number[];
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
  readonly empty: EmptyMasks;
  /** Where metrics of objects are asked for. */
  readonly objects?: DetectionCounts;
  readonly values: Readonly<Partial<Record<MetricKey, number | null>>>;
}

/** Time of change and size of a file, by which a later run sees that it is still the same. */
export type FileStamp = readonly [milliseconds: number, bytes: number];

export interface CaseFiles {
  readonly case: string;
  readonly reference: string;
  readonly prediction: string;
  readonly stamps?: readonly [reference: FileStamp, prediction: FileStamp];
}

export interface MeasuredCase extends CaseFiles {
  readonly status: "measured";
  /** Slowest axis first. */
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  /** Of spacing and distances; volumes are in its power of the number of axes. */
  readonly unit: "mm" | "px";
  /** Voxels that count. */
  readonly voxels: number;
  readonly scores: readonly StructureScores[];
  /** What was odd but accepted. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

export interface FailedCase extends CaseFiles {
  readonly status: "failed";
  readonly error: { readonly code: string; readonly message: string };
}

export type CaseRecord = MeasuredCase | FailedCase;

export const isMeasured = (record: CaseRecord): record is MeasuredCase => record.status === "measured";

/** One metric of one structure over all cases, after the policy for empty masks. */
export interface MetricSummary {
  readonly metric: MetricKey;
  readonly mean: number | null;
  readonly median: number | null;
  /** First and third quartile (linear between cases, as NumPy's default). */
  readonly quartiles: readonly [number, number] | null;
  /** 95 % bootstrap interval of the mean over cases; null where there is none. */
  readonly interval: readonly [number, number] | null;
  /** Why there is no interval: under six cases, or (nearly) all cases have one value, which tells nothing of how others would spread. */
  readonly noInterval?: "few cases" | "alike";
  /** Cases that count. */
  readonly cases: number;
  /** Cases in which the reference, the prediction or both are empty, whether they count or not. */
  readonly empty: number;
  /** Cases without a value under the policy. */
  readonly leftOut: number;
}

export interface StructureSummary {
  readonly structure: string;
  readonly labels: readonly number[];
  readonly metrics: readonly MetricSummary[];
  /** Detection over the objects of all cases together, where metrics of objects are asked for. */
  readonly objects?: PooledInstanceScores;
}

export interface EvaluationResult {
  readonly schema: "losskit-evaluation/1";
  readonly versions: Readonly<Record<string, string>>;
  readonly command: string;
  readonly started: string;
  readonly seconds: number;
  readonly reference: string;
  readonly prediction?: string;
  readonly settings: MeasureSettings;
  readonly emptyMasks: EmptyPolicy;
  /** How the surface metrics are defined, in words. */
  readonly definitions: readonly string[];
  /** All cases that were found; those not measured are stopped or failed. */
  readonly found: number;
  readonly withoutPrediction: readonly string[];
  readonly withoutReference: readonly string[];
  readonly structures: readonly Structure[];
  readonly summary: readonly StructureSummary[];
  readonly cases: readonly MeasuredCase[];
  readonly failed: readonly FailedCase[];
}
