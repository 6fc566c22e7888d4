// Public names of the lab package.
export type { Case, Dataset, Split } from "./datasets/dataset.js";
export type { CaseScore, CompareResult, TrialResult } from "./experiment/results.js";
