// Runs files of golden cases and gathers the outcomes per loss.

import type { GoldenFile } from "./cases.js";
import { type Backend, compareCase } from "./compare.js";

export interface LossSummary {
  readonly loss: string;
  readonly cases: number;
  readonly compared: number;
  /** Of these, computed by the reference although kernels were asked for. */
  readonly byReference: number;
  /** Number of cases under each rule. */
  readonly rules: Readonly<Record<string, number>>;
  readonly worstValueError: number;
  readonly worstGradientError: number;
}

export interface FileSummary {
  readonly file: string;
  readonly losses: readonly LossSummary[];
  readonly cases: number;
  readonly compared: number;
  readonly byReference: number;
  readonly byRule: number;
  /** Reason of each rule that was used. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Cases beyond the bounds, and cases neither compared nor under a rule. */
  readonly failures: readonly { readonly loss: string; readonly case: string; readonly detail: string }[];
}

export function runGoldenFile({ name, cases }: GoldenFile, backend: Backend = "reference"): FileSummary {
  const byLoss = new Map<string, { -readonly [K in keyof LossSummary]: LossSummary[K] }>();
  const reasons: Record<string, string> = {};
  const failures: { loss: string; case: string; detail: string }[] = [];
  for (const golden of cases) {
    const summary = byLoss.get(golden.loss) ?? {
      loss: golden.loss,
      cases: 0,
      compared: 0,
      byReference: 0,
      rules: {},
      worstValueError: 0,
      worstGradientError: 0,
    };
    byLoss.set(golden.loss, summary);
    summary.cases++;
    const outcome = compareCase(golden, backend);
    if (outcome.kind === "compared") {
      summary.compared++;
      if (outcome.backend !== backend) summary.byReference++;
      summary.worstValueError = Math.max(summary.worstValueError, outcome.valueError);
      summary.worstGradientError = Math.max(summary.worstGradientError, outcome.gradientError ?? 0);
      if (!outcome.within) failures.push({ loss: golden.loss, case: golden.case, detail: outcome.detail });
    } else if (outcome.kind === "rule") {
      summary.rules = { ...summary.rules, [outcome.rule]: (summary.rules[outcome.rule] ?? 0) + 1 };
      reasons[outcome.rule] = outcome.reason;
    } else failures.push({ loss: golden.loss, case: golden.case, detail: outcome.reason });
  }
  const losses = [...byLoss.values()];
  return {
    file: name,
    losses,
    cases: cases.length,
    compared: losses.reduce((sum, { compared }) => sum + compared, 0),
    byReference: losses.reduce((sum, { byReference }) => sum + byReference, 0),
    byRule: losses.reduce((sum, { rules }) => sum + Object.values(rules).reduce((a, b) => a + b, 0), 0),
    reasons,
    failures,
  };
}
