// Which exit status an error ends the command with, and how it is printed; docs/command-line.md has the table for people.

import { LosskitError } from "losskit";
import { LabError, type LabErrorCode } from "../errors.js";
import type { Style } from "./terminal.js";

export const EXIT = {
  ok: 0,
  /** A trial diverged or failed, or losskit itself has a fault. */
  failure: 1,
  usage: 2,
  badInput: 3,
  cannotWrite: 4,
  /** A metric is worse than --fail-under or --fail-over allows. */
  beyondLimit: 5,
  /** 128 + SIGINT, as shells expect. */
  interrupted: 130,
} as const;

const BY_CODE: Readonly<Record<LabErrorCode, number>> = {
  USAGE: EXIT.usage,
  UNKNOWN_CLASS: EXIT.usage,
  INCOMPATIBLE_LOSS: EXIT.usage,
  UNSUPPORTED_OPERATION: EXIT.usage,
  QUEUE: EXIT.usage,
  UNREADABLE_FILE: EXIT.badInput,
  MISSING_MASK: EXIT.badInput,
  SIZE_MISMATCH: EXIT.badInput,
  GEOMETRY_MISMATCH: EXIT.badInput,
  UNDECLARED_LABEL: EXIT.badInput,
  PROBABILITY_RANGE: EXIT.badInput,
  EMPTY_DATASET: EXIT.badInput,
  BAD_DATASET: EXIT.badInput,
  WRITE_FAILED: EXIT.cannotWrite,
  INCOMPLETE_RESULT: EXIT.failure,
  DIVERGED: EXIT.failure,
  INTERRUPTED: EXIT.interrupted,
};

/** Set to see where an error comes from. */
export const STACK_VARIABLE = "LOSSKIT_STACK";

/** Of the library: not the command's fault. */
const FAULTS: ReadonlySet<string> = new Set(["INTERNAL", "THREADS"]);

/** Exit status for an error; a `LosskitError` that gets this far is about a loss given on the command line, or a fault of the library. */
export function exitStatus(error: unknown): number {
  if (error instanceof LabError) return BY_CODE[error.code] ?? EXIT.failure;
  return error instanceof LosskitError && !FAULTS.has(error.code) ? EXIT.usage : EXIT.failure;
}

/** The lines that tell a person what went wrong; an error of losskit's own says how to get its stack. */
export function describeError(error: unknown, style: Style, environment = process.env): string {
  const expected = error instanceof LabError || error instanceof LosskitError;
  const message = error instanceof Error ? error.message : String(error);
  const stack = environment[STACK_VARIABLE] && error instanceof Error ? `\n${style.dim(error.stack ?? "")}` : "";
  if (expected) return `${style.red(`error [${error.code}]:`)} ${message}${stack}\n`;
  const advice = stack
    ? ""
    : `\nThis is a fault of losskit, not of your input. Run it again with ${STACK_VARIABLE}=1 to see where it comes from.`;
  return `${style.red("unexpected error:")} ${message}${advice}${stack}\n`;
}
