// What a call supplies, as ONNX operators: probabilities and their logarithms, the target of each class, what counts, and the gradient's last step.

import { SMALLEST_PROBABILITY } from "../backends/reference/inputs.js";
import { LosskitError } from "../errors.js";
import type { InputName } from "../formula/node.js";
import type { Activation } from "../formula/options.js";
import { type Builder, createOperators, type Tensor } from "./onnx-builder.js";
import type { Scalars } from "./onnx-scalars.js";

/** Axes of the tensors: [images, classes, voxels]. */
export const CLASSES = 1;

export type Probabilities = Readonly<Record<"p" | "q" | "logP" | "logQ", () => Tensor>>;

/** Sources of x, p, q, logP and logQ; each is made when it is asked for. */
export function activated(activation: Activation, x: Tensor, channels: number, builder: Builder, scalars: Scalars) {
  if (activation === "sigmoid") return sigmoid(x, builder, scalars);
  return activation === "softmax" ? softmax(x, channels, builder, scalars) : given(x, builder, scalars);
}

/** Exponentials of -|x| only; log p = min(x, 0) - log(1 + e^-|x|), log q the same of -x. */
function sigmoid(x: Tensor, builder: Builder, { log1p, decay, zero, one }: Scalars): Probabilities {
  const on = createOperators(builder);
  const e = decay(x);
  const share = (ofPositive: Tensor, ofNegative: Tensor) =>
    on.div(on.where(on.less(x, zero), ofNegative, ofPositive), on.add(one, e));
  return {
    p: () => share(one, e),
    q: () => share(e, one),
    logP: () => on.sub(on.min(x, zero), log1p(e)),
    logQ: () => on.sub(on.neg(on.max(x, zero)), log1p(e)),
  };
}

/** 1 where a class is the likeliest of its voxel: the first of several. */
function isTop(values: Tensor, channels: number, builder: Builder): Tensor {
  const top = builder.node("ArgMax", [values], { axis: { int: CLASSES }, keepdims: { int: 1 } });
  const classes = builder.constant(
    "int64",
    [1, channels, 1],
    Array.from({ length: channels }, (_, c) => c),
  );
  return builder.node("Equal", [top, classes]);
}

/**
 * With m the largest logit, e_c = exp(x_c - m) and Z their sum: p = e / Z and log p = x - m - log Z. 1 - p is (Z - e) / Z but for
 * the largest class, where that would cancel: there the other exponentials are added up; their logarithm is taken with the largest of them
 * put before the sum, as all may be too small for exp.
 */
function softmax(x: Tensor, channels: number, builder: Builder, { log1p, zero, one }: Scalars): Probabilities {
  const on = createOperators(builder);
  const largest = on.largest(x, [CLASSES]);
  const top = isTop(x, channels, builder);
  const e = on.exp(on.sub(x, largest));
  const others = on.sum(on.where(top, zero, e), [CLASSES]);
  const z = on.add(one, others);
  const logZ = log1p(others);
  const p = on.div(e, z);
  return {
    p: () => p,
    q: () => on.div(on.where(top, others, on.sub(z, e)), z),
    logP: () => on.sub(on.sub(x, largest), logZ),
    logQ() {
      const rest = on.where(top, builder.number(Number.NEGATIVE_INFINITY), x);
      const second = on.largest(rest, [CLASSES]);
      const logOthers = on.add(on.sub(second, largest), on.log(on.sum(on.exp(on.sub(rest, second)), [CLASSES])));
      const likely = on.less(z, on.add(e, e));
      return on.where(likely, on.sub(logOthers, logZ), log1p(on.neg(on.where(likely, zero, p))));
    },
  };
}

/** Probabilities as they are; the logarithms see at least SMALLEST_PROBABILITY. */
function given(x: Tensor, builder: Builder, { log1p, one }: Scalars): Probabilities {
  const on = createOperators(builder);
  const smallest = builder.number(SMALLEST_PROBABILITY);
  const tooSmall = on.less(on.sub(one, x), smallest);
  return {
    p: () => x,
    q: () => on.sub(one, x),
    logP: () => on.log(on.max(x, smallest)),
    logQ: () =>
      on.where(
        tooSmall,
        builder.number(Math.log(SMALLEST_PROBABILITY)),
        log1p(on.neg(on.where(tooSmall, builder.number(0), x))),
      ),
  };
}

/** Slopes along x, p, q, log p and log q; undefined for those that are 0. */
export type Slopes = readonly (Tensor | undefined)[];

/** The slope along the raw output, as backends/reference/activation-gradient.ts derives it; undefined where all are 0. */
export function activationGradient(
  activation: Activation,
  x: Tensor,
  [dx, dp, dq, dLogP, dLogQ]: Slopes,
  probabilities: Probabilities,
  channels: number,
  builder: Builder,
  { zero }: Scalars,
): Tensor | undefined {
  const on = createOperators(builder);
  const times = (a: Tensor | undefined, b: () => Tensor) => a && on.mul(a, b());
  const plus = (a: Tensor | undefined, b: Tensor | undefined) => (a && b ? on.add(a, b) : (a ?? b));
  const minus = (a: Tensor | undefined, b: Tensor | undefined) => (a && b ? on.sub(a, b) : (a ?? (b && on.neg(b))));
  const { p, q, logP, logQ } = probabilities;
  const along = minus(dp, dq);
  if (activation === "none") {
    const smallest = builder.number(SMALLEST_PROBABILITY);
    const over = (a: Tensor | undefined, b: () => Tensor) => a && on.div(a, on.max(b(), smallest));
    return minus(plus(plus(dx, along), over(dLogP, p)), over(dLogQ, q));
  }
  if (activation === "sigmoid") {
    const logarithms = minus(times(dLogP, q), times(dLogQ, p));
    return plus(dx, plus(times(times(along, p), q), logarithms));
  }
  const slopes = plus(times(along, p), dLogP);
  let result = dx;
  if (slopes) {
    const top = isTop(x, channels, builder);
    // A slope that is the same for all classes is one of each of them: the products with p spread it.
    const others = on.sum(on.where(top, zero, slopes), [CLASSES]);
    const ofLikeliest = on.sum(on.where(top, slopes, zero), [CLASSES]);
    const ofTop = on.sub(on.mul(slopes, q()), on.mul(p(), others));
    const ofOthers = on.sub(slopes, on.mul(p(), on.add(others, ofLikeliest)));
    result = plus(result, on.where(top, ofTop, ofOthers));
  }
  if (!dLogQ) return result;
  const weighted = on.mul(dLogQ, p());
  for (let c = 0; c < channels; c++) {
    const ofClass = (a: Tensor) => on.slice(a, c, c + 1, CLASSES);
    const own = builder.constant(
      "int64",
      [1, channels, 1],
      Array.from({ length: channels }, (_, k) => Number(k === c)),
    );
    const ratio = on.exp(on.sub(logP(), ofClass(logQ())));
    const share = on.where(builder.cast(own, "bool"), builder.number(-1), ratio);
    result = plus(result, on.mul(ofClass(weighted), share));
  }
  return result;
}

/** What the target says; `target` is [images, classes or 1, voxels]. */
export function targetSide(
  { form, target, ignore, weights, channels }: TargetSources,
  builder: Builder,
  { asFloat, zero }: Scalars,
): Readonly<Partial<Record<InputName, () => Tensor>>> {
  const on = createOperators(builder);
  const type = form === "labels" ? "int64" : "float32";
  if (form === "labels" && ignore !== undefined && !Number.isInteger(ignore)) {
    throw new LosskitError("OPTION", `ignore is ${ignore}; a label map holds whole numbers`);
  }
  const isIgnored = ignore === undefined ? undefined : on.equal(target, builder.constant(type, [], [ignore]));
  const valid = () => (isIgnored ? asFloat(on.not(isIgnored)) : builder.number(1));
  return {
    y() {
      if (form === "channels") return isIgnored ? on.where(isIgnored, zero, target) : target;
      const classes = builder.constant(
        "int64",
        [1, channels, 1],
        Array.from({ length: channels }, (_, c) => c),
      );
      const y = asFloat(on.equal(target, classes));
      return isIgnored ? on.where(isIgnored, zero, y) : y;
    },
    valid,
    weight: () => (weights ? (isIgnored ? on.mul(valid(), weights) : weights) : valid()),
  };
}

export interface TargetSources {
  readonly form: "labels" | "channels";
  readonly target: Tensor;
  readonly ignore: number | undefined;
  readonly weights: Tensor | undefined;
  readonly channels: number;
}
