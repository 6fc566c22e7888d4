// Errors of the library: one class, a stable code, and a message that names the value, what is allowed and what to do.

export type LosskitErrorCode =
  /** A formula that cannot be read: misplaced, missing or unknown characters. */
  | "FORMULA_SYNTAX"
  /** A name in a formula that is not an input, parameter, field or function. */
  | "FORMULA_NAME"
  /** A function called with the wrong number or kind of arguments. */
  | "FORMULA_ARGUMENT"
  /** An expression that varies over the wrong axes. */
  | "FORMULA_AXES"
  /** A formula longer or deeper than the language allows. */
  | "FORMULA_LIMIT"
  /** A loss definition that contradicts itself. */
  | "DEFINITION"
  /** A parameter that is unknown, not a number or out of its range. */
  | "PARAMETER"
  /** An option with a value that is not allowed. */
  | "OPTION"
  /** An option that this loss cannot take; the message says why. */
  | "UNSUPPORTED"
  /** A shape that is not [batch, channels, ...space] (or channels last) of positive integers. */
  | "SHAPE"
  /** An array whose length does not fit the shape, or whose type is not accepted. */
  | "ARRAY"
  /** NaN or infinity among the logits, weights or fields. */
  | "NOT_FINITE"
  /** A probability outside [0, 1]. */
  | "PROBABILITY_RANGE"
  /** A target outside [0, 1]. */
  | "TARGET_RANGE"
  /** A label that is neither a class nor the declared ignore value. */
  | "LABEL"
  /** The library's memory cannot grow: 4 GiB are in use, or the machine has no more. */
  | "MEMORY"
  /** Pieces of a volume that do not belong together, or do not make it up. */
  | "STREAM"
  /** A kernel too large to be compiled at once on a page's main thread: call prepare() first. */
  | "PREPARE"
  /** A thread ended, or got nothing done for ten seconds. The next call starts new ones. */
  | "THREADS"
  /** A kernel failed: a defect of the library, worth a report. */
  | "INTERNAL";

export class LosskitError extends Error {
  override readonly name: string = "LosskitError";
  readonly code: LosskitErrorCode;

  constructor(code: LosskitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Characters of a line that an error shows before and after the place it points at. */
const SHOWN_BEFORE = 80;
const SHOWN_AFTER = 40;

/** An error in the text of a formula: where it is, and what was expected there. */
export class FormulaError extends LosskitError {
  override readonly name: string = "FormulaError";
  /** Line of the error, from 1. */
  readonly line: number;
  /** Column of the error in that line, from 1, in characters. */
  readonly column: number;

  constructor(code: LosskitErrorCode, text: string, offset: number, problem: string) {
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    const lineStart = before.lastIndexOf("\n") + 1;
    const column = [...text.slice(lineStart, offset)].length + 1;
    // Of a long line only the part around the place is shown.
    const start = offset - lineStart > SHOWN_BEFORE ? offset - SHOWN_BEFORE : lineStart;
    const shown = text.slice(start, offset + SHOWN_AFTER);
    const lineEnd = shown.indexOf("\n", offset - start);
    const source = lineEnd < 0 ? shown : shown.slice(0, lineEnd);
    const cut = start > lineStart ? "…" : "";
    // Tabs are kept, so that the caret stands under the character in any terminal.
    const margin = (cut + text.slice(start, offset)).replace(/[^\t]/gu, " ");
    super(code, `line ${line}, column ${column}: ${problem}\n  ${cut}${source}\n  ${margin}^`);
    this.line = line;
    this.column = column;
  }
}

/** The candidate nearest to a mistyped name, if one is near enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  // A name of one letter is near to every other.
  let bestDistance = Math.min(Math.max(1, Math.floor(name.length / 3)), name.length - 1) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Number of single characters inserted, deleted or replaced, or neighbours swapped, between two words (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1, swapped ? before[j - 2] + 1 : replaced));
    }
    before = row;
    row = next;
  }
  return row[b.length];
}
