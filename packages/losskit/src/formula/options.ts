// The one preamble: every option of a call and of a term, what it may be, and the plain data that backends get.

import { LosskitError } from "../errors.js";

export type FloatArray = Float32Array | Float64Array;
export type LabelArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array;
export type Target = FloatArray | LabelArray;

/** One number, one per class, or a classes × classes matrix. */
export type ParameterValue = number | readonly number[] | readonly (readonly number[])[];

export type Activation = "sigmoid" | "softmax" | "none";
export type Layout = "channels-first" | "channels-last";

/** Options of a call, shared by all terms of a loss. */
export interface CallOptions {
  /** `[batch, channels, ...space]`, or `[batch, ...space, channels]` with layout "channels-last"; 1 to 3 axes of space. */
  readonly shape: readonly number[];
  readonly layout?: Layout;
  /**
   * How probabilities come from the array: "sigmoid" (the default for one channel), "softmax" (the default for several),
   * or "none" where the array holds probabilities already.
   */
  readonly activation?: Activation;
  /** Distance between neighbouring voxels along each axis of space, for losses that measure distances; default 1. */
  readonly spacing?: readonly number[];
  /**
   * Target value of voxels that do not count. In a label map the voxel is ignored, in a target per channel that
   * channel of the voxel.
   */
  readonly ignore?: number;
  /** Weight of each voxel, `[batch, ...space]`, not negative. */
  readonly weights?: FloatArray;
  /** Arrays that the formula names, `[batch, ...space]` or of the shape of the logits. */
  readonly fields?: Readonly<Record<string, FloatArray>>;
  /**
   * "wasm" for float32 kernels, "reference" for float64 on one thread, "auto" (the default) for kernels where the engine has SIMD, the logits are a
   * Float32Array and the formula allows it. The result says which it was.
   */
  readonly backend?: "auto" | "wasm" | "reference";
  /**
   * Most threads to use; all processors by default. Several work only on arrays from `allocate` and on inputs large enough to be worth
   * waking them. The result has the same bits for any number.
   */
  readonly threads?: number;
  /** Where the gradient is written, in place of a new array: of the type and length of the logits, not overlapping them. */
  readonly gradient?: FloatArray;
}

/** Options of one term, given to its factory beside the parameters. */
export interface TermOptions {
  /**
   * Which classes count, after the activation: "all", those "present" in the target, the "foreground" (all but class 0), or
   * a list. With one channel there is nothing to choose.
   */
  readonly classes?: "all" | "present" | "foreground" | readonly number[];
  /** Whether sums run over each image alone or over the whole batch together. */
  readonly images?: "each" | "together";
  /**
   * How what still varies over classes becomes one: their mean, their sum, or "pooled": sums over voxels run over all
   * classes at once, as if they were one (micro averaging).
   */
  readonly joinClasses?: "mean" | "sum" | "pooled";
  /**
   * One weight per class: factors of the voxel terms where the formula joins classes voxel by voxel (or they are
   * pooled), weights of the class losses elsewhere.
   */
  readonly classWeights?: readonly number[];
  /**
   * "average": the result is a weighted mean, so that only the ratios of the class weights matter (PyTorch's cross entropy);
   * "factor": the weights multiply, and the mean is taken as if there were none (MONAI).
   */
  readonly classWeighting?: "average" | "factor";
  /**
   * A class without a voxel in the target (of an image, with images "each"): "count" takes what the formula gives, "skip" leaves it out
   * of the mean, "zero" counts it with a loss of 0. The last two give it no gradient, so nothing pushes false alarms of that class down.
   */
  readonly emptyMasks?: "count" | "skip" | "zero";
  /**
   * How a loss that is 1 - score, from 0 to 1, is turned: "complement" as it is, "negative" -score (from -1 to 0, nnU-Net), "log" -ln score.
   */
  readonly form?: "complement" | "negative" | "log";
  /**
   * How what still varies over images becomes one; "none" keeps images and classes apart, "voxels" gives the map whose
   * mean the loss is.
   */
  readonly reduction?: "mean" | "sum" | "none" | "voxels";
}

/** Term options with every default filled in. */
export interface TermSettings {
  readonly classes: "all" | "foreground" | readonly number[];
  readonly images: "each" | "together";
  readonly joinClasses: "mean" | "sum" | "pooled";
  readonly classWeights: readonly number[] | undefined;
  readonly classWeighting: "average" | "factor";
  /** "present" for classes "present": absent classes are left out, but no image, and nothing of one channel. */
  readonly emptyMasks: "count" | "skip" | "zero" | "present";
  readonly form: "complement" | "negative" | "log";
  readonly reduction: "mean" | "sum" | "none" | "voxels";
}

export const TERM_OPTION_NAMES = [
  "classes",
  "images",
  "joinClasses",
  "classWeights",
  "classWeighting",
  "emptyMasks",
  "form",
  "reduction",
] as const satisfies readonly (keyof TermOptions)[];

/** "foreground" or the like, as a person would write it in code. */
export const show = (value: unknown): string =>
  typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value));

function oneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw new LosskitError("OPTION", `${option} is ${show(value)}; it may be ${allowed.map(show).join(", ")}`);
}

/** Checks the options of a term and fills in the defaults of the loss, then those of the library. */
export function termSettings(options: TermOptions, defaults: TermOptions): TermSettings {
  const {
    classes = "all",
    images = "together",
    joinClasses = "mean",
    classWeights,
    classWeighting = "average",
    emptyMasks,
    form = "complement",
    reduction = "mean",
  } = {
    ...defaults,
    ...options,
  };
  if (Array.isArray(classes)) {
    const wrong = classes.find((index) => !Number.isInteger(index) || index < 0);
    if (wrong !== undefined || classes.length === 0 || new Set(classes).size !== classes.length) {
      throw new LosskitError("OPTION", `classes is ${show(classes)}; a list holds different class indices from 0`);
    }
  } else {
    oneOf("classes", classes, ["all", "present", "foreground"]);
  }
  if (classWeights !== undefined) {
    const fine = Array.isArray(classWeights) && classWeights.every((weight) => Number.isFinite(weight) && weight >= 0);
    if (!fine || !classWeights.some((weight) => weight > 0)) {
      throw new LosskitError(
        "OPTION",
        `classWeights is ${show(classWeights)}; it holds one number from 0 per class, and not only zeros`,
      );
    }
  }
  if (classes === "present" && options.emptyMasks !== undefined) {
    throw new LosskitError(
      "OPTION",
      `emptyMasks is ${show(emptyMasks)} with classes "present", which says itself what becomes of absent classes; give one of the two`,
    );
  }
  return {
    classes: classes === "present" ? "all" : (classes as TermSettings["classes"]),
    images: oneOf("images", images, ["each", "together"]),
    joinClasses: oneOf("joinClasses", joinClasses, ["mean", "sum", "pooled"]),
    classWeights: classWeights as readonly number[] | undefined,
    classWeighting: oneOf("classWeighting", classWeighting, ["average", "factor"]),
    emptyMasks:
      classes === "present" ? "present" : oneOf("emptyMasks", emptyMasks ?? "count", ["count", "skip", "zero"]),
    form: oneOf("form", form, ["complement", "negative", "log"]),
    reduction: oneOf("reduction", reduction, ["mean", "sum", "none", "voxels"]),
  };
}

/** A call after its checks: what every backend reads. */
export interface Call {
  readonly images: number;
  readonly classes: number;
  /** Voxels of one image. */
  readonly voxels: number;
  readonly space: readonly number[];
  readonly spacing: readonly number[];
  readonly layout: Layout;
  readonly activation: Activation;
  readonly logits: FloatArray;
  readonly target: Target;
  /** Whether the target holds one class index per voxel, or one number per channel and voxel. */
  readonly targetForm: "labels" | "channels";
  readonly ignore: number | undefined;
  readonly weights: FloatArray | undefined;
  readonly fields: Readonly<Record<string, FloatArray>>;
  readonly backend: "auto" | "wasm" | "reference";
  readonly threads: number;
}

const isFloat = (array: unknown): array is FloatArray => array instanceof Float32Array || array instanceof Float64Array;
export const LABEL_TYPES = [Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Int32Array, Uint32Array];
export const isLabels = (array: unknown): array is LabelArray => LABEL_TYPES.some((type) => array instanceof type);

export function typeName(value: unknown): string {
  return value === null || value === undefined ? String(value) : ((value as object).constructor?.name ?? typeof value);
}

function checkLength(name: string, array: { readonly length: number }, expected: number, meaning: string): void {
  if (array.length === expected) return;
  throw new LosskitError("ARRAY", `${name} has ${array.length} elements; ${meaning} needs ${expected}`);
}

/**
 * Checks shapes, lengths and types of a call. The values (NaN, labels, ranges) are checked by the backend while it reads
 * them.
 *
 * @throws LosskitError SHAPE, ARRAY or OPTION.
 */
export function readCall(logits: FloatArray, target: Target, options: CallOptions): Call {
  if (!isFloat(logits)) {
    throw new LosskitError("ARRAY", `logits is a ${typeName(logits)}; give a Float32Array or a Float64Array`);
  }
  if (options === null || typeof options !== "object") {
    throw new LosskitError("SHAPE", "a call needs its shape: { shape: [batch, channels, ...space] }");
  }
  const layout = oneOf("layout", options.layout ?? "channels-first", ["channels-first", "channels-last"]);
  const { shape } = options;
  const form = layout === "channels-first" ? "[batch, channels, ...space]" : "[batch, ...space, channels]";
  const sound =
    Array.isArray(shape) &&
    shape.length >= 3 &&
    shape.length <= 5 &&
    shape.every((extent) => Number.isInteger(extent) && extent > 0);
  if (!sound) {
    throw new LosskitError(
      "SHAPE",
      `shape is ${show(shape)}; with layout "${layout}" it is ${form}: 3 to 5 positive integers, of which 1 to 3 of space`,
    );
  }
  const images = shape[0];
  const classes = layout === "channels-first" ? shape[1] : shape[shape.length - 1];
  const space = layout === "channels-first" ? shape.slice(2) : shape.slice(1, -1);
  const voxels = space.reduce((product, extent) => product * extent, 1);
  const all = images * classes * voxels;
  checkLength("logits", logits, all, `shape ${show(shape)}`);

  const activation = oneOf("activation", options.activation ?? (classes === 1 ? "sigmoid" : "softmax"), [
    "sigmoid",
    "softmax",
    "none",
  ]);
  if (activation === "softmax" && classes === 1) {
    throw new LosskitError("OPTION", 'activation is "softmax" on one channel, which is 1 everywhere; use "sigmoid"');
  }

  const labelMap = isLabels(target) && target.length === images * voxels;
  if (!labelMap && !isFloat(target) && !isLabels(target)) {
    throw new LosskitError(
      "ARRAY",
      `the target is a ${typeName(target)}; give a label map (Uint8Array, Int32Array, …) or a Float32Array per channel`,
    );
  }
  if (!labelMap && target.length !== all) {
    const allowed = isFloat(target)
      ? `one number per channel and voxel needs ${all}`
      : `a label map needs ${images * voxels}, 0 or 1 per channel and voxel ${all}`;
    throw new LosskitError("ARRAY", `the target has ${target.length} elements; with shape ${show(shape)} ${allowed}`);
  }

  const { ignore, weights, fields = {} } = options;
  if (ignore !== undefined && !Number.isFinite(ignore)) {
    throw new LosskitError("OPTION", `ignore is ${show(ignore)}; it is the target value of voxels that do not count`);
  }
  if (weights !== undefined) {
    if (!isFloat(weights)) {
      throw new LosskitError("ARRAY", `weights is a ${typeName(weights)}; give a Float32Array or a Float64Array`);
    }
    checkLength("weights", weights, images * voxels, "one weight per voxel");
  }
  const spacing = options.spacing ?? space.map(() => 1);
  if (spacing.length !== space.length || spacing.some((step) => !(Number.isFinite(step) && step > 0))) {
    throw new LosskitError(
      "OPTION",
      `spacing is ${show(spacing)}; it holds ${space.length} positive numbers, one per axis of space`,
    );
  }
  return {
    images,
    classes,
    voxels,
    space,
    spacing,
    // One channel lies the same in both, and the first form is the faster one.
    layout: classes === 1 ? "channels-first" : layout,
    activation,
    logits,
    target,
    targetForm: labelMap ? "labels" : "channels",
    ignore,
    weights,
    fields,
    backend: oneOf("backend", options.backend ?? "auto", ["auto", "wasm", "reference"]),
    threads: readThreads(options.threads),
  };
}

function readThreads(threads: number | undefined): number {
  if (threads === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isInteger(threads) && threads >= 1) return threads;
  throw new LosskitError("OPTION", `threads is ${show(threads)}; it is a whole number from 1`);
}

/**
 * The array that receives the gradient: the caller's, or a new one.
 *
 * @throws LosskitError ARRAY where the caller's does not fit the logits, or shares memory with an array that is still to be read
 */
export function gradientArray<A extends FloatArray>(logits: A, target: Target, options: CallOptions): A {
  const { gradient, weights, fields = {} } = options;
  if (gradient === undefined) {
    return (logits instanceof Float32Array ? new Float32Array(logits.length) : new Float64Array(logits.length)) as A;
  }
  if (!isFloat(gradient) || typeName(gradient) !== typeName(logits)) {
    throw new LosskitError(
      "ARRAY",
      `gradient is a ${typeName(gradient)}; give a ${typeName(logits)}, as the logits are`,
    );
  }
  checkLength("gradient", gradient, logits.length, "the gradient of the logits");
  const read = { logits, "the target": target, weights, ...fields };
  for (const [name, array] of Object.entries(read)) {
    if (!array || array.buffer !== gradient.buffer) continue;
    const apart =
      array.byteOffset + array.byteLength <= gradient.byteOffset ||
      gradient.byteOffset + gradient.byteLength <= array.byteOffset;
    if (!apart) throw new LosskitError("ARRAY", `gradient lies on top of ${name}; give it memory of its own`);
  }
  return gradient as A;
}

/** Checks one field of a call against what the formula wants of it. */
export function checkField(name: string, form: "voxel" | "class-voxel", call: Call): void {
  const array = call.fields[name];
  if (!isFloat(array)) {
    throw new LosskitError("ARRAY", `the formula needs the field '${name}': give fields: { ${name}: Float32Array }`);
  }
  const expected = call.images * call.voxels * (form === "voxel" ? 1 : call.classes);
  checkLength(
    `field ${name}`,
    array,
    expected,
    form === "voxel" ? "one number per voxel" : "one number per channel and voxel",
  );
}
