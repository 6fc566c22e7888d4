// The check of an option that is one of a few words.

import { LosskitError, nearest } from "../errors.js";

/** @throws LosskitError OPTION for a value that is not one of those allowed */
export function oneOf(option: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  const guess = nearest(String(value), allowed);
  throw new LosskitError(
    "OPTION",
    `${option} is ${JSON.stringify(value)}; it is one of ${allowed.join(", ")}${guess ? `; did you mean ${guess}?` : ""}`,
  );
}
