// ONNX Runtime, loaded when something trains or predicts, and not before: the command's other parts start without it.

import type { InferenceSession, Tensor } from "onnxruntime-node";

export type Runtime = typeof import("onnxruntime-node");

/** Errors only: warnings are about shapes that ONNX Runtime could not infer, and do not concern a user. */
const SEVERITY = 3;

/**
 * One thread: trials run side by side, which is faster than threads within one, and a result must not depend on the number of cores (partial sums of
 * several threads add up in another order).
 */
export const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  logSeverityLevel: SEVERITY,
};

export async function loadRuntime(): Promise<Runtime> {
  const runtime = await import("onnxruntime-node");
  runtime.env.logLevel = "error";
  return runtime;
}

export function createSession(runtime: Runtime, model: Uint8Array): Promise<InferenceSession> {
  return runtime.InferenceSession.create(model, SESSION_OPTIONS);
}

/** Frees the memory of tensors outside JavaScript's heap now, not when the collector comes by. */
export function dispose(tensors: Readonly<Record<string, Tensor>>): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}
