// Runs one golden case through ours and says how far apart the two are.

import { LosskitError } from "losskit";
import { iou, iouBinary } from "losskit/metrics";
import type { GoldenCase } from "./cases.js";
import { type Bounds, float32Bounds, GOLDEN_FLOOR } from "./float32-bounds.js";
import { channelsFirst, ignoreValue, lossCall, sourceOf } from "./loss-call.js";
import { type LossMapping, MAPPING } from "./mapping.js";
import { DISAGREEMENTS, RULES } from "./rules.js";

export const BACKENDS = ["reference", "wasm"] as const;
export type Backend = (typeof BACKENDS)[number];

export type Outcome =
  | {
      readonly kind: "compared";
      /** What computed it: "wasm" leaves to the reference what kernels cannot do, and metrics are counts on every backend. */
      readonly backend: Backend;
      /** Error of the value over max(1, |value|). */
      readonly valueError: number;
      /** Error of the gradient over its bound's scale, max |g|; undefined where it is not compared. */
      readonly gradientError: number | undefined;
      readonly within: boolean;
      readonly detail: string;
    }
  | { readonly kind: "rule"; readonly rule: string; readonly reason: string }
  /** Neither compared nor under a rule, or a rule that ours does not keep. */
  | { readonly kind: "failed"; readonly reason: string };

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

export function compareCase(golden: GoldenCase, backend: Backend = "reference"): Outcome {
  const disagreement = DISAGREEMENTS.find(
    ({ loss, cases }) => loss === golden.loss && (!cases || cases.includes(golden.case)),
  );
  if (disagreement) return { kind: "rule", rule: "documented disagreement", reason: disagreement.reason };
  const mapping = MAPPING[golden.loss];
  if (!mapping) return { kind: "failed", reason: `no loss or metric of ours is mapped to ${golden.loss}` };
  const ignore = mapping.kind === "loss" ? sourceOf(mapping.ignore, golden) : golden.params.ignore;
  const classes = classCount(golden);
  const rule = RULES.find(({ covers }) => covers(golden, classes, ignoreValue(ignore)));

  let result: Result | undefined;
  let error: unknown;
  try {
    result = mapping.kind === "metric" ? runMetric(mapping.metric, golden) : runLoss(mapping, golden, backend);
  } catch (thrown) {
    error = thrown;
  }
  if (rule) return checkRule(rule, result, error);
  if (!result) return { kind: "failed", reason: `ours threw ${(error as Error).message}` };
  return compareNumbers(golden, result);
}

function checkRule(
  { name, reason, expects }: (typeof RULES)[number],
  result: Result | undefined,
  error: unknown,
): Outcome {
  const finite = result?.values.every(Number.isFinite) ?? false;
  const coded = error instanceof LosskitError;
  const kept = expects === "finite value" ? finite : expects === "coded error" ? coded : finite || coded;
  if (kept) return { kind: "rule", rule: name, reason };
  const seen = error ? `threw ${(error as Error).message}` : `gave ${result?.values.join(", ")}`;
  return { kind: "failed", reason: `rule "${name}" wants a ${expects}; ours ${seen}` };
}

function classCount(golden: GoldenCase): number {
  if (typeof golden.params.C === "number") return golden.params.C;
  const channels = golden.inputKind === "preds" ? 2 : channelsFirst(golden)[1];
  return Math.max(2, channels);
}

function runLoss(mapping: LossMapping, golden: GoldenCase, backend: Backend): Result {
  const call = lossCall(mapping, golden);
  const { loss, input, target, options } = call;
  const inFloat64 = (logits: Float64Array, targets: typeof target) =>
    loss.valueAndGradient(logits, targets, { ...options, backend: "reference" });
  if (backend === "reference") {
    const { values, gradient } = inFloat64(input, target);
    return { values: [...values], gradient, backend, bounds: FLOAT64_BOUNDS };
  }
  const single = Float32Array.from(input);
  const targets = target instanceof Float64Array ? Float32Array.from(target) : target;
  const result = loss.valueAndGradient(single, targets, { ...options, backend: "auto" });
  const before = inFloat64(input, target);
  const after = inFloat64(
    Float64Array.from(single),
    targets instanceof Float32Array ? Float64Array.from(targets) : targets,
  );
  return {
    values: [...result.values],
    gradient: result.gradient,
    backend: result.backend,
    bounds: float32Bounds(mapping.loss, call),
    moved: {
      values: [...after.values].map((value, i) => value - before.values[i]),
      gradient: after.gradient.map((slope, i) => slope - before.gradient[i]),
    },
  };
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
      ? iou(prediction, labels, { ...options, classes: classes as number })
      : [iouBinary(prediction, labels, options)];
  const values = fractions.map((fraction) => 100 * fraction);
  return { values, gradient: undefined, backend: "reference", bounds: FLOAT64_BOUNDS };
}

function compareNumbers(golden: GoldenCase, { values, gradient, backend, bounds, moved }: Result): Outcome {
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
    gradientError = largest > 0 ? worst / largest : worst;
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
