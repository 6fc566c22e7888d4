// Errors of the lab: each has a stable code, and a message that names the value, what is allowed and what to do next.

/** Exit status of the command line by kind of error; documented in docs/command-line.md. */
export type LabErrorCode =
  | "USAGE"
  | "UNREADABLE_FILE"
  | "MISSING_MASK"
  | "SIZE_MISMATCH"
  | "GEOMETRY_MISMATCH"
  | "UNDECLARED_LABEL"
  | "PROBABILITY_RANGE"
  | "EMPTY_DATASET"
  | "BAD_DATASET"
  | "UNKNOWN_CLASS"
  | "INCOMPATIBLE_LOSS"
  | "UNSUPPORTED_OPERATION"
  | "WRITE_FAILED"
  | "QUEUE"
  | "INCOMPLETE_RESULT"
  | "DIVERGED"
  | "INTERRUPTED";

export class LabError extends Error {
  override readonly name = "LabError";
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
