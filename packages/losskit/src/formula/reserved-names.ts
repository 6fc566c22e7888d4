// The words of the language, which no name of a formula, a parameter or a field may take.

import { LosskitError } from "../errors.js";
import { FUNCTION_NAMES } from "./operations.js";

export const INPUTS = ["x", "p", "y", "class"] as const;
/** The number of classes, for what is shared out among them. */
export const CLASS_COUNT = "class_count";
export const RESERVED: readonly string[] = [...FUNCTION_NAMES, ...INPUTS, CLASS_COUNT];

/** A parameter that hides a word of the language, or that no formula can name, would silently do nothing. */
export function checkGivenNames(parameters: readonly string[], fields: readonly string[]): void {
  for (const name of [...parameters, ...fields]) {
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) {
      throw new LosskitError("DEFINITION", `'${name}' cannot be a name: a name is letters, digits and _`);
    }
    if (RESERVED.includes(name)) {
      throw new LosskitError("DEFINITION", `'${name}' is a word of the language; choose another name`);
    }
  }
  const both = fields.find((name) => parameters.includes(name));
  if (both) throw new LosskitError("DEFINITION", `'${both}' is a parameter and a field; choose another name for one`);
}
