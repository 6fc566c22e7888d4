// Runs exported ONNX models in ONNX Runtime and compares them with our reference.

import * as ort from "onnxruntime-node";
import { LosskitError } from "../../src/errors.js";
import { exportOnnx, type OnnxOptions } from "../../src/export/onnx.js";
import type { ExportOptions, Head } from "../../src/export/options.js";
import type { FloatArray } from "../../src/formula/options.js";
import { allLosses } from "../../src/losses/all.js";
import type { Loss } from "../../src/losses/loss.js";
import { type CaseShape, type ExportCase, exportCase } from "./export-cases.js";

export const labelMaps = { head: "multiclass", channels: 3 } as const;
export const oneMask = { head: "binary" } as const;

/** The losses that operators express: those without objects and thinned masks. */
export const exported = allLosses.filter(({ definition }) => !/component|[^_]skeleton\(/u.test(definition.formula));

/** Of the value, and of the largest element of the gradient: what float32 leaves of numbers that are computed without loss. */
const BOUND = 1e-6;

/** The case with numbers that float32 holds: what the model gets is what our reference gets. */
function inFloat32({ logits, fields, weights, call, ...rest }: ExportCase): ExportCase {
  const rounded = (array: Float64Array) => Float64Array.from(array, Math.fround);
  const roundedFields = Object.fromEntries(Object.entries(fields).map(([name, array]) => [name, rounded(array)]));
  const roundedWeights = weights && rounded(weights);
  return {
    ...rest,
    logits: rounded(logits),
    fields: roundedFields,
    call: { ...call, fields: roundedFields, ...(roundedWeights && { weights: roundedWeights }) },
    ...(roundedWeights && { weights: roundedWeights }),
  };
}

export interface ModelResult {
  readonly values: Float32Array;
  readonly valuesShape: readonly number[];
  readonly gradient: Float32Array;
}

/** A case of 2 images of 5 × 6 voxels, or of another space. */
export const exampleFor = (
  loss: Loss,
  seed: number,
  options: ExportOptions & { readonly head: Head },
  shape: CaseShape = {},
) => inFloat32(exportCase(loss, seed, options, { space: [5, 6], ...shape }));

/** What an attempt is refused with, or undefined. */
export function refusal(attempt: () => unknown): string | undefined {
  try {
    attempt();
  } catch (error) {
    if (error instanceof LosskitError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return undefined;
}

export async function runModel(model: Uint8Array, { shape, options, logits, target, fields, weights }: ExportCase) {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  try {
    const perVoxel = [shape[0], ...shape.slice(2)];
    const tensor = (name: string, array: ArrayLike<number>) => {
      const declared = session.inputMetadata.find((input) => input.name === name);
      if (!declared?.isTensor) throw new Error(`the model has no input ${name}`);
      const dims = declared.shape.length === shape.length ? shape : perVoxel;
      return declared.type === "int64"
        ? new ort.Tensor("int64", BigInt64Array.from(Array.from(array, BigInt)), dims)
        : new ort.Tensor("float32", Float32Array.from(array), dims);
    };
    const arrays = { [options.probabilities ? "probabilities" : "logits"]: logits, target, weights, ...fields };
    const feeds = Object.entries(arrays).flatMap(([name, array]) => (array ? [[name, tensor(name, array)]] : []));
    const { value, gradient } = await session.run(Object.fromEntries(feeds));
    return {
      values: value.data as Float32Array,
      valuesShape: value.dims,
      gradient: gradient.data as Float32Array,
    };
  } finally {
    await session.release();
  }
}

/** What is wrong with a model's results, or undefined. */
export function disagreement(loss: Loss, example: ExportCase, result: ModelResult, factor = 1): string | undefined {
  const { logits, target, call } = example;
  const truth = loss.valueAndGradient(logits, target, call);
  const shapes = `${JSON.stringify(result.valuesShape)} and ours ${JSON.stringify(truth.valuesShape)}`;
  if (JSON.stringify(result.valuesShape) !== JSON.stringify(truth.valuesShape)) return `shape of value ${shapes}`;
  const wrong = (name: string, own: Float32Array, exact: FloatArray) => {
    let largest = 0;
    for (const number of exact) largest = Math.max(largest, Math.abs(number));
    const at = own.findIndex((number, i) => !(Math.abs(number - exact[i]) <= factor * BOUND * largest));
    return at < 0 ? undefined : `${name}[${at}] is ${own[at]}, ours ${exact[at]}, the largest ${largest}`;
  };
  return wrong("value", result.values, truth.values) ?? wrong("gradient", result.gradient, truth.gradient);
}

/** Exports, runs and compares. */
export async function problemOf(loss: Loss, example: ExportCase, more: OnnxOptions = {}, factor = 1) {
  const channels = example.shape[1];
  const axes = example.shape.length - 2;
  const spacing = example.call.spacing;
  const model = exportOnnx(loss, { ...example.options, channels, axes, ...(spacing && { spacing }), ...more });
  const problem = disagreement(loss, example, await runModel(model, example), factor);
  return problem && `${example.title}: ${problem}`;
}
