// What a metric counts where a mask is empty: named policies, and a mean over cases that says how many were empty.

import { LosskitError } from "../errors.js";
import { oneOf } from "./one-of.js";

/** Which of the two masks of a case have no voxel. */
export type EmptyMasks = "neither" | "both" | "reference" | "prediction";

/**
 * What counts where a mask is empty:
 *
 * | policy    | both empty           | only the reference   | only the prediction  | as in                            |
 * | --------- | -------------------- | -------------------- | -------------------- | -------------------------------- |
 * | "nan"     | no value             | the metric's, if any | the metric's, if any | nnU-Net, surface-distance        |
 * | "one"     | best                 | the metric's or 0    | the metric's or 0    | MONAI's ignore_empty=False, smp  |
 * | "skip"    | no value             | no value             | the metric's, if any | MONAI's ignore_empty=True        |
 * | "penalty" | best                 | worst                | worst                | BraTS                            |
 *
 * A case without a value is null and left out of the mean, and counted as left out. The best is 1 for scores and 0 for distances. The worst
 * is 0 for scores; distances have no worst value, so "penalty" needs one, in the units of the spacing (BraTS takes the
 * diagonal of the image). Under "one" a distance to an empty mask stays without a value: 0 would be the best.
 */
export type EmptyPolicy = "nan" | "one" | "skip" | "penalty";

/** Scores are better when higher, with best 1 and worst 0; distances are better when lower, with best 0. */
export type MetricKind = "score" | "distance";

export interface EmptyRule {
  /** "nan" where absent, which is nnU-Net's. */
  readonly policy?: EmptyPolicy;
  readonly kind: MetricKind;
  /** What the policy "penalty" counts for a distance to an empty mask, in the units of the spacing. */
  readonly penalty?: number;
}

/** The value of a metric in one case, null where it has none, and which masks of the case are empty. */
export interface CaseValue {
  readonly value: number | null;
  readonly empty: EmptyMasks;
}

export interface CaseMean {
  /** Mean of the cases that count; null where none does. */
  readonly mean: number | null;
  /** How many cases count in the mean. */
  readonly cases: number;
  /** How many of all cases have an empty mask, whether they count or not. */
  readonly empty: number;
  /** How many cases have no value under the policy: with `cases` they make up all. */
  readonly leftOut: number;
}

const POLICIES: readonly EmptyPolicy[] = ["nan", "one", "skip", "penalty"];

/** Which masks are empty, from their numbers of voxels. */
export function whichEmpty(referenceVoxels: number, predictionVoxels: number): EmptyMasks {
  if (referenceVoxels === 0) return predictionVoxels === 0 ? "both" : "reference";
  return predictionVoxels === 0 ? "prediction" : "neither";
}

/**
 * The value that counts for a case under a policy; null where the case has none. Where no mask is empty the value is returned as it is.
 *
 * @throws LosskitError OPTION for an unknown policy, or "penalty" for distances without a penalty that is finite and not negative
 */
export function applyEmptyPolicy({ value, empty }: CaseValue, rule: EmptyRule): number | null {
  checkEmptyRule(rule);
  return valueUnder(value, empty, rule);
}

/**
 * Mean over cases under a policy, with the number of cases that count, that have an empty mask, and that were left out.
 *
 * @throws LosskitError OPTION as `applyEmptyPolicy`; NOT_FINITE for a value that is neither null nor a finite number
 */
export function meanOfCases(values: readonly CaseValue[], rule: EmptyRule): CaseMean {
  checkEmptyRule(rule);
  let sum = 0;
  let cases = 0;
  let withEmpty = 0;
  for (const [i, { value, empty }] of values.entries()) {
    if (value !== null && !Number.isFinite(value)) {
      throw new LosskitError("NOT_FINITE", `case ${i} has the value ${value}; give a finite number, or null for none`);
    }
    if (empty !== "neither") withEmpty++;
    const counted = valueUnder(value, empty, rule);
    if (counted === null) continue;
    sum += counted;
    cases++;
  }
  return { mean: cases === 0 ? null : sum / cases, cases, empty: withEmpty, leftOut: values.length - cases };
}

function valueUnder(
  value: number | null,
  empty: EmptyMasks,
  { policy = "nan", kind, penalty }: EmptyRule,
): number | null {
  if (empty === "neither" || policy === "nan") return value;
  if (policy === "skip") return empty === "prediction" ? value : null;
  if (empty === "both") return kind === "score" ? 1 : 0;
  if (policy === "one") return value ?? (kind === "score" ? 0 : null);
  return kind === "score" ? 0 : (penalty as number);
}

function checkEmptyRule({ policy = "nan", kind, penalty }: EmptyRule): void {
  oneOf("policy", policy, POLICIES);
  oneOf("kind", kind, ["score", "distance"]);
  if (policy !== "penalty" || kind !== "distance") return;
  if (penalty === undefined || !Number.isFinite(penalty) || penalty < 0) {
    throw new LosskitError(
      "OPTION",
      `penalty is ${penalty}; the policy "penalty" needs, for a distance, a finite number from 0, such as the diagonal of the image in the units of the spacing`,
    );
  }
}
