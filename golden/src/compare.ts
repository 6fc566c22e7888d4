// Runs one golden case through ours and says how far apart the two are.

import { add, LosskitError } from "losskit";
import { lossNamed } from "losskit/losses";
import { iou, iouBinary } from "losskit/metrics";
import type { GoldenCase } from "./cases.js";
import { type Disagreement, disagreementOn } from "./disagreements.js";
import { type Bounds, float32Bounds, GOLDEN_FLOOR, type TermSize } from "./float32-bounds.js";
import { channelsFirst, ignoreValue, inFloat32, type LossCall, lossCall, peerLossCall } from "./loss-call.js";
import { MAPPING } from "./mapping.js";
import { PEERS } from "./peers/index.js";
import { RULES } from "./rules.js";

export const BACKENDS = ["reference", "wasm"] as const;
export type Backend = (typeof BACKENDS)[number];

export interface Compared {
  readonly kind: "compared";
  /** What computed it: "wasm" leaves to the reference what kernels cannot do, and metrics are counts on every backend. */
  readonly backend: Backend;
  /** Error of the value over max(1, |value|). */
  readonly valueError: number;
  /** Error of the gradient over its bound's scale, max |g| + 1e-3; undefined where it is not compared. */
  readonly gradientError: number | undefined;
  readonly within: boolean;
  readonly detail: string;
}

type Checked =
  | Compared
  | { readonly kind: "rule"; readonly rule: string; readonly reason: string }
  /** Theirs is wrong by a source; ours is finite. `agrees` where the two are the same all the same. */
  | { readonly kind: "disagreement"; readonly entry: Disagreement; readonly agrees: boolean }
  /** Neither compared nor under a rule, or a rule that ours does not keep. */
  | { readonly kind: "failed"; readonly reason: string };

interface Ours {
  /** What the case is with us, in words; undefined where nothing of ours was found for it. */
  readonly ours: string | undefined;
  /** Our loss, where the case is that loss and nothing else. */
  readonly single: string | undefined;
}

export type Outcome = Checked & Ours;

const VALUE_BOUND = 1e-9;
const GRADIENT_BOUND = 1e-9;

/** Float64 against float64: what the two codes do differently, and no more. */
const FLOAT64_BOUNDS: Bounds = {
  value: (exact) => VALUE_BOUND * Math.max(1, Math.abs(exact)),
  slope: (_, __, largest) => GRADIENT_BOUND * largest + GOLDEN_FLOOR,
};

interface Result {
  readonly values: readonly number[];
  readonly gradient: ArrayLike<number> | undefined;
  readonly backend: Backend;
  readonly bounds: Bounds;
  /** What rounding the inputs to float32 changes in the truth, in float64. */
  readonly moved?: { readonly values: readonly number[]; readonly gradient: ArrayLike<number> };
}

/** Runs a case through ours and compares, or checks what a rule or a documented disagreement leaves to check. */
export function compareCase(golden: GoldenCase, backend: Backend = "reference"): Outcome {
  let known: Ours = { ours: undefined, single: undefined };
  let ignore: number | undefined;
  let result: Result | undefined;
  let error: unknown;
  try {
    const call = callOf(golden);
    known = { ours: call.ours, single: call.single };
    ignore = "metric" in call ? ignoreValue(golden.params.ignore) : call.options.ignore;
    result = "metric" in call ? runMetric(call.metric, golden) : runLoss(call, backend);
  } catch (thrown) {
    error = thrown;
  }
  const rule = RULES.find(({ covers }) => covers(golden, classCount(golden), ignore));
  const entry = rule ? undefined : disagreementOn(golden);
  if (rule) return { ...known, ...checkRule(rule, result, error) };
  if (entry) return { ...known, ...checkDisagreement(entry, golden, result, error) };
  if (!result) return { ...known, kind: "failed", reason: `ours threw ${(error as Error).message}` };
  return { ...known, ...compareNumbers(golden, result) };
}

type MetricCall = { readonly metric: "iou" | "iouBinary"; readonly ours: string; readonly single: undefined };

/** @throws Error where nothing of ours is mapped to the case, or its parameters are not */
function callOf(golden: GoldenCase): LossCall | MetricCall {
  const peer = PEERS[golden.loss];
  if (peer) return peerLossCall(peer, golden);
  const mapping = MAPPING[golden.loss];
  if (!mapping) throw new Error(`no loss or metric of ours is mapped to ${golden.loss}`);
  if (mapping.kind === "metric")
    return { metric: mapping.metric, ours: `the metric ${mapping.metric}`, single: undefined };
  return lossCall(mapping, golden);
}

function checkRule(
  { name, reason, expects }: (typeof RULES)[number],
  result: Result | undefined,
  error: unknown,
): Checked {
  const finite = result?.values.every(Number.isFinite) ?? false;
  const coded = error instanceof LosskitError;
  const kept = expects === "finite value" ? finite : expects === "coded error" ? coded : finite || coded;
  if (kept) return { kind: "rule", rule: name, reason };
  const seen = error ? `threw ${(error as Error).message}` : `gave ${result?.values.join(", ")}`;
  return { kind: "failed", reason: `rule "${name}" wants a ${expects}; ours ${seen}` };
}

/** Ours must run, whatever theirs gives: to a finite value, or to an error with a code. */
function checkDisagreement(
  entry: Disagreement,
  golden: GoldenCase,
  result: Result | undefined,
  error: unknown,
): Checked {
  if (result?.values.every(Number.isFinite)) {
    const compared = compareNumbers(golden, result);
    return { kind: "disagreement", entry, agrees: compared.kind === "compared" && compared.within };
  }
  if (error instanceof LosskitError) return { kind: "disagreement", entry, agrees: false };
  const seen = error ? `threw ${(error as Error).message}` : `gave ${result?.values.join(", ")}`;
  return { kind: "failed", reason: `ours ${seen} on a documented disagreement (${entry.source})` };
}

function classCount(golden: GoldenCase): number {
  if (typeof golden.params.C === "number") return golden.params.C;
  const channels = golden.inputKind === "preds" ? 2 : channelsFirst(golden)[1];
  return Math.max(2, channels);
}

function runLoss(call: LossCall, backend: Backend): Result {
  const { loss, input, target, options } = call;
  const before = loss.valueAndGradient(input, target, { ...options, backend: "reference" });
  if (backend === "reference") {
    return { values: [...before.values], gradient: before.gradient, backend, bounds: FLOAT64_BOUNDS };
  }
  const single = inFloat32(call);
  const result = loss.valueAndGradient(single.input, single.target, { ...single.options, backend: "auto" });
  const { exact } = single;
  const after = loss.valueAndGradient(exact.input, exact.target, { ...exact.options, backend: "reference" });
  return {
    values: [...result.values],
    gradient: result.gradient,
    backend: result.backend,
    bounds: float32Bounds(call, termSizes(exact)),
    moved: {
      values: [...after.values].map((value, i) => value - before.values[i]),
      gradient: after.gradient.map((slope, i) => slope - before.gradient[i]),
    },
  };
}

/** How large each term of a sum is by itself. */
function termSizes({ loss, terms, input, target, options }: LossCall): TermSize[] {
  if (loss.terms.length === 1) return [];
  const parts = terms.flatMap((term) =>
    term.terms.length === 1
      ? [term]
      : term.terms.map(({ definition, parameters, options: own, weight }) =>
          add([weight, lossNamed(definition.name)({ ...parameters, ...own })]),
        ),
  );
  const largest = (numbers: ArrayLike<number>) =>
    Array.from(numbers).reduce((max, number) => Math.max(max, Math.abs(number)), 0);
  return parts.map((part) => {
    const { values, gradient } = part.valueAndGradient(input, target, { ...options, backend: "reference" });
    return { value: largest(values), slope: largest(gradient) };
  });
}

/** The page's metrics are in per cent. */
function runMetric(metric: "iou" | "iouBinary", golden: GoldenCase): Result {
  const { per_image: perImage, EMPTY: empty, ignore, C: classes } = golden.params;
  const options = {
    perImage: perImage === true,
    images: golden.shape[0],
    empty: empty as number,
    ignore: ignoreValue(ignore),
  };
  const prediction = Int32Array.from(golden.input);
  const labels = Int32Array.from(golden.targets);
  const fractions =
    metric === "iou"
      ? iou(labels, prediction, { ...options, classes: classes as number })
      : [iouBinary(labels, prediction, options)];
  const values = fractions.map((fraction) => 100 * fraction);
  return { values, gradient: undefined, backend: "reference", bounds: FLOAT64_BOUNDS };
}

function compareNumbers(golden: GoldenCase, { values, gradient, backend, bounds, moved }: Result): Checked {
  const given = golden.stableValue ?? golden.value;
  const expected = (Array.isArray(given) ? (given as readonly number[]) : [given as number]).map(
    (value, i) => value + (moved?.values[i] ?? 0),
  );
  if (expected.length !== values.length) {
    return { kind: "failed", reason: `${expected.length} values expected, ours are ${values.length}` };
  }
  let valueError = 0;
  let within = true;
  expected.forEach((value, i) => {
    // Written so that NaN is an error, not a pass.
    const error = Math.abs(values[i] - value);
    if (!(error / Math.max(1, Math.abs(value)) <= valueError)) valueError = error / Math.max(1, Math.abs(value));
    if (!(error <= bounds.value(value))) within = false;
  });
  const slopes = golden.stableGradient ?? (golden.fd === "ok" ? golden.gradient : null);
  let gradientError: number | undefined;
  if (slopes && gradient) {
    const exact = slopes.map((slope, i) => slope + (moved?.gradient[i] ?? 0));
    const largest = exact.reduce((max, slope) => Math.max(max, Math.abs(slope)), 0);
    let worst = gradient.length === exact.length ? 0 : Number.POSITIVE_INFINITY;
    if (gradient.length !== exact.length) within = false;
    exact.forEach((slope, i) => {
      const error = Math.abs(gradient[i] - slope);
      if (!(error <= worst)) worst = error;
      if (!(error <= bounds.slope(i, slope, largest))) within = false;
    });
    gradientError = worst / (largest + GOLDEN_FLOOR / GRADIENT_BOUND);
  }
  return {
    kind: "compared",
    backend,
    valueError,
    gradientError,
    within,
    detail: `value ${values.join(", ")} for ${expected.join(", ")}; gradient error ${gradientError ?? "not compared"}`,
  };
}
