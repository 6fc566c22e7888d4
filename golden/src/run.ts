// Runs files of golden cases and gathers the outcomes per loss and per library.

import type { GoldenFile } from "./cases.js";
import { type Backend, compareCase, type Outcome } from "./compare.js";
import type { Disagreement } from "./disagreements.js";
import { libraryAndClass } from "./peers/index.js";

export interface LossSummary {
  readonly loss: string;
  readonly library: string;
  /** What its cases are with us: names of losses with whose conventions, or "a formula". */
  readonly ours: readonly string[];
  readonly cases: number;
  readonly compared: number;
  /** Of these, within the bounds. */
  readonly within: number;
  /** Of those compared, computed by the reference although kernels were asked for. */
  readonly byReference: number;
  /** Cases in which theirs is wrong by a source. */
  readonly disagreements: number;
  /** Number of cases under each rule. */
  readonly rules: Readonly<Record<string, number>>;
  readonly worstValueError: number;
  /** Undefined where no gradient was compared. */
  readonly worstGradientError: number | undefined;
}

/** What documented disagreements left out. */
export interface DisagreementSummary extends Pick<Disagreement, "library" | "classes" | "when" | "reason" | "source"> {
  readonly cases: number;
  /** Of these, equal to ours all the same. */
  readonly agreeing: number;
}

/** How far one of our losses is from a library's, over the cases that are that loss alone. */
export interface Agreement {
  readonly single: string;
  readonly library: string;
  readonly cases: number;
  readonly worstValueError: number;
  readonly worstGradientError: number | undefined;
}

export interface LibrarySummary {
  readonly library: string;
  readonly cases: number;
  readonly compared: number;
  readonly within: number;
  readonly disagreements: number;
  readonly rules: number;
}

export interface FileSummary {
  readonly file: string;
  readonly losses: readonly LossSummary[];
  readonly libraries: readonly LibrarySummary[];
  readonly disagreements: readonly DisagreementSummary[];
  readonly agreements: readonly Agreement[];
  readonly cases: number;
  readonly compared: number;
  readonly byReference: number;
  readonly byRule: number;
  readonly byDisagreement: number;
  /** Reason of each rule that was used. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Cases beyond the bounds, and cases neither compared nor under a rule. */
  readonly failures: readonly { readonly loss: string; readonly case: string; readonly detail: string }[];
}

type Changing<T> = { -readonly [K in keyof T]: T[K] };

export function runGoldenFile({ name, cases }: GoldenFile, backend: Backend = "reference"): FileSummary {
  const byLoss = new Map<string, Changing<LossSummary>>();
  const byEntry = new Map<Disagreement, Changing<DisagreementSummary>>();
  const agreements = new Map<string, Changing<Agreement>>();
  const reasons: Record<string, string> = {};
  const failures: { loss: string; case: string; detail: string }[] = [];
  for (const golden of cases) {
    const { library } = libraryAndClass(golden.loss);
    const summary = byLoss.get(golden.loss) ?? emptySummary(golden.loss, library);
    byLoss.set(golden.loss, summary);
    const outcome = compareCase(golden, backend);
    count(summary, outcome, backend);
    const fail = (detail: string) => failures.push({ loss: golden.loss, case: golden.case, detail });
    if (outcome.kind === "failed") fail(outcome.reason);
    if (outcome.kind === "rule") reasons[outcome.rule] = outcome.reason;
    if (outcome.kind === "disagreement") {
      const { library, classes, when, reason, source } = outcome.entry;
      const entry = byEntry.get(outcome.entry) ?? { library, classes, when, reason, source, cases: 0, agreeing: 0 };
      byEntry.set(outcome.entry, entry);
      entry.cases++;
      if (outcome.agrees) entry.agreeing++;
    }
    if (outcome.kind !== "compared") continue;
    if (!outcome.within) fail(outcome.detail);
    if (outcome.single === undefined) continue;
    const key = `${library} ${outcome.single}`;
    const agreement = agreements.get(key) ?? {
      single: outcome.single,
      library,
      cases: 0,
      worstValueError: 0,
      worstGradientError: undefined,
    };
    agreements.set(key, agreement);
    agreement.cases++;
    worsen(agreement, outcome);
  }
  const losses = [...byLoss.values()];
  return {
    file: name,
    losses,
    libraries: byLibrary(losses),
    disagreements: [...byEntry.values()],
    agreements: [...agreements.values()],
    cases: cases.length,
    compared: total(losses, ({ compared }) => compared),
    byReference: total(losses, ({ byReference }) => byReference),
    byRule: total(losses, underRules),
    byDisagreement: total(losses, ({ disagreements }) => disagreements),
    reasons,
    failures,
  };
}

const emptySummary = (loss: string, library: string): Changing<LossSummary> => ({
  loss,
  library,
  ours: [],
  cases: 0,
  compared: 0,
  within: 0,
  byReference: 0,
  disagreements: 0,
  rules: {},
  worstValueError: 0,
  worstGradientError: undefined,
});

function count(summary: Changing<LossSummary>, outcome: Outcome, backend: Backend): void {
  summary.cases++;
  if (outcome.ours !== undefined && !summary.ours.includes(outcome.ours)) {
    summary.ours = [...summary.ours, outcome.ours];
  }
  if (outcome.kind === "compared") {
    summary.compared++;
    if (outcome.within) summary.within++;
    if (outcome.backend !== backend) summary.byReference++;
    worsen(summary, outcome);
  } else if (outcome.kind === "rule") {
    summary.rules = { ...summary.rules, [outcome.rule]: (summary.rules[outcome.rule] ?? 0) + 1 };
  } else if (outcome.kind === "disagreement") summary.disagreements++;
}

/** Written so that NaN counts as an error and not as none. */
function worsen(
  summary: { worstValueError: number; worstGradientError: number | undefined },
  { valueError, gradientError }: { readonly valueError: number; readonly gradientError: number | undefined },
): void {
  if (!(valueError <= summary.worstValueError)) summary.worstValueError = valueError;
  if (gradientError === undefined) return;
  const { worstGradientError: worst } = summary;
  if (worst === undefined || !(gradientError <= worst)) summary.worstGradientError = gradientError;
}

const total = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((sum, item) => sum + of(item), 0);
const underRules = ({ rules }: LossSummary) => total(Object.values(rules), (number) => number);

function byLibrary(losses: readonly LossSummary[]): LibrarySummary[] {
  return [...new Set(losses.map(({ library }) => library))].map((library) => {
    const own = losses.filter((summary) => summary.library === library);
    return {
      library,
      cases: total(own, ({ cases }) => cases),
      compared: total(own, ({ compared }) => compared),
      within: total(own, ({ within }) => within),
      disagreements: total(own, ({ disagreements }) => disagreements),
      rules: total(own, underRules),
    };
  });
}
