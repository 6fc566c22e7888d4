// The list of all losses as data, for what works with every loss: the command line, the docs and the tests.

import { LosskitError, nearest } from "../errors.js";
import * as catalogue from "./catalogue.js";
import type { LossFactory } from "./loss.js";

export { type Counterpart, LIBRARIES, type Library } from "./loss.js";
export { REFERENCES, type Reference, toBibtex } from "./references.js";

/** By name; the forms in circulation that differ from a paper come last. */
export const allLosses: readonly LossFactory[] = (Object.values(catalogue) as LossFactory[]).sort((a, b) => {
  const [first, second] = [a.definition, b.definition];
  const differ = Number(first.erratum !== undefined) - Number(second.erratum !== undefined);
  return differ || (first.name < second.name ? -1 : 1);
});

/**
 * The loss of that name.
 *
 * @throws LosskitError DEFINITION, with the nearest name there is
 */
export function lossNamed(name: string): LossFactory {
  const found = allLosses.find(({ definition }) => definition.name === name);
  if (found) return found;
  const names = allLosses.map(({ definition }) => definition.name);
  const similar = nearest(name, names);
  throw new LosskitError(
    "DEFINITION",
    `there is no loss ${name}; ${similar ? `did you mean ${similar}?` : `there are ${names.join(", ")}`}`,
  );
}
