// Runs one golden case through ours and says how far apart the two are.

import { LosskitError } from "losskit";
import { lossNamed } from "losskit/losses";
import { iou, iouBinary } from "losskit/metrics";
import type { GoldenCase } from "./cases.js";
import { type LossMapping, MAPPING } from "./mapping.js";
import { DISAGREEMENTS, RULES } from "./rules.js";

export type Outcome =
  | {
      readonly kind: "compared";
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
/** Gradients below this are differences of nearly equal numbers in the other code. */
const GRADIENT_FLOOR = 1e-12;

interface Result {
  readonly values: readonly number[];
  readonly gradient: ArrayLike<number> | undefined;
}

export function compareCase(golden: GoldenCase): Outcome {
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
    result = mapping.kind === "metric" ? runMetric(mapping.metric, golden) : runLoss(mapping, golden);
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

const ignoreValue = (value: unknown) => (typeof value === "number" ? value : undefined);

/** `[B, H, W]` inputs have one channel. */
function channelsFirst(golden: GoldenCase): readonly number[] {
  const { shape } = golden;
  return shape.length === 3 ? [shape[0], 1, ...shape.slice(1)] : shape;
}

function classCount(golden: GoldenCase): number {
  if (typeof golden.params.C === "number") return golden.params.C;
  const channels = golden.inputKind === "preds" ? 2 : channelsFirst(golden)[1];
  return Math.max(2, channels);
}

function sourceOf(source: LossMapping["ignore"], golden: GoldenCase): unknown {
  if (!source) return undefined;
  return "from" in source ? golden.params[source.from] : source.value;
}

function runLoss(mapping: LossMapping, golden: GoldenCase): Result {
  const { settings, choices = {}, unused = [] } = mapping;
  const used = new Set<string>(unused);
  const ours: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(settings)) {
    if ("from" in source) used.add(source.from);
    ours[name] = sourceOf(source, golden);
  }
  for (const [name, { of, yes, no }] of Object.entries(choices)) {
    used.add(of);
    ours[name] = golden.params[of] ? yes : no;
  }
  if (mapping.ignore && "from" in mapping.ignore) used.add(mapping.ignore.from);
  const left = Object.keys(golden.params).filter((name) => !used.has(name));
  if (left.length > 0) throw new Error(`parameters ${left.join(", ")} of ${golden.loss} are not mapped`);

  const shape = channelsFirst(golden);
  // With one channel the class list of the page's code names the label of the foreground.
  if (shape[1] === 1 && Array.isArray(ours.classes)) ours.classes = "all";
  const loss = lossNamed(mapping.loss)(ours);
  const input = Float64Array.from(golden.input);
  const target = golden.targetKind === "labels" ? Int32Array.from(golden.targets) : Float64Array.from(golden.targets);
  const result = loss.valueAndGradient(input, target, {
    shape,
    activation: golden.inputKind === "probas" ? "none" : (mapping.activation ?? "sigmoid"),
    ignore: ignoreValue(sourceOf(mapping.ignore, golden)),
  });
  return { values: [...result.values], gradient: result.gradient };
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
  return { values: fractions.map((fraction) => 100 * fraction), gradient: undefined };
}

function compareNumbers(golden: GoldenCase, { values, gradient }: Result): Outcome {
  const given = golden.stableValue ?? golden.value;
  const expected = Array.isArray(given) ? (given as readonly number[]) : [given as number];
  if (expected.length !== values.length) {
    return { kind: "failed", reason: `${expected.length} values expected, ours are ${values.length}` };
  }
  let valueError = 0;
  expected.forEach((value, i) => {
    // Written so that NaN is an error, not a pass.
    const error = Math.abs(values[i] - value) / Math.max(1, Math.abs(value));
    if (!(error <= valueError)) valueError = error;
  });
  const slopes = golden.stableGradient ?? (golden.fd === "ok" ? golden.gradient : null);
  let gradientError: number | undefined;
  let gradientWithin = true;
  if (slopes && gradient) {
    const largest = slopes.reduce((max, slope) => Math.max(max, Math.abs(slope)), 0);
    let worst = gradient.length === slopes.length ? 0 : Number.POSITIVE_INFINITY;
    slopes.forEach((slope, i) => {
      const error = Math.abs(gradient[i] - slope);
      if (!(error <= worst)) worst = error;
    });
    gradientWithin = worst <= GRADIENT_BOUND * largest + GRADIENT_FLOOR;
    gradientError = largest > 0 ? worst / largest : worst;
  }
  const within = valueError <= VALUE_BOUND && gradientWithin;
  return {
    kind: "compared",
    valueError,
    gradientError,
    within,
    detail: `value ${values.join(", ")} for ${expected.join(", ")}; gradient error ${gradientError ?? "not compared"}`,
  };
}
