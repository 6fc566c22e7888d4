// The record of a comparison: what `compare` writes as JSON and what statistics and report read.

import type { Head } from "../training/head.js";

/** Voxel counts and scores of one class in one test case; a score is null where its denominator is 0. */
export interface CaseScore {
  readonly case: string;
  readonly class: string;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly dice: number | null;
  readonly iou: number | null;
  readonly sensitivity: number | null;
  readonly precision: number | null;
}

export interface TrialResult {
  /** Label of the loss, as in `LossEntry.label`. */
  readonly loss: string;
  readonly seed: number;
  readonly status: "finished" | "diverged" | "failed";
  /** What went wrong, for a trial that is not finished. */
  readonly message?: string;
  readonly seconds: number;
  /** Training loss by step, as the loss itself reports it (not comparable between losses). */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  /** Mean foreground Dice on the validation split while training; empty where there is no such split. */
  readonly validation: readonly { readonly step: number; readonly dice: number }[];
  /** Scores on the test split; empty unless finished. */
  readonly cases: readonly CaseScore[];
}

export interface LossEntry {
  /** Name in tables and plots, unique within the comparison. */
  readonly label: string;
  /** The specification as given on the command line. */
  readonly specification: string;
  /** The head it trains: for one class a loss that compares channels has a softmax of two, the others one sigmoid. Absent in older records. */
  readonly head?: Head;
  /** Formulas of its terms, as text; the weight is multiplied by the schedule where it has one, such as "linear(1,0.01)". */
  readonly formulas: readonly {
    readonly title: string;
    readonly formula: string;
    readonly weight: number;
    readonly schedule?: string;
  }[];
  /** BibTeX of its papers. */
  readonly references: readonly string[];
}

export interface CompareResult {
  readonly schema: "losskit-compare/1";
  readonly versions: Readonly<Record<string, string>>;
  /** The command that made this result, for a shell. */
  readonly command: string;
  readonly started: string;
  readonly seconds: number;
  readonly dataset: {
    readonly name: string;
    readonly dimension: 2 | 3;
    readonly classes: readonly string[];
    readonly cases: { readonly train: number; readonly validation: number; readonly test: number };
    readonly splitNote: string;
    /** True where loss and metrics were limited to a region of interest. */
    readonly regionOfInterest: boolean;
  };
  readonly settings: {
    readonly steps: number;
    readonly batch: number;
    readonly crop: number;
    readonly seeds: readonly number[];
    readonly peakRate: number;
    readonly baseChannels: number;
    readonly depth: number;
  };
  readonly losses: readonly LossEntry[];
  readonly trials: readonly TrialResult[];
}
