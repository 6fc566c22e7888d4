// How a trial ended, in a form that survives the way between processes and machines.

import { LosskitError, type LosskitErrorCode } from "losskit";
import { LabError, type LabErrorCode } from "../errors.js";
import type { TrialResult } from "./results.js";

export type TrialAnswer =
  | { readonly ok: true; readonly result: TrialResult }
  | {
      readonly ok: false;
      readonly error: { readonly kind: "lab" | "losskit" | "other"; readonly code?: string } & {
        readonly message: string;
        readonly stack?: string;
      };
    };

/** The answer for a trial that ended with an error. */
export function failedAnswer(thrown: unknown): TrialAnswer {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { message, stack } = error;
  if (error instanceof LabError) return { ok: false, error: { kind: "lab", code: error.code, message, stack } };
  if (error instanceof LosskitError) return { ok: false, error: { kind: "losskit", code: error.code, message, stack } };
  return { ok: false, error: { kind: "other", message, stack } };
}

/** The result of an answer; throws the error that the trial ended with. */
export function resultOf(answer: TrialAnswer): TrialResult {
  if (answer.ok) return answer.result;
  const { kind, code, message, stack } = answer.error;
  if (kind === "lab") throw new LabError(code as LabErrorCode, message);
  if (kind === "losskit") throw new LosskitError(code as LosskitErrorCode, message);
  const error = new Error(message);
  error.stack = stack;
  throw error;
}
